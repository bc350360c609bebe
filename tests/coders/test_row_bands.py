"""Some rows of a picture: the same pixels, and no more work than they need."""

import io
from dataclasses import replace

import numpy as np
import pytest
import tiny
from jpeg_pictures import photo, through_jpeg
from PIL import Image
from sample_pictures import picture

import bbans_cli
from bbans_cli import api, container
from bbans_cli.coders import decode_picture, encode_picture, raw, row_bands
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural.settings import Settings
from bbans_cli.coders.registry import CODERS
from bbans_cli.container import FEW_COLOURS, FITTED, NEURAL, RAW, Band, Part, Region
from bbans_cli.errors import InputError
from bbans_cli.pictures.picture import Picture, from_array

ONLY = {number: CODERS[number] for number in (NEURAL, RAW)}
RANGES = [(0, 1), (0, 40), (7, 9), (15, 33), (16, 32), (39, 40), (0, None), (24, None)]


def of(content):
    return {container.CODER_NAMES[part.coder] for part in content.parts}


def check(content, pixels, coders=CODERS):
    for rows in RANGES:
        part, _ = decode_picture.decode_rows(content, rows, coders=coders)
        first, end = row_bands.resolved(rows, len(pixels))
        assert np.array_equal(part.pixels, pixels[first:end])


@pytest.mark.parametrize("band_rows", [1, 8, 13, 40, 100])
def test_rows_of_a_photograph(band_rows):
    pixels = photo(40, 30)
    content = encode_picture.encode(from_array(pixels), 1, band_rows=band_rows)
    assert of(content) == {"neural"} and content.parts[0].band_rows == min(band_rows, 40)
    check(content, pixels)


@pytest.mark.parametrize("channels", [[0, 1, 2, 2], [0, 0]])
def test_pictures_with_alpha_have_bands_of_at_most_so_many_rows(channels):
    pixels = photo(60, 80)[:, :, channels]
    content = encode_picture.encode(from_array(pixels), 1, band_rows=16)
    assert {part.band_rows for part in content.parts} == {16} and "webp" not in of(content)
    assert np.array_equal(decode_picture.decode_rows(content, (15, 33))[0].pixels, pixels[15:33])


def test_the_grid_of_a_former_jpeg_file_goes_on_in_each_band():
    settings = Settings(3, grid=(5, 11))
    assert Settings.from_bytes(CODERS[NEURAL].settings_below(settings.to_bytes(), 7)).grid == (5, 2)
    pixels = through_jpeg(photo(96, 80), 60)
    part = neural_coder.encode(pixels, 1, 1, max_band_rows=20)
    assert Settings.from_bytes(part.settings).grid == (0, 0)
    content = container.Container(80, 96, "rgb", 8, [part])
    assert np.array_equal(decode_picture.decode_rows(content, (45, 61))[0].pixels, pixels[45:61])


@pytest.mark.parametrize(
    ("mode", "depth"), [("grey", 1), ("palette", 4), ("grey", 16), ("rgb", 16), ("rgba", 8), ("rgba", 16)]
)
def test_rows_of_every_mode(mode, depth):
    source = picture(mode, depth, height=40, width=21)
    content = encode_picture.encode(source, 1, band_rows=8)
    check(content, source.pixels)


def test_deep_samples_in_bands():
    pixels = (photo(40, 30).astype(np.uint16) << 4) + tiny.integers(5, 16, 40, 30, 3).astype(np.uint16)
    source = Picture(pixels, "rgb", 16)
    content = encode_picture.encode(source, 1, band_rows=8)
    check(content, pixels)


def test_alpha_beside_a_photograph():
    pixels = np.concatenate([photo(40, 30), tiny.integers(9, 2, 40, 30, 1).astype(np.uint8) * 255], axis=2)
    content = encode_picture.encode(from_array(pixels), 1, band_rows=8)
    assert len(content.parts) == 2 or of(content) == {"few-colours"}
    check(content, pixels)
    # Bands of other heights: the least rows at which bands of both parts begin and end are decoded.
    uneven = replace(content, parts=[*content.parts[:-1], encode_picture.encode(from_array(pixels), 1).parts[-1]])
    if len(uneven.parts) == 2:
        check(uneven, pixels)
        assert decode_picture.decode_rows(uneven, (0, 8))[1]


