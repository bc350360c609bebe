"""Lossless photo compression with a neural model and bits-back coding."""

__version__ = "0.1.0"
