"""From a decoded JPEG's pixels back to its quantisers and quantised coefficients."""
