"""Coefficients at levels 5 and 9: docs/format-jpeg.md, *Levels 5 and 9*."""

from __future__ import annotations

import numpy as np

from bbans_cli.progress import PixelProgress
from bbans_cli.reference.jpeg import coefficient_start, coefficient_values
from bbans_cli.reference.jpeg.coefficient_ls import LeastSquares
from bbans_cli.reference.jpeg.coefficient_shape import Shape, zigzag
from bbans_cli.reference.jpeg.coefficient_values import Learned, log_of
from bbans_cli.reference.jpeg.magnitudes import LAST, Tables, Value
from bbans_cli.reference.jpeg.neighbourhood import EDGE, Component, Neighbourhood
from bbans_cli.reference.jpeg.networks import Learner, Trained
from bbans_cli.reference.mixing import counters
from bbans_cli.reference.mixing.contexts import pack

# Coefficients for a bucket, by level, and the binary logarithm of the number of buckets
COEFFICIENTS = {5: 32, 9: 16}
LEAST_BITS, MOST_BITS, MOST_BITS_ALONE = 8, 18, 19  # the last at level 9, where there is one segment
LEAST_RUN, RUN_OCTAVES = 4, 4  # of equal blocks, which a decision follows
TAIL_STARTS = [1, 3, 6, 10, 15, 21, 28, 36, 45]  # from these places on magnitudes are summed
ORDER = zigzag()


def decode(payload: bytes, shape: Shape, level: int, start: int, alone: bool, tick: PixelProgress) -> list[np.ndarray]:
    """Coefficients int16 (blocks, 64) of each component of a segment. alone: is it the only one?"""
    trained = coefficient_start.load(start)
    blocks = [rows * columns for rows, columns in shape.sizes]
    wanted = (64 * sum(blocks) // COEFFICIENTS[level]).bit_length()
    most = MOST_BITS_ALONE if level == 9 and alone else MOST_BITS
    tables = Tables(payload, trained, level, min(most, max(LEAST_BITS, wanted)))
    counts = [[0] * RUN_OCTAVES for _ in range(2)]
    networks = [_networks(trained, chroma, level) for chroma in range(2)]
    components = [Component.begin(*each) for each in zip(blocks, shape.quantisers, strict=True)]
    with np.errstate(all="ignore"):  # damaged payloads lead to infinities, which are results like others
        for c, own in enumerate(components):
            learned = Learned(
                [
                    [LeastSquares(*moments) for moments in zip(*each, strict=True)]
                    for each in zip(trained.products[min(c, 1)], trained.targets[min(c, 1)], strict=True)
                ],
                networks[min(c, 1)],
            )
            run = 0
            for i in range(blocks[c]):
                if run >= LEAST_RUN and _decode_equal(run, counts[min(c, 1)], tables):
                    own.blocks[i], own.lasts[i] = own.blocks[i - 1], own.lasts[i - 1]
                else:
                    _decode_block(Neighbourhood(components, shape, c, i), own, tables, learned)
                run = run + 1 if i and (own.blocks[i] == own.blocks[i - 1]).all() else 0
                tick(1)
    return [own.blocks.astype(np.int16) for own in components]


def _networks(start: coefficient_start.Start, chroma: int, level: int) -> list[Trained] | list[Learner]:
    """Of luma or chroma, by coefficient, then that of the last place; at level 9 such as learn."""
    of_values = zip(start.hidden[chroma], start.output[chroma], start.bias[chroma], strict=True)
    trained = [Trained(*each) for each in of_values]
    trained.append(Trained(start.last_hidden[chroma], start.last_output[chroma], start.last_bias[chroma]))
    return [Learner(each) for each in trained] if level == 9 else trained


def _decode_equal(run: int, counts: list[int], tables: Tables) -> int:
    """Behind a run of blocks that equal the one before: does the next one, too?"""
    octave = min(RUN_OCTAVES - 1, (run // LEAST_RUN).bit_length() - 1)
    bit = tables.decoder.bit(max(1, counters.probability(counts[octave]) >> 6))
    counts[octave] = counters.updated(counts[octave], bit)
    return bit


def _decode_block(a: Neighbourhood, own: Component, tables: Tables, learned: Learned) -> None:
    last = own.lasts[a.index] = _decode_last(a, own, tables, learned)
    for nth in range(1, 64):
        k = ORDER[nth]
        if nth <= last:
            a.here[k] = coefficient_values.decode_ac(a, tables, learned, k, nth, last)
        a.mark_known(k, a.here[k])
    a.here[0], own.dc_residuals[a.index] = coefficient_values.decode_dc(a, own, tables, learned)
    a.mark_known(0, a.here[0] - a.mean_dc)
    own.blocks[a.index] = a.here
    a.update_statistics(own)


def _last_features(a: Neighbourhood, own: Component) -> list[int]:
    """What the network of the last place sees, 52 numbers."""
    near, earlier, usual = 0, 0, 0.0
    tails: list[list[int]] = []
    for nth in range(63, 0, -1):
        k = ORDER[nth]
        near += abs(a.w[k]) + abs(a.n[k])
        earlier += a.earlier[0].quadruple[k]
        usual += a.mean[k]
        if nth in TAIL_STARTS:
            sums = (near << int(a.has_w != a.has_n), earlier, 16 * usual)
            tails.insert(0, [log_of(1 + each) for each in sums])
    found = [tail[which] for which in range(3) for tail in tails]
    for i in range(1, 8):
        for rest, q in ((a.rest[0][i], a.quantisers[8 * i]), (a.rest[1][i], a.quantisers[i])):
            found.append(log_of(1 + 4 * abs(rest) / (EDGE[0] * q)))
    ww = own.lasts[a.index - 2] if a.index % a.columns > 1 else a.lasts[0]
    nn = own.lasts[a.index - 2 * a.columns] if a.index >= 2 * a.columns else a.lasts[1]
    places = [*a.lasts, *(each.last for each in a.earlier), ww, nn]
    found += [2 * place for place in places]
    return [*found, log_of(1 + a.quantisers[1]), log_of(1 + a.quantisers[63]), 64]


def _decode_last(a: Neighbourhood, own: Component, tables: Tables, learned: Learned) -> int:
    """The place of the last nonzero AC coefficient, 0 to 63 in zigzag order: six bits, three in each of two groups."""
    c = a.c
    w, n, nw, ne = a.lasts
    y, cb = (earlier.last for earlier in a.earlier)
    nearest = cb if c > 1 else y
    near = (w + n) // max(1, a.has_w + a.has_n)
    wide = (2 * near + nw + ne) // 4
    contexts = [
        pack(c, wide, 0, 2),
        pack(c, cb, y, 8),
        pack(c, w, n, 1),
        pack(c, y, near, 6),
        pack(c, cb, near, 7),
        pack(c, wide // 4, nearest // 2, 9),
    ]
    decisions = Value(tables, c, LAST, [0, near // 2, nearest // 2], contexts)
    decisions.network = learned.networks[-1].see(_last_features(a, own))
    value, output = 0, 1
    for half in range(2):
        prefix = 1
        decisions.find(LAST + (1 + value if half else 0))
        for _ in range(3):
            bit = decisions.mixed(prefix, prefix + 8 * half, output)
            prefix, output = prefix << 1 | bit, output << 1 | bit
        value = value << 3 | prefix & 7
    decisions.network.end()
    return value
