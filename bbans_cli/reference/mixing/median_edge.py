"""Median edge prediction of LOCO-I: docs/format-mixing.md, *Notation*."""

from __future__ import annotations


def median_edge(w: int, n: int, nw: int) -> int:
    """W + N - NW, kept between W and N."""
    return max(min(w, n), min(w + n - nw, max(w, n)))
