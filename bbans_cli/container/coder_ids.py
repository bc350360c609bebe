"""The coders of parts as a .bbc file names them: the numbers in its header, and what of a part depends on them.

What they code and how is bound to these numbers in coders/registry.py; this table is all that reading a header needs.
"""

from __future__ import annotations

# The numbers are those in the file: three bits of a part's first byte.
NEURAL, RAW, WEBP, FEW_COLOURS, DEEP, JPEG = range(6)

# As `bbc info` and its JSON name them, and as the errors do.
CODER_NAMES = {
    NEURAL: "neural",
    RAW: "raw",
    WEBP: "webp",
    FEW_COLOURS: "few-colours",
    DEEP: "deep",
    JPEG: "jpeg",
}

# Coders whose parts name the weights that they were made with.
WITH_MODEL_ID = frozenset({NEURAL})
