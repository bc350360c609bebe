"""The decoder of pixels of few colours: docs/format-mixing.md, *Few colours*."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference.mixing import mixer
from bbans_cli.reference.mixing.binary_coder import BinaryDecoder
from bbans_cli.reference.mixing.buckets import Buckets, bucket_hash, cells
from bbans_cli.reference.mixing.few_colours_contexts import (
    Neighbours,
    against_prediction,
    features_of,
    mix,
    sample,
    sample_contexts,
)
from bbans_cli.reference.mixing.few_colours_start import Start, kind
from bbans_cli.reference.mixing.mixer import Maps, WeightSets
from bbans_cli.reference.mixing.state_maps import StateMap
from bbans_cli.reference.mixing.windowed_ls import WindowedLeastSquares

Array = np.ndarray

MARGIN = 4
CANDIDATE_CONTEXTS, SAMPLE_CONTEXTS = 9, 21
MATCHES, MATCH_BITS = 3, 16
UNSEEN = (1 << 64) - 1  # what a match model that has not seen its context gives to contexts
OLDER = 7  # the source of the older pixel of the first match model
NO_SOURCE = 7  # the outcome of a pixel that was no candidate: the same, since an outcome has three bits
LEARNING_RATE = 32
# Of each least-squares prediction: what is kept of older samples
KEEP, RIDGE, INTERVAL = (0.9985, 0.99), 0.02, 4


def decode(
    payload: bytes,
    samples: Array,
    known: int,
    depth: int,
    bucket_bits: int,
    tick: PixelProgress = no_progress,
    start: Start | None = None,
) -> None:
    """Fill in the channels from `known` on of a band's samples (rows, width, channels) of `depth` bits."""
    rows, width, channels = samples.shape
    band = _Band(BinaryDecoder(payload), width, channels, known, depth, bucket_bits, start)
    for y in range(rows):
        given = [sum(int(v) << (16 * c) for c, v in enumerate(pixel[:known])) for pixel in samples[y]]
        for x, pixel in enumerate(band.row(given)):
            samples[y, x] = [sample(pixel, c) for c in range(channels)]
        tick(width)


@dataclass
class _Match:
    """What a match model remembers of a context: the pixel seen last, and how often more in a row since its first;
    and the one before it, or the same if there was none."""

    tag: int
    pixel: int
    older: int
    repeats: int

    @property
    def confidence(self) -> int:
        return 1 if self.repeats == 0 else 2 if self.repeats < 3 else 3


@dataclass
class _Candidates:
    """Candidates for a pixel, all different. sources: OLDER, or 0 to 2: a match model; 3 to 6: W, N, NE, NW.
    confidence: two bits for each match model, 0 if it has not seen its context."""

    keys: list[int]
    values: list[int]
    sources: list[int]
    confidence: int


