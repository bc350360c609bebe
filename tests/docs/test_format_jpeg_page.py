"""docs/format-jpeg.md says the same as the second decoder, which tests hold against the first one, where both state
numbers."""

import itertools
import re
from pathlib import Path

import numpy as np

from bbans_cli.reference.jpeg import coefficient_ls, fast_coefficients, magnitudes, neighbourhood, pixels
from bbans_cli.reference.jpeg.magnitudes import Value
from scripts.training import jpeg_start_arrays as start

PAGE = (Path(__file__).parents[2] / "docs" / "format-jpeg.md").read_text()
TEXT = " ".join(PAGE.split())


def table(*heads: str, page: str = PAGE) -> list[list[str]]:
    """The rows of the table with these heads."""
    lines = iter(page.splitlines())
    head = f"| {' | '.join(heads)} |"
    assert page.count(head) == 1
    next(line for line in lines if line == head)
    next(lines)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in itertools.takewhile(bool, lines)]


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def test_edges():
    (whole,) = re.findall(r"E in 1/256 is ([\d, ]+)\.", TEXT)
    (real,) = re.findall(r"with E = ([\d., ]+), e\[j\]", TEXT)
    assert numbers(whole) == fast_coefficients.EDGE and numbers(real) == neighbourhood.EDGE


def test_steps_of_level_1():
    first, half, least = re.findall(r"step = max\(floor\((\d+) / \((\d+) \+ B\)\), (\d+)\)", PAGE)[0]
    assert int(half) == fast_coefficients.HALF_BLOCKS and int(least) == fast_coefficients.LEAST_STEP
    assert int(first) == fast_coefficients.HALF_BLOCKS * fast_coefficients.FIRST_STEP
    longer, place_0, _, _ = (how for _, how in table("decision", "how"))
    assert longer == f"node {fast_coefficients.LONGER} + min(length - 1, 7)"
    assert place_0 == f"node {fast_coefficients.MANTISSA} + min(length - 2, 3)"
    assert f"by cell {fast_coefficients.SECOND} of the last context" in TEXT


def test_arrays_of_the_start():
    rows = [(name, [int(size) for size in shape.split(", ")]) for name, _, shape, _ in table(
        "array", "type", "shape", "meaning")]  # fmt: skip
    assert rows == [(name, list(start.file_shape(name, shape))) for name, _, shape in start.LAYOUT]
    assert f"first being {start.first_mixer()[-1]} for counters" in TEXT
    assert f"{start.first_mixer()[0]} for priors and network" in TEXT


def test_least_squares():
    (keep,) = re.findall(r"keep = ([\d.]+), and take = 1 - keep", TEXT)
    (ridge,) = re.findall(r"\(P \+ ([\d.]+) I\) w = t", TEXT)
    (pivot,) = re.findall(r"U\[k\]\[k\] is not above (1e-\d)", TEXT)
    found = [np.float32(number) for number in (keep, ridge, pivot)]
    assert found == [coefficient_ls.KEEP, coefficient_ls.RIDGE, coefficient_ls.LEAST_PIVOT]
    assert f"every {coefficient_ls.INTERVAL}, w becomes" in TEXT


def test_priors_and_mixing():
    (first,) = re.findall(r"as ([\d.]+) / 2 and is multiplied", TEXT)
    (step,) = re.findall(r"multiplied by ([\d.]+) for each further i", TEXT)
    assert (float(first) / 2, float(step)) == (magnitudes.FIRST, magnitudes.STEP)
    assert f"squash(x(s))) * {magnitudes.LEARNING_RATE} / 2^6)" in TEXT
    assert len(magnitudes.DECAY) == 2048 and "i = 0 to 2047" in TEXT


class Traced(Value):
    """Notes what is asked in place of decoding it."""

    def __init__(self, against):
        self.against, self.asked = against, []

    def _is_above(self, split, index, node):
        self.asked.append((node, index, magnitudes.OUTPUTS[node]))
        return 0


def in_page(text: str, **symbols: int) -> list[int | None]:
    """A cell's numbers: "none", "17, 18", "3 + length up to length 9, else none"."""
    if " up to length " in text:
        text, last = re.findall(r"(.*) up to length (\d+), else none", text)[0]
        text = text if symbols["length"] <= int(last) else "none"
    if "min(" in text:
        return [eval(text, {"min": min}, dict(symbols))]
    parts = text.split(", ")
    return [None if part == "none" else eval(part, {}, dict(symbols)) for part in parts]


def test_decisions():
    """Of magnitudes: node, counter, output of the network."""
    rows = table("decision", "node", "counter", "output of the network")[2:]
    page = {}
    for name, *cells in rows:
        found = [int(number) for number in re.findall(r"\d+", name)]
        if name.startswith("longer"):
            for length, against in itertools.product(range(found[0], found[-1] + 1), range(2)):
                page["longer", length, against] = tuple(
                    in_page(cell, length=length, against=against)[0] for cell in cells
                )
        else:
            columns = [in_page(cell) for cell in cells]
            for place in range(len(columns[0])):
                page["mantissa", found[0], place] = tuple(column[min(place, len(column) - 1)] for column in columns)
    for (what, length, number), expected in page.items():
        traced = Traced(number if what == "longer" else 0)
        traced.longer(length) if what == "longer" else traced.mantissa(length, number, 1)
        assert traced.asked == [expected], (what, length, number)
    assert len(page) == 2 * 16 + 1 + 2 + 3 + 3 + 3


def features_in(page: str) -> list[list[int]]:
    return [[int(number) for number in cell.split("-")] for cell, *_ in table("features", "of", page=page)]


def test_features():
    pages = PAGE.split("### The last place")
    of_ac, of_last = (features_in(page) for page in pages)
    of_dc = [[int(number) for number in cell.split("-")] for cell, *_ in table("of DC", "of")]
    for rows in (of_ac, of_last, of_dc):
        assert [first for first, _ in rows] == [0, *(last + 1 for _, last in rows[:-1])]
        assert rows[-1][1] + 1 == start.FEATURES


def test_constants_of_the_transform():
    page = {int(float(number) * 8192 + 0.5) for number in re.findall(r"\[(\d\.\d{9})\]", PAGE)}
    named = {value for name, value in vars(pixels).items() if re.fullmatch(r"C\d+", name)}
    assert page == named and len(page) == 12
