"""Slow, readable mirrors in numpy and plain Python of the C core, with equal bits: for tests and documentation."""
