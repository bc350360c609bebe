"""docs/format-mixing.md has the numbers of the second decoder, which decodes the golden files."""

import re
from pathlib import Path

import pytest

from bbans_cli.reference.files import byte_mixing
from bbans_cli.reference.mixing import apm, counters, deep, few_colours, few_colours_start, logistic, mixer
from bbans_cli.reference.mixing import deep_prediction as prediction
from bbans_cli.reference.mixing.buckets import SIZE

ROOT = Path(__file__).parents[2]
TEXT = " ".join((ROOT / "docs" / "format-mixing.md").read_text().split())
MIXING = ROOT / "bbans_cli" / "core" / "mixing"
SOURCES = [MIXING / f"{name}.h" for name in ("buckets", "few_colours_types", "logistic")]
STARTED = few_colours_start.CANDIDATES, few_colours_start.SAMPLES, few_colours_start.APMS


@pytest.mark.parametrize(
    "said",
    [
        f"lie within +-{logistic.LIMIT} = 256 ln(65535)",
        f"n = min(n + 1, {counters.LIMIT})",
        f"counters numbered 1 to {SIZE - 1}",
        f"a constant {mixer.BIAS}, whose weight is a bias",
        "clamp to +-(2^19 - 1)",
        f"A map has {apm.POINTS} points, {apm.SPACING} apart from -{logistic.LIMIT} on",
        f"ridge of {few_colours.RIDGE} and solve after every {few_colours.INTERVAL} numbers",
        f"The learning rate is {few_colours.LEARNING_RATE}, fast",
        f"floor(2^17 / {mixer.padded(2 * few_colours.CANDIDATE_CONTEXTS + 1)}) for candidates",
        f"floor(2^17 / {mixer.padded(2 * few_colours.SAMPLE_CONTEXTS + 1)}) for samples",
        *(f"| {', '.join(map(str, shape))} |" for shape in STARTED),
        f"A weight begins with 2^{few_colours_start.UNIT.bit_length() - 1} w more",
        f"Those of samples are of bits 0 to {few_colours_start.BITS - 1} alone",
        f"Each model has 2^{few_colours.MATCH_BITS} entries",
        f"of keep {few_colours.KEEP[0]} and {few_colours.KEEP[1]}",
        f"There are {prediction.FEATURES}; what is missing is 0",
        f"The ridge is {prediction.RIDGE}; they learn",
        f"The greatest length is {deep.LENGTH_MAX}",
        f"min(floor(E / 2), {deep.ENERGIES - 1})",
        f"learning rate is {deep.LEARNING_RATE}, and weights begin with 2^17 / {mixer.padded(2 * deep.CONTEXTS + 1)}",
        f"last 2^{byte_mixing.LEARNED.bit_length() - 1} bytes of the dictionary",
        f"The learning rate is {byte_mixing.LEARNING_RATE}. A weight begins with "
        f"2^{byte_mixing.FIRST_WEIGHT.bit_length() - 1} + 2^{byte_mixing.START_UNIT.bit_length() - 1} w",
        f"length = min(length + 1, {byte_mixing.MOST_MATCH}); else",
        f"at most {byte_mixing.MOST_COMPARED}; 0 if less than {byte_mixing.LEAST_MATCH}",
        f"min({byte_mixing.MATCH_LEVELS - 1}, 1 + (length / 2",
        f"those of the {byte_mixing.CONTEXTS} counters, then two of the match model",
        *(f"keep {keep}, solved after every {interval} samples" for _, keep, interval in prediction.SOLVERS),
    ],
)
def test_the_page_says(said):
    assert said in TEXT


def test_limits_of_weights():
    assert mixer.WEIGHT_LIMIT == (1 << 19) - 1


def test_places_of_features():
    """Those of the page, in the order of the decoder."""
    for places in (prediction.NEAR, prediction.WIDE):
        assert ", ".join(f"({dx}, {dy})" for dx, dy in places) in TEXT


def test_contexts_are_as_many_as_the_decoder_has():
    """Numbered in the first and third column of their tables."""
    page = (ROOT / "docs" / "format-mixing.md").read_text()
    of_samples = page.index("### Samples"), page.index("## Deep")
    of_residuals = page.index("### Contexts of a residual"), page.index("## Bytes")
    of_candidates = page.index("### Candidates"), of_samples[0]
    counts = (few_colours.CANDIDATE_CONTEXTS, few_colours.SAMPLE_CONTEXTS, deep.CONTEXTS)
    for (first, last), count in zip((of_candidates, of_samples, of_residuals), counts, strict=True):
        cell = r"(?:^|(?<=\|) )\|? ?(\d+) \| (?:mix|pack|key|0 |g1 |W |N )"
        numbers = re.findall(cell, page[first:last], re.MULTILINE)
        assert sorted(map(int, numbers)) == list(range(count))


def test_hashes_are_those_of_the_core():
    code = "".join(path.read_text() for path in SOURCES)
    constants = re.findall(r"0x[0-9A-F]{16}|4629735647166717429", TEXT)
    assert len(set(constants)) == 5
    assert [constant for constant in constants if constant not in code] == []
