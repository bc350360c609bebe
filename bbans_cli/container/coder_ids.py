"""The coders of parts as a .bbc file names them: the numbers in its header, and what of a part depends on them.

What they code and how is bound to these numbers in coders/registry.py and coders/files/; this table is all that reading
a header needs.
"""

from __future__ import annotations

# Parts of pictures hold samples.
NEURAL, RAW, WEBP, FEW_COLOURS, DEEP, JPEG = range(6)
# Parts of files hold bytes.
BYTES, JPEG_STREAM = 6, 7
# A part of a picture again.
FITTED = 8

# As `bbc info` and its JSON name them, and as the errors do.
CODER_NAMES = {
    NEURAL: "neural",
    RAW: "raw",
    WEBP: "webp",
    FEW_COLOURS: "few-colours",
    DEEP: "deep",
    JPEG: "jpeg",
    BYTES: "bytes",
    JPEG_STREAM: "jpeg-stream",
    FITTED: "fitted",
}

OF_FILES = frozenset({BYTES, JPEG_STREAM})
# Coders whose parts name the weights that they were made with.
WITH_MODEL_ID = frozenset({NEURAL, FITTED})
