"""docs/kinds.md, "Input": a file of every kind that it names, and no kind without a file.

The row of JPEG files has a table of its own, which tests/docs/test_jpeg_kinds.py checks.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from files_of_kinds import CASES, ELSEWHERE, KEPT

from bbans_cli.errors import BbcError
from bbans_cli.pictures.picture import Picture, from_array
from bbans_cli.pictures.read_write import read_picture, write_picture

PAGE = (Path(__file__).parents[2] / "docs" / "kinds.md").read_text()
# Words of the page that name no kind of file.
FILLING = set(
    """
    a all alone alpha an and back
    directories anew are as at bbc be behind bit bits but by chain channel channels chunks colour
    colours come comes copy could damage declared depend do does each embedded end entries equal every file
    files flat from further high in included into is it its itself kept kind kinds know leaves like made make
    many meant mode more named names no not number of on one only open or order other others out pack packed
    page picture pictures pixel pixels readers right samples several should sizes so space stays stood such
    tags take tell than that the their them there these they things this those times to too two types unsafe
    up values way what whatever when where which whose width widths with within without
    """.split()
)


def rows():
    """Name of each row of the table "Input" -> all its text; a row without a name goes on with the one above."""
    found: dict[str, str] = {}
    last = ""
    for line in re.findall(r"^\|(.*)\|$", PAGE.split("## Input")[1].split("\n\n", 2)[1], re.MULTILINE)[2:]:
        name, text_of_row = line.split("|", 1)
        last = name.strip() or last
        found[last] = found.get(last, last) + " " + text_of_row
    return found


@pytest.mark.parametrize(
    ("row", "words", "files", "outcome"),
    [pytest.param(row, *case, id=f"{row[:9]}-{case[0][:40]}") for row in CASES for case in CASES[row]],
)
def test_a_file_of_each_kind_becomes_what_the_page_says(row, words, files, outcome):
    assert words in rows()[row]
    assert files or words in ELSEWHERE
    for data in files:
        if outcome.startswith("refused: "):
            with pytest.raises(BbcError, match=outcome.removeprefix("refused: ")):
                read_picture(data, pixels="--pixels" in row)
            continue
        read = read_picture(data, pixels="--pixels" in row)
        if outcome == KEPT:
            assert read.lost == []
        else:
            assert re.search(outcome, ", ".join(read.lost)), read.lost
        file, lost = write_picture(read)
        back = read_picture(file)
        assert lost == [] and np.array_equal(back.pixels, read.pixels) and back.palette == read.palette
        assert (back.mode, back.transparency, back.pages) == (read.mode, read.transparency, read.pages)


def test_every_kind_on_the_page_has_a_file():
    for row, text_of_row in rows().items():
        if row in ("JPEG", "NumPy arrays (Python)"):
            continue
        left = text_of_row.replace("named as not kept", "")
        for words, *_ in sorted(CASES[row], key=lambda case: -len(case[0])):
            left = left.replace(words, "")
        words = {word.lower() for word in re.findall(r"[A-Za-z]+", left.replace(row, ""))}
        assert not words - FILLING, (row, words - FILLING)


@pytest.mark.parametrize(
    ("shape", "mode"),
    [((3, 4), "grey"), ((3, 4, 1), "grey"), ((3, 4, 2), "grey+alpha"), ((3, 4, 3), "rgb"), ((3, 4, 4), "rgba")],
)
def test_arrays(shape, mode):
    assert f"({', '.join('hw'[:2]) if len(shape) == 2 else f'h, w, {shape[2]}'})" in rows()["NumPy arrays (Python)"]
    for dtype in (np.uint8, np.uint16):
        assert from_array(np.zeros(shape, dtype)).mode == mode
    assert (
        isinstance(from_array(np.zeros((3, 4), bool)), Picture)
        and from_array(np.zeros((2, 3, 4, 1), np.uint8)).pages == 2
    )
    for wrong in (np.zeros((3, 4)), np.zeros(3, np.uint8), np.zeros((3, 4, 5), np.uint8)):
        with pytest.raises(BbcError):
            from_array(wrong)
