"""Golden files that are cut or have a bit flipped: the error of its class, and nothing else. `make check-damage` does
all of it; here are all bits of header and metadata, truncations, and a few bits of each payload."""

from pathlib import Path

import pytest

from scripts.damage.trials import Trials, flipped, weights_beside

FILES = sorted(Path(__file__).parent.glob("good-*.bbc"))
# Bits of each payload, spread over it, and of those how many are read on past.
BITS, SALVAGED = 4, 1
CUT_EVERY = 97


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FILES])
def test_damage_gives_the_error_of_its_class(path):
    data = path.read_bytes()
    with weights_beside(path):
        trials = Trials(path.name, data)
        front = trials.tally.front
        for size in [*range(front + 2), *range(front + 2, len(data), CUT_EVERY), len(data) - 1]:
            trials.cut(size)
        for bit in range(8 * front):
            trials.flip(bit)
        payload = 8 * (len(data) - front)
        for number in range(BITS):
            bit = 8 * front + number * (payload - 1) // (BITS - 1)
            trials.flip(bit)
            if number < SALVAGED:
                trials.salvage(flipped(data, bit), f"bit {bit} flipped")
    assert trials.tally.faults == []
    assert trials.tally.codes["corrupt"] == 8 * front + BITS
