"""Limits that C or a library states too are the same there."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bbans_cli.coders.neural.scan_shape import ScanShape
from bbans_cli.core import ffi, lib
from bbans_cli.limits import MAX_FITTED_ROWS, MAX_NEURAL_ROWS, MAX_NEURAL_WIDTH, MAX_WEBP_SIDE


def test_the_core_takes_bands_as_wide_as_the_neural_coder_and_no_wider() -> None:
    widest = ScanShape(
        width=MAX_NEURAL_WIDTH, height=1, channels=1, first_row=0, last_row=1, hidden=16, layers=1, head=16
    )
    assert lib.bbc_scan_size(ffi.new("bbc_scan_shape *", vars(widest))) > 0
    wider = replace(widest, width=MAX_NEURAL_WIDTH + 1)
    assert lib.bbc_scan_size(ffi.new("bbc_scan_shape *", vars(wider))) <= 0


def test_the_core_takes_bands_as_high_and_no_higher() -> None:
    highest = ScanShape(
        width=1, height=MAX_NEURAL_ROWS, channels=1, first_row=0, last_row=MAX_NEURAL_ROWS, hidden=16, layers=1, head=16
    )
    assert lib.bbc_scan_size(ffi.new("bbc_scan_shape *", vars(highest))) > 0
    higher = replace(highest, height=MAX_NEURAL_ROWS + 1)
    assert lib.bbc_scan_size(ffi.new("bbc_scan_shape *", vars(higher))) <= 0
    assert lib.bbc_fitted_size(1, MAX_FITTED_ROWS, 3) > 0 > lib.bbc_fitted_size(1, MAX_FITTED_ROWS + 1, 3)


def test_webp_has_as_many_pixels_a_side_and_no_more(tmp_path: Path) -> None:
    Image.new("RGB", (MAX_WEBP_SIDE, 1)).save(tmp_path / "widest.webp", lossless=True)
    with pytest.raises(ValueError):
        Image.new("RGB", (MAX_WEBP_SIDE + 1, 1)).save(tmp_path / "wider.webp", lossless=True)
