"""Drawings of code lengths by Pillow alone: a heat map beside the picture, with a scale and totals."""
