"""Inputs that fuzzing has found: those with all the coverage, and those that ever failed. scripts/fuzz/ has targets."""

from pathlib import Path

import pytest

from scripts.fuzz import replay, seeds, targets

HERE = Path(__file__).parent
NAMES = sorted({path.name for folder in ("corpus", "failed") for path in (HERE / folder).glob("*")})
CORPUS_BYTES = 2 << 20


@pytest.fixture
def small_networks(tmp_path, monkeypatch):
    monkeypatch.setenv("BBC_WEIGHTS", str(seeds.weights_folder(tmp_path)))


@pytest.mark.parametrize("name", NAMES)
def test_every_input_that_was_kept_is_refused_or_comes_back(name, small_networks):
    target = replay.TARGETS.get(name) or targets.TARGETS[name]
    for path in sorted((HERE / "corpus" / name).glob("*")) + sorted((HERE / "failed" / name).glob("*")):
        try:
            target(path.read_bytes())
        except Exception as error:
            error.args = (f"{path.relative_to(HERE)}: {error}",)
            raise


def test_the_corpus_is_small():
    assert sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file()) <= CORPUS_BYTES
