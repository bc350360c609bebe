"""The examples of docs/zarr.md run."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "zarr.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("zarr.abc.codec", reason="Zarr 3 needs Python 3.11")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in BLOCKS:
        exec(compile(block, "docs/zarr.md", "exec"), names)
    assert (tmp_path / "photos.zarr/c/0/0/0").read_bytes().startswith(b"\xbbbbc") and (tmp_path / "old.zarr").is_dir()
