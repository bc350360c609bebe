"""Context mixing in plain Python and numpy: the second decoder's counters, mixers and arithmetic decoders.

docs/format-mixing.md says the same in prose. Nothing here calls the C core.
"""
