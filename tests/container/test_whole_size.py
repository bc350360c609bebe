"""How many bytes a whole file has, from its front."""

from pathlib import Path

import pytest

from bbans_cli import container
from bbans_cli.errors import TruncatedError

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("good-*.bbc"))


def test_golden_files() -> None:
    for path in GOLDEN:
        data = path.read_bytes()
        assert container.whole_size(data) == container.whole_size(data + b"more") == len(data), path.name


def test_a_header_that_is_cut() -> None:
    data = GOLDEN[0].read_bytes()
    with pytest.raises(TruncatedError):
        container.whole_size(data[:12])
