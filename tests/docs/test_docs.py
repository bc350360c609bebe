"""What the pages say is there: links, make targets, files in backticks."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(page for folder in (".", "docs", "weights", "samples") for page in (ROOT / folder).glob("*.md"))
CODE_PATH = re.compile(r"`((?:bbans_cli|core|docs|scripts|samples|tests|weights|share)/[\w./-]*)`")


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request):
    return request.param


def anchors(text: str) -> set[str]:
    """What links to the headings of a page end in, as GitHub makes it."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text()):
        if "://" not in target:
            file = page.parent / target if target else page
            assert file.exists(), target
            assert not anchor or anchor in anchors(file.read_text()), f"{target}#{anchor}"


def test_files_that_are_named_exist(page):
    for path in CODE_PATH.findall(page.read_text()):
        assert (ROOT / path).exists() or (ROOT / "bbans_cli" / path).exists(), path


def test_targets_that_are_named_exist(page):
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z][a-z0-9-]*)", page.read_text(), re.MULTILINE)) <= targets


def test_the_glossary_is_short_and_sorted():
    text = (ROOT / "docs" / "glossary.md").read_text()
    words = [row.split("|")[1].strip().lower() for row in text.splitlines() if row.startswith("| ")][1:]
    assert len(text.splitlines()) <= 40 and words == sorted(words)
