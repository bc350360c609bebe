"""The docstrings of the public codec library: complete, with drawings in one piece and examples that run."""

import doctest
import inspect
import re

import numpy as np
import pytest

from bbans_cli import codecs

PUBLIC = [name for name in codecs.__all__ if callable(getattr(codecs, name))]
METHODS = [
    (name, method)
    for name in PUBLIC
    if inspect.isclass(getattr(codecs, name))
    for method, value in vars(getattr(codecs, name)).items()
    if not method.startswith("_") and (inspect.isfunction(value) or isinstance(value, property | classmethod))
]
ERRORS = {"UnderflowError"}


def doc_of(name: str, method: str = "") -> str:
    return inspect.getdoc(getattr(getattr(codecs, name), method) if method else getattr(codecs, name)) or ""


def faults_of_drawings(text: str) -> list[str]:
    """Lines of indented blocks that an automatic reflow would leave behind.

    A block is indented as a whole. Each of its lines has columns, an arrow or a formula, and closes the brackets that
    it opens. Examples (>>>) are left to doctest.
    """
    faults = []
    for block in re.split(r"\n\s*\n", text):
        lines = block.split("\n")
        indented = [line.startswith("    ") for line in lines]
        if any(indented) and not all(indented):
            faults.append(f"prose and drawing in one paragraph: {lines[indented.index(True)]!r}")
        if not all(indented) or ">>>" in block:
            continue
        for line in lines:
            if not re.search(r"\S  +\S|=|->", line):
                faults.append(f"no column: {line!r}")
            balance = re.sub(r"\[[^\[\]]*,[^\[\]]*\)", "", line)  # a half-open interval
            if any(balance.count(left) != balance.count(right) for left, right in ("[]", "()")):
                faults.append(f"open brackets: {line!r}")
    return faults


@pytest.mark.parametrize("name", PUBLIC)
def test_drawings_are_in_one_piece(name: str) -> None:
    assert faults_of_drawings(doc_of(name)) == []


@pytest.mark.parametrize(
    "text",
    [
        """
    0           start        start + freq        2^precision
    |-------------|=============|--------------------|           freq / 2^precision: the symbol's
    probability""",
        """
    push   [ message ]  ->  [ message | x[n-1] | ... | x[0] ]        x[i] with steps[i]([x[0], ...,
    x[i-1]]) pop    x[0] first: it is known when the codec of x[1] is made""",
        """
    push x   [ messagemessagemessage ]
             [ message ]                          pop  z1, then z2 given z1, ..., with q(z1|x),
             q(z2|z1,x), ... [ message | x ]                      push x with p(x|z1,z2,...) [ message |
             x | z2 | z1 ]            push ..., z2, z1, each uniform over its bins""",
        """
    push   [ message ]  ->  [ message | x ]
that is all""",
    ],
)
def test_broken_drawings_are_found(text: str) -> None:
    assert faults_of_drawings(text.strip("\n"))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_parameter_is_explained(name: str) -> None:
    """By name, in the docstring or in that of the distribution which it refers to."""
    text = doc_of(name)
    for other in re.findall(r"as\s+in\s+`(\w+)`", text):
        text += doc_of(other)
    if name in ERRORS:
        return
    for parameter in inspect.signature(getattr(codecs, name)).parameters:
        if name != "Codec":
            assert re.search(rf"\b{parameter}\b", text), parameter


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_every_method_has_a_docstring(name: str, method: str) -> None:
    assert doc_of(name, method)


@pytest.mark.parametrize("name", ["", *PUBLIC])
def test_examples_run(name: str) -> None:
    from bbans_cli.entropy import codecs as package

    text = doc_of(name) if name else inspect.getdoc(package) or ""
    names = {"np": np, **{each: getattr(codecs, each) for each in codecs.__all__}}
    example = doctest.DocTestParser().get_doctest(text, names, name, None, None)
    failed, tried = doctest.DocTestRunner().run(example)
    assert failed == 0 and (tried or name)
