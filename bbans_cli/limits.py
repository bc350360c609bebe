"""Numbers that more than one module must agree on. Imports nothing, so that the command's start can read it."""

from __future__ import annotations

# The levels of compression that differ: the fast one, the default, the best one.
LEVELS = (1, 5, 9)
FAST, DEFAULT_LEVEL, BEST = LEVELS

# Threads that may be asked for.
MAX_THREADS = 1024

# Pixels of the largest picture that is read unless the caller allows more (--max-pixels): about 1.2 GB of 8-bit colour.
MAX_PIXELS = 400_000_000

# Columns that the neural coder takes: the core keeps a state for each. tests/test_limits.py compares it with the C.
MAX_NEURAL_WIDTH = 1 << 18

# Rows of a band that the neural coder and the fitted one take, likewise.
MAX_NEURAL_ROWS, MAX_FITTED_ROWS = 1 << 28, 1 << 24

# Pixels of a picture that the JPEG coder takes: it keeps all of it in memory, about 20 bytes a pixel.
MAX_JPEG_PIXELS = 1 << 26

# Pixels a side of a WebP: its header has 14 bits for them, less one.
MAX_WEBP_SIDE = (1 << 14) - 1

# Pixels of the longer side of a preview or thumbnail unless the caller says otherwise, and the most of a preview.
PREVIEW_SIDE, MAX_PREVIEW_SIDE = 256, 4096

# Pixels of the largest picture that is decoded for a thumbnail unless the caller allows more.
DECODE_PIXELS = 1_000_000
# Pixels up to which `bbc verify --reference` decodes, unless it is asked for more: some minutes.
REFERENCE_PIXELS = 1 << 16

# Bytes of unpacked metadata in a .bbc. No camera writes as much; what claims more is made to exhaust memory.
MAX_METADATA_BYTES = 64 << 20

# Items of metadata in a .bbc: each takes memory beside its bytes.
MAX_METADATA_ITEMS = 1 << 16
