"""Every coder, level, kind of metadata and option of a header occurs in at least one golden file."""

from pathlib import Path

import contents
import pytest

from bbans_cli.coders.fitted import weights as fitted_weights
from bbans_cli.coders.neural import levels, weights
from bbans_cli.container import CODER_NAMES, MODES, metadata
from bbans_cli.container.picture_parts import MAX_DEPTH
from bbans_cli.limits import LEVELS

FILES = Path(__file__).parent
KINDS = {kind for name, kind in vars(metadata).items() if name.isupper() and isinstance(kind, int) and kind < 64}
# By which the coders of pictures code several bands, or a number of channels.
IN_BANDS = ("neural", "raw", "few-colours", "deep", "fitted")
CHANNELS = {"neural": (1, 3), "fitted": (1, 3), "jpeg": (1, 3), "few-colours": (1, 2, 3, 4), "deep": (1, 2, 3, 4)}
NETWORKS = [("neural", weights.by_name(name).id) for level in levels.LEVELS.values() for name in level.networks()]
NETWORKS += [("fitted", fitted_weights.shipped().id)]

EXPECTED = {
    *(f"coder {name}" for name in CODER_NAMES.values()),
    *(f"coder {name}, bands" for name in IN_BANDS),
    *(f"coder {name}, {count} channels" for name, counts in CHANNELS.items() for count in counts),
    *(f"coder {name}, weights {id.hex()}" for name, id in NETWORKS),
    *(f"mode {mode}" for mode in MODES),
    *(f"depth {depth}" for depth in (1, 2, 4, *range(8, MAX_DEPTH + 1))),
    *(f"metadata kind {kind}" for kind in KINDS),
    *(f"metadata method {method}" for method in range(3)),
    "a grey part for three channels",
    "a part's own depth",
    "a region",
    *(f"raw method {method}" for method in range(3)),
    *(f"neural settings of {count} bytes" for count in (1, 2, 3, 4)),
    *(f"neural rate {index}" for index in range(8)),
    *(f"neural interval {index}" for index in range(2)),
    *(f"neural mini-batch {index}" for index in range(4)),
    "neural mosaic",
    "neural mosaic in linear light",
    "neural curve of sRGB alone",
    "neural tone curve",
    "neural Y, Cb, Cr",
    "neural latents",
    *(f"neural low bits {count}" for count in range(1, 9)),
    "neural fraction of all low bits",
    "neural fraction less",
    *(f"fitted flags {flags}" for flags in range(4)),
    *(f"jpeg subsampling {number}" for number in (0, 1, 3)),
    *(f"jpeg quantisers: {kind}" for kind in ("explicit", "that before", "standard")),
    "format any",
    *(f"format jpeg, process {process}" for process in range(3)),
    *(f"jpeg components {count}" for count in range(1, 5)),
    *(f"bytes method {method}" for method in (0, 1, 2, 16, 32)),
    *(f"jpeg-stream level {level}" for level in LEVELS),
    *(f"jpeg-stream level {level}, segments" for level in LEVELS),
    *(
        f"structure: {what}"
        for what in ("a copy", "segments", "a stream", "a stream within another", "data of a PNG picture")
    ),
    "structure: tables that plain bytes lack",
    *(f"scans: flag {bit}" for bit in range(8)),
    *(f"scans: note {kind}" for kind in range(5)),
    *(f"scans: interval flag {flag}" for flag in (1, 2, 4, 8, 16)),
    "scans: another height",
}


@pytest.fixture(scope="module")
def found():
    return set().union(*(contents.features(path.read_bytes()) for path in FILES.glob("good-*.bbc")))


def test_every_feature_has_a_golden_file(found):
    assert EXPECTED - found == set()


def test_no_feature_is_passed_over(found):
    """What files have that is not listed above: other coders' bands and channels, and the weights of the tests."""
    others = ("coder raw, ", "coder webp, ", "coder jpeg, ", "coder neural, weights ", "scans: ")
    assert [feature for feature in found - EXPECTED if not feature.startswith(others)] == []
