"""What the page measures of other formats: each kind of picture has a size or a reason, and the others go on."""

import numpy as np
import pytest

from bbans_cli.page import formats
from bbans_cli.pictures.picture import Picture, from_array

RAMP = (np.arange(60 * 40 * 4).reshape(60, 40, 4) % 251).astype(np.uint8)


def rows(picture: Picture):
    return [measure() for _, measure in formats.of_picture(picture)]


@pytest.mark.parametrize(
    "pixels",
    [
        RAMP[:, :, 0],
        RAMP[:, :, :2],
        RAMP[:, :, :3],
        RAMP,
        257 * RAMP[:, :, 0].astype(np.uint16),
        RAMP.astype(np.uint16),
    ],
    ids=["grey", "grey+alpha", "rgb", "rgba", "grey 16", "rgba 16"],
)
def test_a_png_has_a_size_and_every_row_a_size_or_a_reason(pixels):
    found = rows(from_array(pixels))
    assert found[0].name == "PNG" and 0 < found[0].size and found[0].encode > 0 and found[0].decode > 0
    assert all((row.size is None) == bool(row.note) for row in found)


def test_palettes_and_one_bit_are_pngs_too():
    palette = Picture(RAMP[:, :, :1] % 4, "palette", 8, palette=bytes(range(12)))
    bits = Picture(RAMP[:, :, :1] & 1, "grey", 1)
    for picture in (palette, bits):
        assert rows(picture)[0].size
    assert rows(Picture(RAMP, "cmyk", 8))[0].note.startswith("refused: ")


def test_what_a_library_refuses_does_not_end_the_rest(monkeypatch):
    def refuse(*args, **options):
        raise RuntimeError("no more\nof this")

    monkeypatch.setattr("PIL.Image.Image.save", refuse)
    png, webp, *_ = rows(from_array(RAMP[:, :, :3]))
    assert png.note == webp.note == "refused: no more of this" and png.size is webp.size is None
