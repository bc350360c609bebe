"""The tutorial's code blocks run, in order, as one program."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "codecs.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_every_block_runs(monkeypatch, capsys):
    pytest.importorskip("PIL")
    monkeypatch.chdir(ROOT)
    names: dict = {}
    for i, block in enumerate(BLOCKS):
        exec(compile(block, f"docs/codecs.md, block {i + 1}", "exec"), names)
    assert len(BLOCKS) == 7
    assert re.search(r"PNG \d+, without latents \d+, with latents \d+ bytes", capsys.readouterr().out)


def test_the_pictures_coder_is_short():
    coder = next(block for block in BLOCKS if "def posterior" in block)
    assert len(coder.splitlines()) < 70
    assert sum(bool(line.strip()) for line in coder.splitlines()) < 60
