"""Stored files, decoded slowly: packed plain bytes, the tree of JPEG streams in them, the file."""
