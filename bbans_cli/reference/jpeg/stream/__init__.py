"""JPEG streams: plain bytes, records of scans and coefficients to the stream's bytes, by docs/format.md alone."""
