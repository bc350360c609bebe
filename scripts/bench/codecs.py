"""Speed of elementary codecs: this package, the Python API of constriction and rANS in numpy, on the same symbols.

    python -m scripts.bench.codecs [--symbols 500000] [--seconds 1.0]

Million symbols per second of processor time on one thread, the best of several repetitions. The time to make a codec
from its parameters is included, except for the table that all symbols of the first row share. "bbc" has one lane, as
files have, and so has the coder of constriction, which has no logistic model.

The time of rANS in numpy is the overhead of numpy calls, divided by the number of lanes that one call moves; each lane
costs 8 bytes of the message. "numpy, 16" writes the same bits as "bbc, 16"; 128 bytes are too many for most files, and
1,024 lanes show the limit of the method. numpy gets fewer symbols, since it would take minutes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple

import constriction
import numpy as np

from bbans_cli.codecs import PRECISION, Categorical, Distribution, Gaussian, Logistic, Message
from bbans_cli.core import current_isa
from bbans_cli.reference import distributions as reference
from bbans_cli.reference.rans import NumpyMessage

LANES, MANY = 16, 1024
LOW, HIGH, SIZE = -127, 127, 255
ALPHABET = 32


class Coder(NamedTuple):
    """push() -> message, pop(message) -> symbols, and the symbols."""

    push: Callable[..., object]
    pop: Callable[..., np.ndarray]
    symbols: np.ndarray


def bbc(codec: Callable[[], Distribution], symbols: np.ndarray, lanes: int) -> Coder:
    """codec(): makes the codec; called for each direction, as a decoder has to."""

    def push() -> Message:
        message = Message(lanes)
        codec().push(message, symbols)
        return message

    return Coder(push, lambda message: codec().pop(message.copy()), symbols)


def constricted(model: Callable, parameters: tuple, symbols: np.ndarray) -> Coder:
    def push() -> constriction.stream.stack.AnsCoder:
        coder = constriction.stream.stack.AnsCoder()
        coder.encode_reverse(symbols, model(), *parameters)
        return coder

    count = () if parameters else (len(symbols),)
    return Coder(push, lambda coder: coder.clone().decode(model(), *parameters, *count), symbols)


def in_numpy(intervals: Callable, find: Callable, symbols: np.ndarray, lanes: int) -> Coder:
    """intervals(rows, symbols) -> starts, freqs and find(rows, values) -> symbols, for slices of the symbols."""

    def push() -> NumpyMessage:
        message = NumpyMessage(lanes)
        message.push(*intervals(slice(None), symbols), PRECISION)
        return message

    def pop(message: NumpyMessage) -> np.ndarray:
        copy = NumpyMessage(lanes)
        copy.states, copy._words, copy._count = message.states.copy(), message._words.copy(), message._count
        popped = np.empty(len(symbols), np.int64)
        for first in range(0, len(symbols), lanes):
            rows = slice(first, first + lanes)
            popped[rows] = find(rows, copy.peek(PRECISION, len(symbols[rows])).astype(np.int64))
            copy.advance(*intervals(rows, popped[rows]), PRECISION)
        return popped

    return Coder(push, pop, symbols)


def both(intervals: Callable, find: Callable, symbols: np.ndarray) -> dict[str, Coder]:
    return {f"numpy, {lanes}": in_numpy(intervals, find, symbols, lanes) for lanes in (LANES, MANY)}


def one_table(n: int, few: int, rng: np.random.Generator) -> dict[str, Coder]:
    weights = rng.dirichlet(np.ones(256))
    symbols = rng.choice(256, n, p=weights).astype(np.int32)
    ours, theirs = Categorical(weights, n), constriction.stream.model.Categorical(weights, perfect=False)
    table = reference.from_weights(weights, PRECISION).astype(np.int64)

    def intervals(rows: slice, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return table[s].astype(np.uint64), (table[s + 1] - table[s]).astype(np.uint64)

    return {
        "bbc": bbc(lambda: ours, symbols, 1),
        "bbc, 16": bbc(lambda: ours, symbols, LANES),
        "constriction": constricted(lambda: theirs, (), symbols),
        **both(intervals, lambda rows, values: np.searchsorted(table, values, "right") - 1, symbols[:few]),
    }


def own_tables(n: int, few: int, rng: np.random.Generator) -> dict[str, Coder]:
    n //= 4  # the weights of all symbols are 32 doubles each
    weights = rng.dirichlet(np.ones(ALPHABET), n)
    symbols = (weights.cumsum(1) < rng.random((n, 1))).sum(1).clip(0, ALPHABET - 1).astype(np.int32)
    theirs = constriction.stream.model.Categorical(perfect=False)
    rest = float((1 << PRECISION) - ALPHABET)

    def tables(rows: slice) -> np.ndarray:
        sums = np.cumsum(weights[:few][rows], axis=1)
        inside = np.rint(np.minimum(sums * (rest / sums[:, -1:]), rest)).astype(np.int64) + np.arange(1, ALPHABET + 1)
        return np.concatenate([np.zeros((len(sums), 1), np.int64), inside], axis=1)

    def intervals(rows: slice, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        table, row = tables(rows), np.arange(len(s))
        return table[row, s].astype(np.uint64), (table[row, s + 1] - table[row, s]).astype(np.uint64)

    return {
        "bbc": bbc(lambda: Categorical(weights), symbols, 1),
        "bbc, 16": bbc(lambda: Categorical(weights), symbols, LANES),
        "constriction": constricted(lambda: theirs, (weights,), symbols),
        **both(intervals, lambda rows, values: (tables(rows) <= values[:, None]).sum(1) - 1, symbols[:few]),
    }


def location_scale(kind: type, n: int, few: int, rng: np.random.Generator) -> dict[str, Coder]:
    mean, deviation = rng.normal(0, 30, n), np.exp(rng.normal(1, 0.7, n))
    draw = rng.logistic if kind is Logistic else rng.normal
    symbols = np.clip(np.rint(draw(mean, deviation)), LOW, HIGH).astype(np.int32)

    def cum(rows: slice) -> Callable:
        return reference.location_scale(kind.family, mean[:few][rows], deviation[:few][rows], LOW, SIZE, PRECISION)

    def intervals(rows: slice, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        start, end = cum(rows)(s), cum(rows)(s + 1)
        return start.astype(np.uint64), (end - start).astype(np.uint64)

    coders = {
        "bbc": bbc(lambda: kind(mean, deviation, LOW, HIGH), symbols, 1),
        "bbc, 16": bbc(lambda: kind(mean, deviation, LOW, HIGH), symbols, LANES),
        **both(
            intervals, lambda rows, values: reference.search(cum(rows), SIZE, values), symbols[:few].astype(int) - LOW
        ),
    }
    if kind is Gaussian:
        theirs = constriction.stream.model.QuantizedGaussian(LOW, HIGH)
        coders["constriction"] = constricted(lambda: theirs, (mean, deviation), symbols)
    return coders


def rates(coder: Coder, seconds: float) -> tuple[float, float]:
    """Symbols per second, pushing and popping; AssertionError if the symbols differ."""
    best = [np.inf, np.inf]
    until = time.thread_time() + seconds
    while time.thread_time() < until or np.inf in best:
        start = time.thread_time()
        message = coder.push()
        pushed = time.thread_time()
        popped = coder.pop(message)
        ended = time.thread_time()
        if not np.array_equal(popped, coder.symbols):
            raise AssertionError("the symbols did not come back")
        best = [min(best[0], pushed - start), min(best[1], ended - pushed)]
    return len(coder.symbols) / best[0], len(coder.symbols) / best[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--symbols", type=int, default=500_000)
    parser.add_argument("--seconds", type=float, default=1.0, help="of processor time for each model and coder")
    arguments = parser.parse_args()
    n, few = arguments.symbols, min(arguments.symbols, 1 << 14)
    models = {
        "categorical, 256, one table": one_table,
        f"categorical, {ALPHABET}, a table each": own_tables,
        "Gaussian, 255, own mean, deviation": lambda *a: location_scale(Gaussian, *a),
        "logistic, 255, own mean, scale": lambda *a: location_scale(Logistic, *a),
    }
    columns = ["bbc", "constriction", "bbc, 16", "numpy, 16", "numpy, 1024"]
    print(f"million symbols a second; {current_isa()}, precision {PRECISION}")
    print(f"{'':42}" + "".join(f"{column:>13}" for column in columns) + f"{'/ constr.':>11}{'/ numpy':>11}")
    lowest = {"constriction": np.inf, "numpy": np.inf}
    for name, make in models.items():
        coders = make(n, few, np.random.default_rng(0))
        measured = {column: rates(coder, arguments.seconds) for column, coder in coders.items()}
        for i, direction in enumerate(("push", "pop")):
            speed = {column: measured[column][i] for column in measured}
            against = {"numpy": speed["bbc, 16"] / speed["numpy, 16"]}
            if "constriction" in speed:
                against["constriction"] = speed["bbc"] / speed["constriction"]
            lowest.update({peer: min(lowest[peer], ratio) for peer, ratio in against.items()})
            cells = [f"{speed[column] / 1e6:13.2f}" if column in speed else f"{'-':>13}" for column in columns]
            ratios = [f"{against[peer]:10.1f}x" if peer in against else f"{'-':>11}" for peer in lowest]
            print(f"{name if i == 0 else '':36}{direction:>6}{''.join(cells)}{''.join(ratios)}", flush=True)
    print(f"at least {lowest['constriction']:.2f} times constriction and {lowest['numpy']:.0f} times numpy")


if __name__ == "__main__":
    main()
