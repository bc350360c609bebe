"""Neighbours and contexts of the decoder of few colours: docs/format-mixing.md, *Few colours*."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbans_cli.reference.mixing.median_edge import median_edge

Array = np.ndarray

WORD = (1 << 64) - 1


def mix(a: int, b: int) -> int:
    """A hash of two numbers, which count modulo 2^64."""
    b &= WORD
    h = (a & WORD ^ (b << 29 & WORD | b >> 35)) * 0x9E3779B97F4A7C15 & WORD
    return h ^ h >> 29


def sample(pixel: int, channel: int) -> int:
    """One of a packed pixel, which has 16 bits a channel, the first one lowest."""
    return pixel >> (16 * channel) & 0xFFFF


@dataclass(frozen=True)
class Neighbours:
    """The packed pixels around one: w is the pixel on the left, n above, nn two above, ..."""

    w: int
    n: int
    nw: int
    ne: int
    ww: int
    nn: int
    nne: int
    nww: int
    nee: int
    nnw: int

    def base(self, channel: int) -> int:
        """The median edge prediction."""
        return median_edge(sample(self.w, channel), sample(self.n, channel), sample(self.nw, channel))


def features_of(a: Neighbours, done: int, c: int) -> Array:
    """Of the least squares, float64: samples around, and of each channel before, those around and the pixel's own."""
    found = [sample(pixel, c) - a.base(c) for pixel in (a.w, a.n, a.nw, a.ne, a.ww, a.nn)]
    for k in range(c):
        found += [sample(pixel, k) - a.base(k) for pixel in (done, a.w, a.n, a.nw)]
    return np.array(found, np.float64)


def sample_contexts(a: Neighbours, done: int, c: int, predicted: tuple[int, int], near3: int, near12: int) -> list[int]:
    """The contexts of a sample, in the order of the table of the page.

    done: the packed pixel, as far as known. near3, near12: the pixels that match models have seen in their contexts.
    """
    w, n, nw, ne = (sample(pixel, c) for pixel in (a.w, a.n, a.nw, a.ne))
    nn, first_guess = sample(a.nn, c), predicted[0]
    before = c - 1 if c else 0
    first, last = (sample(done, 0), sample(done, before)) if c else (0, 0)
    second = sample(done, 1) if c > 1 else 0
    plane = w + n - nw
    slope_w = last - sample(a.w, before) if c else 0
    slope_n = last - sample(a.n, before) if c else 0
    slope_near3 = last - sample(near3, before) if c else 0
    rough = (1 + 2 * (abs(w - nw) + abs(n - nw) + abs(n - ne))).bit_length() - 1
    return [
        0,
        first_guess,
        mix(predicted[1], first_guess - predicted[1]),
        mix(first_guess, rough),
        w,
        n,
        mix(mix(first, last), second),
        mix(w + slope_w, n + slope_n),
        mix(w + slope_w, last),
        mix(plane, slope_w + slope_n),
        mix(mix(w, sample(a.ww, c)), last),
        mix(mix(n, nn), last),
        mix(mix(ne, sample(a.nne, c)), last),
        mix(mix(n, ne), nn),
        mix(a.w, done),
        mix(a.n, done),
        mix(a.ne, done),
        mix(a.nw, done),
        mix(near3, done),
        mix(near12, done),
        mix(sample(near3, c), slope_near3),
    ]


def against_prediction(prefix: int, predicted: int, depth: int, i: int) -> int:
    """Where the bits above bit i put a sample: below its prediction (0), above (1), or level with it, with the next
    four bits of the prediction (2 to 17). prefix: these bits, after a leading 1."""
    level = (predicted | 1 << depth) >> (depth - i)
    if prefix != level:
        return int(prefix > level)
    return 2 + (predicted << 3 >> (depth - 1 - i) & 15)
