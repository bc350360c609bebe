"""Sums of the runs of fuzzing: what they are of, and that the page has them."""

import re
from pathlib import Path

import pytest

from scripts.fuzz import run, totals

CORE = totals.ROOT / "bbans_cli" / "core"
HEADERS = {path.name: path for folder in (CORE, run.C_FOLDER) for path in folder.rglob("*.h")}


def included(path: Path) -> set[Path]:
    """Headers of the core that a target includes itself, or by those of scripts/fuzz/c."""
    found = {HEADERS[name] for name in re.findall(r'#include "(.*?)"', path.read_text()) if HEADERS[name] != path}
    own = {header for header in found if header.parent == run.C_FOLDER}
    return found - own | {each for header in own for each in included(header)}


def test_every_target_says_what_it_tests():
    assert sorted(totals.TESTED) == sorted([*run.C_TARGETS, *run.PYTHON_TARGETS])
    for name, patterns in totals.TESTED.items():
        for pattern in patterns:
            assert any((totals.ROOT / "bbans_cli").glob(pattern.removeprefix("!"))), (name, pattern)


@pytest.mark.parametrize("name", run.C_TARGETS)
def test_what_a_target_includes_is_what_it_tests(name):
    assert included(run.C_FOLDER / f"{name}.c") <= totals.tested(name)


def test_sums_begin_anew_when_the_code_changes(tmp_path):
    source = tmp_path / "bbans_cli" / "core" / "formats" / "png_filters.c"
    source.parent.mkdir(parents=True)
    sums = tmp_path / "totals.json"

    def after(text: str) -> int:
        source.write_text(text)
        code = totals.code_of("png_filters", tmp_path)
        return totals.add(totals.Row("png_filters", runs=5, coverage=7, code=code), sums).runs

    assert [after("int a;"), after("int a; /* why */\n"), after("int b;"), after("int b;")] == [5, 10, 5, 10]
    assert after("int c;") == 5 and totals.read(sums)["png_filters"].coverage == 7


@pytest.mark.parametrize("row", [{"runs": totals.ASKED_RUNS}, {"processor": 60.0 * totals.ASKED_MINUTES}, {"runs": 9}])
def test_a_target_is_run_until_it_has_had_what_is_asked_of_the_present_code(row, monkeypatch):
    rows = {"ans": totals.Row("ans", code=totals.code_of("ans"), **row), "dct": totals.Row("dct", code="", **row)}
    monkeypatch.setattr(totals, "read", lambda: rows)
    assert totals.missing(["ans", "deep", "dct"]) == [*(["ans"] if row == {"runs": 9} else []), "deep", "dct"]


def test_the_page_has_the_sums():
    text = (totals.ROOT / "docs" / "trust.md").read_text()
    assert totals.pages.replace(text, totals.COMMAND, totals.table(totals.read())) == text
