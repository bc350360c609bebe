"""JPEG streams to coefficients and the bytes around them (split), and back byte for byte (join)."""
