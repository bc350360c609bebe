"""docs/format.md says the same as the code where both state a number, a name or a shape."""

import itertools
import math
import re
from pathlib import Path

import pytest

from bbans_cli import limits
from bbans_cli.coders import context_mixing, few_colours_start
from bbans_cli.coders.files import byte_coder
from bbans_cli.coders.jpeg import coefficient_start, coefficients
from bbans_cli.coders.neural import levels, weights
from bbans_cli.coders.neural.network_layout import CORRECTIONS, EXTRA_COUNTS, INPUTS, OUTPUTS
from bbans_cli.coders.neural.settings import BATCHES, LEARNING_RATES
from bbans_cli.container import CHANNELS, CODER_NAMES, MODES, metadata
from bbans_cli.entropy.codecs.bitsback import POSTERIOR_PRECISION

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "format.md").read_text()
TEXT = " ".join(PAGE.split())


def table(*heads: str) -> list[list[str]]:
    """The rows of the table with these heads."""
    lines = iter(PAGE.splitlines())
    head = f"| {' | '.join(heads)} |"
    assert PAGE.count(head) == 1
    next(line for line in lines if line == head)
    next(lines)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in itertools.takewhile(bool, lines)]


def test_learning_rates_and_mini_batches():
    (rates,) = re.findall(r"learning rate in \(([^)]*)\)", TEXT)
    assert [float(rate) for rate in rates.split(",")] == list(LEARNING_RATES)
    assert [128 >> k for k in range(4)] == list(BATCHES) and "a mini-batch has R = 128 / 2^k pixels" in TEXT


def test_the_precision_of_the_posterior():
    assert f"symbol k has at precision {POSTERIOR_PRECISION} the interval" in TEXT
    assert f"round((2^{POSTERIOR_PRECISION} - 2048)" in TEXT and f"cum(1024) = 2^{POSTERIOR_PRECISION}" in TEXT


def test_coders_and_modes():
    assert {int(number): name for number, name, _ in table("coder", "name", "section")} == CODER_NAMES
    modes = [(f"{number} {name}".lower(), str(CHANNELS[name])) for number, name in enumerate(MODES)]
    assert [(mode.lower(), channels) for mode, channels in table("mode", "channels")] == modes


def test_kinds_of_metadata():
    kinds = {value for name, value in vars(metadata).items() if name.isupper() and not name.startswith("_")}
    page = {int(kind) for kind, _, _ in table("kind", "name", "value")}
    assert page <= kinds and page == {1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25}


def test_limits():
    rows = limits.MAX_NEURAL_ROWS.bit_length() - 1, limits.MAX_FITTED_ROWS.bit_length() - 1
    assert 1 << 18 == limits.MAX_NEURAL_WIDTH
    assert all(f"at most 2^18 columns and 2^{log} rows" in TEXT for log in rows)
    assert 1 << 26 == limits.MAX_METADATA_BYTES and "bytes of the items, at most 2^26" in TEXT
    assert 1 << 16 == limits.MAX_METADATA_ITEMS and "a list of at most 2^16 items" in TEXT


def test_inputs_of_the_correction():
    rows = table("input of the correction", "name", "value")
    assert [name.strip("`") for _, name, _ in rows] == [field.name for field in CORRECTIONS]
    firsts = [int(re.findall(r"\d+", where)[0]) for where, _, _ in rows]
    assert firsts[0] == 0 and firsts[1:] == [field.offset for field in CORRECTIONS][1:]


def test_inputs_of_the_network():
    page = {name.strip("`"): int(re.findall(r"\d+", "0" if inputs == "28 c + i" else inputs)[0])
            for inputs, name, _ in table("inputs", "name", "value")}  # fmt: skip
    assert page == {field.name: field.offset for field in INPUTS}
    assert INPUTS.size == 115 and EXTRA_COUNTS == (0, 4, 6) and OUTPUTS.size == 16  # in the table of layers


LAYERS = table("layer", "inputs", "outputs")


def pattern(name: str) -> str:
    """A layer's name without its numbers, or the letters that stand for them."""
    return re.sub(r"\.(?:\d+|[lc])(?=\.|$)", ".", name)


def sizes(cell: str, symbols: dict[str, int]) -> set[int]:
    """What the formulas in a cell come to: "H; H + 4" or "n, or n + 64 for l > 0" or "2 H L"."""
    formulas = re.split(r"; then |; |, or ", cell.replace(" for l > 0", ""))
    products = [[term.split() for term in formula.split(" + ")] for formula in formulas]
    return {
        sum(math.prod(symbols[f] if f in symbols else int(f) for f in term) for term in terms) for terms in products
    }


@pytest.mark.parametrize("name", sorted({name for level in levels.LEVELS.values() for name in level.networks()}))
def test_shapes_of_the_weights(name):
    model = weights.by_name(name)
    (latents,) = model.latents
    symbols = {"H": model.hidden, "L": model.layers, "U": model.head, "n": latents}
    for tensor, array in model.tensors.items():
        if tensor == "likelihood.phase":
            assert array.shape == (36, model.hidden) and "single tensor of shape (36, H)" in TEXT
        elif tensor.endswith(".weight"):
            layer = pattern(tensor.removesuffix(".weight"))
            (row,) = [row for row in LAYERS if layer in map(pattern, re.findall(r"`([\w.]+)`", row[0]))]
            assert array.shape[1] in sizes(row[1], symbols) and array.shape[0] in sizes(row[2], symbols), tensor


def test_dictionaries_of_plain_bytes():
    for number, crc in byte_coder.DICTIONARIES.items():
        of_start = f"`weights/jpeg-plain-{number}.start`, whose CRC-32 is {byte_coder.STARTS[number]:08X}"
        assert f"{number}: `weights/jpeg-plain-{number}.dictionary`, whose CRC-32 is {crc:08X}, with {of_start}" in TEXT
    bits = f"is {byte_coder.BUCKET_BITS} up to a size of 2^{byte_coder.BYTES_SMALL.bit_length() - 1}"
    assert f"{bits}, else {byte_coder.MORE_BUCKET_BITS}" in " ".join(TEXT.split())
    assert f"at most 2^{byte_coder.MOST_MIXED.bit_length() - 1} |" in TEXT


def test_where_the_coder_of_few_colours_starts():
    for number, crc in few_colours_start.STARTS.items():
        assert f"`weights/few-colours-{number}.start`, whose CRC-32 is {crc:08X}" in " ".join(TEXT.split())
    assert f"bits 0-{context_mixing.START_SHIFT - 1} are the binary logarithm" in TEXT


def test_where_the_coder_of_jpeg_coefficients_starts():
    for number, crc in coefficient_start.STARTS.items():
        assert f"`weights/jpeg-coefficients-{number}.start`, whose CRC-32 is {crc:08X}" in TEXT
    assert coefficients.MOST_SEGMENTS == 16 and "bits 0-3: n, less one; bits 4-7: the number of the start" in TEXT
