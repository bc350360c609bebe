"""The table of docs/jpeg.md says what becomes of each kind of JPEG file today."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kinds(script):
    return script("release.make_jpeg_kinds")


def test_the_table_is_what_the_files_give(kinds, script):
    if not Path(os.environ.get("BBC_DATA", "none"), kinds.FOLDER).is_dir():
        pytest.skip("BBC_DATA names no folder that has the files")
    page = kinds.PAGE.read_text()
    assert script("common.pages").replace(page, kinds.COMMAND, kinds.table()) == page, kinds.COMMAND


def test_each_kind_is_on_the_page(kinds):
    page = (ROOT / "docs" / "jpeg.md").read_text()
    for words, names in kinds.KINDS.items():
        assert f"| {words} | {len(names)} |" in page, words
