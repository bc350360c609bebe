"""The decoder of deep samples: docs/format-mixing.md, *Deep*."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference.mixing import binarisation, mixer
from bbans_cli.reference.mixing.binary_coder import BinaryDecoder
from bbans_cli.reference.mixing.buckets import Buckets, bucket_hash, cells
from bbans_cli.reference.mixing.contexts import half_octaves, octaves, pack
from bbans_cli.reference.mixing.deep_prediction import MARGIN, Channel, Prediction, predict, update
from bbans_cli.reference.mixing.mixer import Maps, WeightSets

Array = np.ndarray

CONTEXTS = 12
NODES, ENERGIES = 256, 16
LEARNING_RATE = 4
LENGTH_MAX = 17


@dataclass
class _State:
    """What a band's decisions learn."""

    decoder: BinaryDecoder
    buckets: Buckets
    by_node: WeightSets = field(default_factory=lambda: WeightSets(2 * CONTEXTS + 1))
    by_energy: WeightSets = field(default_factory=lambda: WeightSets(2 * CONTEXTS + 1))
    maps: Maps = field(default_factory=Maps)


def decode(
    payload: bytes, samples: Array, known: int, depth: int, bucket_bits: int, tick: PixelProgress = no_progress
) -> None:
    """Fill in the channels from `known` on of a band's samples (rows, width, channels) of `depth` bits."""
    rows, width, count = samples.shape
    state = _State(BinaryDecoder(payload), Buckets(bucket_bits))
    channels = [Channel(width) for _ in range(count)]
    top = (1 << depth) - 1
    for y in range(rows):
        for channel in channels:
            channel.begin_row()
        for x in range(width):
            for c, channel in enumerate(channels):
                if c >= known:
                    p = predict(channels, c, x, top)
                    decisions = _Residual(state, contexts_of(channels, c, x, p), c, half_octaves(_near(channel, x)))
                    residual = binarisation.decode(decisions)
                    value = max(0, min(p.rounded + residual, top))
                    update(channel, x, p, value)
                    samples[y, x, c] = value
                channel.values[0][MARGIN + x] = int(samples[y, x, c])
        for channel in channels:
            channel.end_row()
        tick(width)


def _near(own: Channel, x: int) -> int:
    """Residuals nearby."""
    here, above = own.residuals
    at = MARGIN + x
    return 2 * abs(here[at - 1]) + 2 * abs(above[at]) + abs(above[at + 1]) + abs(above[at - 1])


def contexts_of(channels: list[Channel], c: int, x: int, p: Prediction) -> list[int]:
    """The contexts of a sample's decisions, in the order of the table of the page."""
    own, at = channels[c], MARGIN + x
    here, above = own.residuals
    w, n, nw, ne = (own.at(x, *place) for place in ((-1, 0), (0, -1), (-1, -1), (1, -1)))
    near = _near(own, x)
    wide = near + abs(here[at - 2]) + abs(above[at + 2]) + abs(above[at - 2]) + abs(here[at - 3])
    gradient = abs(w - nw) + abs(n - nw) + abs(n - ne)
    usual = near // 6 + 1
    apart = [int(max(-8.0, min((each - p.blended) * 8 / usual, 8.0))) for each in p.each]
    before = octaves(channels[c - 1].residuals[0][at]) if c else 0
    energy, broad = half_octaves(near), half_octaves(wide)
    return [
        pack(energy, before, 0, c),
        pack(broad, p.fraction, before, c),
        pack(half_octaves(gradient), energy // 2, before, c),
        pack(apart[0], apart[1], energy // 2, c),
        pack(apart[2], apart[3], energy // 2, c),
        pack(apart[4], p.fraction >> 2, energy, c),
        pack(octaves(here[at - 1]), octaves(above[at]), broad // 2, c),
        pack(octaves(above[at + 1]), octaves(above[at - 1]), octaves(here[at - 2]), c),
        pack(octaves(w - p.rounded), octaves(n - p.rounded), before, c),
        pack(p.rounded, 0, energy // 4, c),
        pack(p.rounded >> 4, apart[3], energy // 2, c),
        pack(w, n, 0, c),
    ]


class _Residual:
    """The decisions of a residual."""

    length_max = LENGTH_MAX

    def __init__(self, state: _State, contexts: list[int], channel: int, energy: int) -> None:
        self._state, self._contexts, self._channel = state, contexts, channel
        self._energy = min(energy // 2, ENERGIES - 1)
        self._negative = 0
        self._find(0)

    def zero(self) -> int:
        return self._bit(1, 1)

    def negative(self) -> int:
        self._negative = self._bit(2, 2)
        if self._negative:
            self._find(1)
        return self._negative

    def longer(self, length: int) -> int:
        """A 1 is coded where the length ends."""
        return 1 - self._bit(2 + length if length < 13 else 15, 3 + length + 20 * self._negative)

    def mantissa(self, length: int, place: int, prefix: int) -> int:
        """The first three bits have a tree of counters, the others a counter each."""
        if place == 0:
            self._find(1 + length + 20 * self._negative)
        index = prefix if place < 3 else 8 + (place - 3 if place < 10 else 7)
        return self._bit(index, 48 + (length - 1) * 11 + min(place, 10))

    def _find(self, group: int) -> None:
        """The buckets of all contexts for a group of up to 15 decisions."""
        hashes = [bucket_hash(group << 8 | k, context) for k, context in enumerate(self._contexts)]
        self._buckets = self._state.buckets.find(hashes)

    def _bit(self, index: int, node: int) -> int:
        """One decision: index of the counter within the buckets, node of the weight sets."""
        state, at = self._state, (self._channel, node)
        sets = state.by_node[at], state.by_energy[at, self._energy]
        return mixer.decode_bit(state.decoder, cells(self._buckets, index), sets, state.maps[at], LEARNING_RATE)
