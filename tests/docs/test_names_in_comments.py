"""Files that comments and docstrings name exist, and so do the headings of pages, which they name in quotes.

A name that stands for several is not looked for: <name>.c, *.py.
"""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("bbans_cli", "docs", "samples", "scripts", "share", "tests", "weights")
SOURCES = sorted(
    path
    for folder in ("bbans_cli", "scripts", "tests")
    for ending in ("*.py", "*.c", "*.h")
    for path in (ROOT / folder).rglob(ending)
    if path.name != "_core.c"
)
ALL = [*ROOT.glob("*.*"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
# The path of each file, and what a path ends in from any folder on
NAMES = {"/".join(parts[at:]) for path in ALL for parts in [path.relative_to(ROOT).parts] for at in range(len(parts))}

FILE = re.compile(r"(?<![\w./<>*{-])((?:[\w-]+/)*[A-Za-z][\w-]*\.(?:c|h|py|md))(?![\w(*])")
LIBJPEG = {"jidctint.c", "jdsample.c"}  # the functions that ours must equal
# A page by its path, a comma, then "One", or: sections "One", "Two" and "Three".
HEADINGS = re.compile(r'docs/([\w-]+\.md)[,:] (?:sections? )?("[^"]+"(?:(?:, and|,| and) "[^"]+")*)')


def comments(path: Path) -> str:
    """The comments of a C file; comments and docstrings of a Python file. Line breaks are single spaces."""
    text = path.read_text()
    if path.suffix != ".py":
        found = re.findall(r"/\*.*?\*/|//[^\n]*", text, re.DOTALL)
        return " ".join(re.sub(r"\s*\n\s*\*?\s*", " ", each) for each in found)
    if not FILE.search(text):  # to find the comments takes longer
        return ""
    found = []
    if any(FILE.search(line.partition("#")[2]) for line in text.splitlines()):  # likewise
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        found = [token.string.lstrip("#: ") for token in tokens if token.type == tokenize.COMMENT]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            found.append(ast.get_docstring(node) or "")
    return " ".join(" ".join(each.split()) for each in found)


@pytest.fixture(scope="module")
def texts():
    """The comments of each source file, by its path."""
    return {str(path.relative_to(ROOT)): comments(path) for path in SOURCES}


def test_files_that_are_named_exist(texts):
    named = ((path, name) for path, text in texts.items() for name in FILE.findall(text))
    assert [(path, name) for path, name in named if name not in LIBJPEG and name not in NAMES] == []


def test_headings_that_are_named_exist(texts):
    unknown = []
    for path, text in texts.items():
        for page, named in HEADINGS.findall(text):
            there = re.findall(r"^#+ (.*)$", (ROOT / "docs" / page).read_text(), re.MULTILINE)
            unknown += [(path, page, each) for each in re.findall(r'"([^"]+)"', named) if each not in there]
    assert unknown == []
