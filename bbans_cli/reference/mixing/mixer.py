"""Logistic mixing of counters: docs/format-mixing.md, *Mixer*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from bbans_cli.reference.mixing import apm as apms
from bbans_cli.reference.mixing import counters, logistic
from bbans_cli.reference.mixing.counters import Cell
from bbans_cli.reference.mixing.state_maps import StateMap

WEIGHT_LIMIT = (8 << 16) - 1  # weights are in 2^-16
LANES = 8
BIAS = 256  # a constant input


class Decoder(Protocol):
    """An arithmetic decoder."""

    def bit(self, probability: int) -> int:
        """The next bit, of which a 1 has this probability in 2^-16."""


def padded(inputs: int) -> int:
    """The size of a weight set, a multiple of LANES: where weights begin at a share of 2, it is of this."""
    return -(-inputs // LANES) * LANES


class WeightSets:
    """Weight sets, int64 (inputs,) in 2^-16, by any key; all begin with equal weights, to which those of `trained`
    are added."""

    def __init__(
        self, inputs: int, start: int | None = None, trained: Mapping[object, np.ndarray] | None = None
    ) -> None:
        self._start = np.full(inputs, (2 << 16) // padded(inputs) if start is None else start, np.int64)
        self._trained = trained or {}
        self._used: dict[object, np.ndarray] = {}

    def __getitem__(self, key: object) -> np.ndarray:
        if key not in self._used:
            self._used[key] = self._start + self._trained.get(key, 0)
        return self._used[key]


class Maps:
    """APMs by any key; those in `trained` begin with these points."""

    def __init__(self, trained: Mapping[object, list[int]] | None = None) -> None:
        self._trained = trained or {}
        self._used: dict[object, list[int]] = {}

    def __getitem__(self, key: object) -> list[int]:
        if key not in self._used:
            self._used[key] = [*self._trained.get(key, apms.begin())]
        return self._used[key]


def inputs_of(counter: int) -> tuple[int, int]:
    """The two inputs of a counter: stretch(p), and p - 1/2 scaled to +-1024; both 0 if it was never updated."""
    if counter == 0:
        return 0, 0
    return logistic.STRETCH[counter >> 18], (counter >> 21) - 1024


def towards_zero(number: int, divisor: int) -> int:
    """The quotient as C has it."""
    return number // divisor if number >= 0 else -(-number // divisor)


def mix(inputs: np.ndarray, weights: np.ndarray) -> list[int]:
    """The stretched probability of each weight set, a row of weights."""
    return [logistic.clamp(total >> 10) for total in ((weights >> 6) @ inputs).tolist()]


def learn(inputs: np.ndarray, weights: np.ndarray, stretched: list[int], bit: int, rate: int) -> None:
    """Let each weight set learn from its own error. rate: weight change in 2^-20 of error times input, up to 32."""
    errors = [[((bit << 16) - logistic.squash(own)) * rate >> 6] for own in stretched]
    weights += (np.array(errors) * inputs + (1 << 13)) >> 14
    np.minimum(weights, WEIGHT_LIMIT, out=weights)
    np.maximum(weights, -WEIGHT_LIMIT, out=weights)


def decode_bit(
    decoder: Decoder,
    cells: list[Cell],
    sets: Sequence[np.ndarray],
    apm: list[int],
    rate: int,
    further: Sequence[int] = (),
    maps: Sequence[StateMap] = (),
) -> int:
    """One decision: mix, refine, decode; then weights, counters and map learn from the bit.

    cells    of the counters, each of which gives two inputs
    sets     a weight set of each kind
    further  inputs behind those of the counters; the bias comes last
    maps     of the states of the counters, if these come in by such
    """
    seen: list[int] = []
    for k, (table, index) in enumerate(cells):
        seen += maps[k].inputs((table, index)) if maps else inputs_of(table[index])
    inputs = np.array([*seen, *further, BIAS], np.int64)
    weights = np.array(sets)
    stretched = mix(inputs, weights)
    mean = towards_zero(sum(stretched), len(stretched))
    refined, point = apms.refine(apm, mean)
    bit = decoder.bit(max(1, (logistic.squash(mean) + refined) // 2))
    learn(inputs, weights, stretched, bit, rate)
    for own, row in zip(sets, weights, strict=True):
        own[:] = row
    for state_map, cell in zip(maps, cells, strict=False):
        state_map.update(cell, bit)
    counters.update(cells, bit)
    apms.update(apm, point, bit)
    return bit
