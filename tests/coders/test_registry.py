"""The table of coders has every number that a file may hold, with the encoder and the decoder that belong together."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bbans_cli.coders.picture_traits import PictureTraits
from bbans_cli.coders.registry import CODERS, DecodeRequest, EncodeRequest
from bbans_cli.container import CODER_NAMES, DEEP, FEW_COLOURS, FITTED, JPEG, NEURAL, RAW, WEBP
from bbans_cli.container.coder_ids import OF_FILES
from bbans_cli.progress import no_progress

PHOTO = PictureTraits(depth=8, palette=False, packed=False, flatness=0.1, alpha=False, columns=100)


def test_the_fast_level_starts_without_the_neural_coder() -> None:
    """It takes longer to import than a small photograph's pixels to read."""
    program = (
        "import sys, numpy; from bbans_cli.coders.registry import CODERS, EncodeRequest;"
        "planes = numpy.random.default_rng(1).integers(0, 9, (200, 200, 3), numpy.uint8);"
        f"part = CODERS[{NEURAL}].encode(EncodeRequest(planes, 8, 1 << 20, 1, 1, lambda n: None));"
        "print(part.coder, 'bbans_cli.coders.neural.coder' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"{FITTED} False\n"


def test_every_number_has_its_coder_and_a_name_of_its_own() -> None:
    """Those of stored files are in coders/files."""
    of_pictures = [number for number in CODER_NAMES if number not in OF_FILES]
    assert {number: coder.number for number, coder in CODERS.items()} == {number: number for number in of_pictures}
    assert [CODERS[number].name for number in of_pictures] == [CODER_NAMES[number] for number in of_pictures]
    assert len(set(CODER_NAMES.values())) == len(CODER_NAMES)


@pytest.mark.parametrize("number", [NEURAL, RAW, WEBP, FEW_COLOURS, DEEP], ids=CODER_NAMES.get)
def test_decoders_undo_encoders(number: int) -> None:
    planes = (np.arange(6 * 7 * 3).reshape(6, 7, 3) ** 2 % 251).astype(np.uint8)
    part = CODERS[number].encode(EncodeRequest(planes, 8, 1 << 20, 1, 1, no_progress))
    assert part is not None and part.coder == number
    assert np.array_equal(CODERS[number].decode(DecodeRequest(part, 7, 6, 1, no_progress)), planes)


def test_without_coefficients_there_is_nothing_for_the_jpeg_coder() -> None:
    assert CODERS[JPEG].encode(EncodeRequest(np.zeros((8, 8, 1), np.uint8), 8, 99, 1, 1, no_progress)) is None


@pytest.mark.parametrize("number", [FEW_COLOURS, DEEP], ids=CODER_NAMES.get)
def test_a_part_above_the_bound_is_not_made(number: int) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (20, 20, 1), np.uint8)
    assert CODERS[number].encode(EncodeRequest(noise, 8, 9, 1, 1, no_progress)) is None


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        (PHOTO, {NEURAL, WEBP}),
        (replace(PHOTO, flatness=0.7), {NEURAL, FEW_COLOURS, WEBP}),
        (replace(PHOTO, flatness=0.95), {FEW_COLOURS, WEBP}),
        (replace(PHOTO, alpha=True), {NEURAL, FEW_COLOURS, WEBP}),
        (replace(PHOTO, columns=1 << 19), {FEW_COLOURS, WEBP}),
        (replace(PHOTO, palette=True), {FEW_COLOURS}),
        (replace(PHOTO, depth=4), {FEW_COLOURS}),
        (replace(PHOTO, packed=True), {NEURAL, FEW_COLOURS, DEEP, WEBP}),
        (replace(PHOTO, depth=16), {NEURAL, DEEP}),
        (replace(PHOTO, depth=16, flatness=0.7), {NEURAL, DEEP, FEW_COLOURS}),
    ],
)
def test_for_which_pictures_each_may_be_best(traits: PictureTraits, expected: set[int]) -> None:
    assert {number for number, coder in CODERS.items() if coder.applies(traits)} - {RAW} == expected


@pytest.mark.parametrize("page", ["docs/kinds.md", "docs/manners.md"])
def test_pages_name_every_coder(page: str) -> None:
    text = (Path(__file__).parents[2] / page).read_text()
    assert {name for name in CODER_NAMES.values() if f"`{name}`" not in text} == set()


def test_the_format_has_a_section_for_every_number() -> None:
    text = (Path(__file__).parents[2] / "docs/format.md").read_text()
    headings = " ".join(re.findall(r"^### (.*\(\d\))$", text, re.MULTILINE)).replace("JPEG streams", "jpeg-stream")
    found = {int(number): name.lower() for name, number in re.findall(r"([\w-]+) \((\d)\)", headings)}
    assert found == CODER_NAMES
