"""Zarr stores arrays in chunks, and with this codec each chunk as a .bbc file.

Zarr finds the codec by its name "bbc": entry points `zarr.codecs` (format 3) and `numcodecs.codecs` (format 2).
docs/zarr.md says how to use it.
"""
