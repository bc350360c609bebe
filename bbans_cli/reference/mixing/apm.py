"""Secondary estimation, by an adaptive probability map (APM): docs/format-mixing.md, *APM*."""

from __future__ import annotations

from bbans_cli.reference.mixing import logistic

POINTS = 24
SPACING = 2 * logistic.LIMIT // (POINTS - 1) + 1
# What a map holds at first: it changes nothing yet.
START = [logistic.squash(i * SPACING - logistic.LIMIT) for i in range(POINTS)]


def begin() -> list[int]:
    """A new map."""
    return START.copy()


def refine(points: list[int], stretched: int) -> tuple[int, int]:
    """The refined probability in 2^-16, and the index of the point that `update` should move."""
    low, part = divmod(stretched + logistic.LIMIT, SPACING)
    between = (points[low] * (SPACING - part) + points[low + 1] * part) // SPACING
    return between, low + (2 * part >= SPACING)


def update(points: list[int], index: int, bit: int) -> None:
    """Move the point by 1/64 towards the bit."""
    points[index] += (65535 - points[index] if bit else -points[index]) >> 6