def test_only_the_bands_of_those_rows_are_decoded():
    pixels = photo(40, 30)
    content = encode_picture.encode(from_array(pixels), 1, band_rows=8)
    part = content.parts[0]
    broken = Band(part.bands[0].payload[::-1], part.bands[0].split, 1)
    for band, rows in ((0, (8, 40)), (4, (0, 32)), (2, (24, 31))):
        damaged = [broken if number == band else each for number, each in enumerate(part.bands)]
        only, in_full = decode_picture.decode_rows(replace(content, parts=[replace(part, bands=damaged)]), rows)
        assert np.array_equal(only.pixels, pixels[slice(*rows)]) and not in_full


def test_what_has_no_bands_is_decoded_in_full():
    content = encode_picture.encode(from_array(photo(40, 30)), 1)
    assert decode_picture.decode_rows(content, (3, 5))[1] and not decode_picture.decode_rows(content, (0, 40))[1]
    former = through_jpeg(photo(64, 64), 80)
    content = encode_picture.encode(from_array(former), 1, band_rows=8)
    assert of(content) == {"jpeg"}
    part, in_full = decode_picture.decode_rows(content, (9, 12))
    assert in_full and np.array_equal(part.pixels, former[9:12])


def test_regions_are_cut_too():
    pixels = np.zeros((20, 20, 1), np.uint8)
    whole = raw.encode(pixels, 8, band_rows=5)
    inner = replace(raw.encode(pixels[:4, :4] + 1, 8), region=Region(3, 7, 4, 4))
    content = container.Container(20, 20, "grey", 8, [whole, inner])
    part, in_full = decode_picture.decode_rows(content, (6, 9))
    assert not in_full and np.array_equal(part.pixels, decode_picture.decode(content).pixels[6:9])


@pytest.mark.parametrize("rows", [(0, 41), (40, 41), (40, None)])
def test_rows_that_are_not_there(rows):
    data = bbans_cli.compress(photo(40, 30), level=1)
    with pytest.raises(InputError, match="are not all in a picture of 40 rows"):
        bbans_cli.decompress(data, rows=rows)


@pytest.mark.parametrize("rows", [(5, 5), (6, 5), (-1, 3)])
def test_rows_that_no_picture_has(rows):
    data = bbans_cli.compress(photo(40, 30), level=1)
    with pytest.raises(ValueError, match="row( behind the last)? is at least") as caught:
        bbans_cli.decompress(data, rows=rows)
    assert not isinstance(caught.value, InputError)  # wrong arguments, whatever the file


def test_rows_from_python():
    pixels = photo(40, 30)
    data = bbans_cli.compress(pixels, level=1, band_rows=16)
    assert np.array_equal(bbans_cli.decompress(data, rows=(10, 20)), pixels[10:20])
    assert len(data) > len(bbans_cli.compress(pixels, level=1))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    data = bbans_cli.compress(file.getvalue(), level=1, band_rows=16)
    assert data == bbans_cli.compress(file.getvalue(), level=1)
    assert np.array_equal(bbans_cli.decompress(data, rows=(10, 20)), bbans_cli.decompress(data)[10:20])


def test_what_bands_cost_is_said():
    codec = api.PictureCodec(level=1, band_rows=8, verify=False)
    file = io.BytesIO()
    Image.fromarray(photo(40, 30)).save(file, "PNG")
    words = codec.compress_file(file.getvalue(), 1).remark
    assert words.startswith("5 bands of 8 rows, 40 bytes of tables, and about")
    bands = [Band(b"12", 0, 0)] * 10
    parts = [Part(NEURAL, 3, 8, b"abcd", b"\0", 1 << 9, bands)]
    assert "about 1.6 %" in row_bands.cost(container.Container(1 << 9, 10 << 9, "rgb", 8, parts))
    losses = [row_bands._loss(1 << bits) for bits in range(10, 23)]
    assert losses == sorted(losses, reverse=True) and losses[-1] == 0
    fitted = [Part(FITTED, 3, 8, b"abcd", b"", 64, bands)]
    assert "about 1.2 %" in row_bands.cost(container.Container(64, 640, "rgb", 8, fitted))
    few = [Part(FEW_COLOURS, 1, 8, b"", b"\x08", 2, bands)]
    assert row_bands.cost(container.Container(4, 20, "grey", 8, few)) == "10 bands of 2 rows, 80 bytes of tables"
