"""Files that come back byte for byte: JPEG files by their coefficients, all other bytes by a general method."""