class _Band:
    """What the pixels of a band are decoded with."""

    def __init__(
        self,
        decoder: BinaryDecoder,
        width: int,
        channels: int,
        known: int,
        depth: int,
        bits: int,
        start: Start | None,
    ) -> None:
        self.decoder, self.width, self.channels, self.known, self.depth = decoder, width, channels, known, depth
        self.coded = sum(0xFFFF << (16 * c) for c in range(known, channels))  # mask of a packed pixel
        self.rows = [[0] * (width + 2 * MARGIN) for _ in range(3)]  # this row and the two above
        self.outcome = [[0] * (width + 2 * MARGIN) for _ in range(2)]  # this row and the one above
        self.matches: list[dict[int, _Match]] = [{} for _ in range(MATCHES)]
        self.buckets = Buckets(bits)
        kinds = [kind(c, channels, known) for c in range(channels)]
        of_candidates = [start.candidate_sets(array) if start else None for array in range(2)]
        of_samples = [start.sample_sets(array, kinds) if start else None for array in range(3)]
        self.candidate_sets = [WeightSets(2 * CANDIDATE_CONTEXTS + 1, trained=more) for more in of_candidates]
        self.sample_sets = [WeightSets(2 * SAMPLE_CONTEXTS + 1, trained=more) for more in of_samples]
        self.candidate_maps, self.sample_maps = Maps(), Maps(start.maps(kinds) if start else None)
        self.state_maps = [[StateMap() for _ in range(SAMPLE_CONTEXTS)] for _ in range(channels)]
        self.solvers = [
            [WindowedLeastSquares(6 + 4 * c, keep, RIDGE, INTERVAL) for keep in KEEP] for c in range(channels)
        ]

    def row(self, given: list[int]) -> list[int]:
        """The packed pixels of the next row, of which those samples are given that are known."""
        row = self.rows[0]
        # What lies beside the row counts as the pixel above the first one; above the picture all is 0.
        row[:MARGIN] = [self.rows[1][MARGIN]] * MARGIN
        for x, known in enumerate(given):
            row[MARGIN + x] = self._pixel(known, MARGIN + x)
        row[MARGIN + self.width :] = [row[MARGIN + self.width - 1]] * MARGIN
        self.rows = [self.rows[2], row, self.rows[1]]
        self.outcome.reverse()
        return row[MARGIN : MARGIN + self.width]

    def _pixel(self, known: int, at: int) -> int:
        r0, r1, r2 = self.rows
        a = Neighbours(
            w=r0[at - 1], n=r1[at], nw=r1[at - 1], ne=r1[at + 1], ww=r0[at - 2],
            nn=r2[at], nne=r2[at + 1], nww=r1[at - 2], nee=r1[at + 2], nnw=r2[at - 1],
        )  # fmt: skip
        # Hashes of 3, 6 and 12 pixels around, and of what is known of this one
        near3 = mix(mix(a.w, a.n), mix(a.nw, known))
        near6 = mix(mix(near3, a.ne), mix(a.ww, a.nn))
        near12 = mix(mix(mix(near6, a.nne), mix(a.nww, a.nee)), mix(mix(a.nnw, r0[at - 3]), r2[at + 2]))
        s = self._candidates([near12, near6, near3], a)
        source = self._candidate(s, a, known, at)
        if source is None:
            pixel = self._samples(known, a, self._seen(2, near3, known), self._seen(0, near12, known))
        else:
            pixel = known | s.values[s.sources.index(source)]
        self.outcome[0][at] = NO_SOURCE if source is None else source
        for models, key in zip(self.matches, s.keys, strict=True):
            _remember(models, key, pixel & self.coded)
        return pixel

    def _candidates(self, keys: list[int], a: Neighbours) -> _Candidates:
        """keys: the contexts of the match models."""
        found = _Candidates(keys, [], [], 0)
        listed: list[tuple[int, int]] = []
        for i, (models, key) in enumerate(zip(self.matches, keys, strict=True)):
            match = _entry(models, key)
            if match is not None:
                found.confidence |= match.confidence << (2 * i)
                listed.append((i, match.pixel))
        if found.confidence & 3:
            listed.append((OLDER, self.matches[0][keys[0] >> (64 - MATCH_BITS)].older))
        listed += [(MATCHES + i, pixel & self.coded) for i, pixel in enumerate((a.w, a.n, a.ne, a.nw))]
        for source, value in listed:
            if value not in found.values:
                found.values.append(value)
                found.sources.append(source)
        return found

    def _seen(self, model: int, key: int, known: int) -> int:
        """The pixel that a match model has seen in its context, or UNSEEN."""
        match = _entry(self.matches[model], key)
        return UNSEEN if match is None else match.pixel | known

    def _candidate(self, s: _Candidates, a: Neighbours, known: int, at: int) -> int | None:
        """The source of the candidate that is the pixel; None if there is none."""
        before, above = self.outcome
        equal = _flags(a.w == a.n, a.w == a.nw, a.n == a.ne, a.n == a.nw, a.w == a.ww, a.n == a.nn)
        outcomes = before[at - 1] | above[at] << 3 | above[at + 1] << 6 | above[at - 1] << 9
        sources = 0
        for source in s.sources:
            sources = sources << 3 | source
        contexts = [
            mix(outcomes, sources),
            mix(equal, mix(s.confidence, sources)),
            mix(a.w, mix(a.n, sources)),
            s.keys[2],
            s.keys[1],
            s.keys[0],
            mix(outcomes, mix(equal, before[at - 2])),
            mix(mix(a.w, a.ww), mix(known, sources)),
            mix(mix(a.n, a.ne), mix(known, above[at])),
        ]
        buckets = self.buckets.find([bucket_hash(k, context) for k, context in enumerate(contexts)])
        trust, recent = s.confidence << 2 | equal & 3, before[at - 1] | above[at] << 3
        for place, source in enumerate(s.sources):
            sets = self.candidate_sets[0][place, trust], self.candidate_sets[1][place, recent]
            apm = self.candidate_maps[place, recent]
            if mixer.decode_bit(self.decoder, cells(buckets, 1 + place), sets, apm, LEARNING_RATE):
                return source
        return None

    def _samples(self, known: int, a: Neighbours, near3: int, near12: int) -> int:
        """A packed pixel that is no candidate, channel by channel."""
        done = known
        for c in range(self.known, self.channels):
            features, base = features_of(a, done, c), a.base(c)
            guesses = [base + solver.predict(features) + 0.5 for solver in self.solvers[c]]
            top = (1 << self.depth) - 1
            first, second = (int(guess if guess < top else top) if guess > 0 else 0 for guess in guesses)
            contexts = sample_contexts(a, done, c, (first, second), near3, near12)
            value = self._sample(a, c, (first, second), contexts)
            for solver in self.solvers[c]:
                solver.update(features, value - base)
            done |= value << (16 * c)
        return done

    def _sample(self, a: Neighbours, c: int, predicted: tuple[int, int], contexts: list[int]) -> int:
        w, n, nw, ne = (sample(pixel, c) for pixel in (a.w, a.n, a.nw, a.ne))
        equal = _flags(w == n, w == nw, n == ne, w == nw + n - w)
        prefix = node = 1
        for i in range(self.depth):
            if i % 4 == 0:
                group, node = c << 20 | prefix, 1
                hashes = [bucket_hash((k + 64) << 24 | group, context) for k, context in enumerate(contexts)]
                buckets = self.buckets.find(hashes)
            by_prediction = c, i, against_prediction(prefix, predicted[0], self.depth, i)
            # Beyond 8 bits, the first weight set no longer tells the bits above.
            keys = (c, i, prefix if i < 8 else 0), (c, i, equal), by_prediction
            sets = [sets[key] for sets, key in zip(self.sample_sets, keys, strict=True)]
            apm = self.sample_maps[by_prediction]
            maps = self.state_maps[c]
            bit = mixer.decode_bit(self.decoder, cells(buckets, node), sets, apm, LEARNING_RATE, maps=maps)
            prefix, node = prefix << 1 | bit, node << 1 | bit
        return prefix & ((1 << self.depth) - 1)


def _flags(*conditions: bool) -> int:
    """The first one is bit 0."""
    return sum(1 << i for i, condition in enumerate(conditions) if condition)


def _tag(key: int) -> int:
    return key & 0xFFFFFFFF | 1


def _entry(models: dict[int, _Match], key: int) -> _Match | None:
    """The match model's entry for a context that it has seen."""
    match = models.get(key >> (64 - MATCH_BITS))
    return match if match is not None and match.tag == _tag(key) else None


def _remember(models: dict[int, _Match], key: int, pixel: int) -> None:
    """The match model's entry for a context, now that its pixel is known."""
    match = _entry(models, key)
    if match is not None and match.pixel == pixel:
        match.repeats += 1
    else:
        older = pixel if match is None else match.pixel
        models[key >> (64 - MATCH_BITS)] = _Match(_tag(key), pixel, older, 0)
