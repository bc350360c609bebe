"""JPEG pictures, decoded slowly: coefficients at every level, pixels, and the bytes of JPEG streams."""
