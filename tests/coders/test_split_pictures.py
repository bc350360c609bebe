"""Screens with photographs on them become parts with regions, which everything that reads .bbc files understands."""

import io
from dataclasses import replace

import numpy as np
import pytest
from jpeg_pictures import BOTH, photo, through_jpeg
from mixing_pictures import screen
from PIL import Image

import bbans_cli
from bbans_cli import api, container
from bbans_cli.coders import code_lengths, decode_picture, encode_picture, photograph_areas, raw, row_bands
from bbans_cli.coders.jpeg.inversion import alignment
from bbans_cli.container import Region
from bbans_cli.container import metadata as kinds
from bbans_cli.heat_map import totals
from bbans_cli.pictures.picture import from_array

PHOTO = photo(64, 80)
FORMER = through_jpeg(photo(72, 96, seed=5), 80)
SCREEN = screen(180, 240, seed=4)
WITH_PHOTO, WITH_FORMER = Region(21, 9, 80, 64), Region(101, 90, 96, 72)


def place(ground, box, pixels):
    ground[box.top : box.top + box.height, box.left : box.left + box.width, : pixels.shape[2]] = pixels


def page():
    """A screen with a photograph on it, and one that was a JPEG file."""
    pixels = SCREEN.copy()
    place(pixels, WITH_PHOTO, PHOTO)
    place(pixels, WITH_FORMER, FORMER)
    return pixels


PAGE = page()


def coded(pixels, level=1, **more):
    return encode_picture.encode(from_array(pixels), level, **more)


def what(content):
    return [(container.CODER_NAMES[part.coder], part.region) for part in content.parts]


@pytest.fixture(scope="module")
def content():
    return coded(PAGE)


@pytest.fixture(scope="module")
def data(content):
    return container.to_bytes(content)


@pytest.mark.parametrize("level", [1, 5, pytest.param(9, marks=pytest.mark.slow)])
def test_photographs_are_regions_and_the_rest_is_not(level, monkeypatch):
    found = coded(PAGE, level)
    assert what(found) == [("few-colours", None), ("neural", WITH_PHOTO), ("jpeg", WITH_FORMER)]
    assert np.array_equal(decode_picture.decode(found).pixels, PAGE)
    monkeypatch.setattr(photograph_areas, "find", lambda pixels: [])
    whole = coded(PAGE, level)
    assert {part.region for part in whole.parts} == {None}
    assert len(container.to_bytes(found)) < 0.75 * len(container.to_bytes(whole))


def test_nothing_depends_on_threads(data):
    assert container.to_bytes(coded(PAGE, threads=3)) == data


@pytest.mark.parametrize("pixels", [SCREEN, PHOTO, FORMER], ids=["screen", "photograph", "JPEG"])
def test_pictures_without_photographs_on_them_have_no_region(pixels):
    assert {part.region for part in coded(pixels).parts} == {None}


def test_what_only_looks_like_one_stays(monkeypatch):
    """Where another coder is best for a rectangle, and where no rectangle saves anything."""
    monkeypatch.setattr(photograph_areas, "find", lambda pixels: [Region(30, 40, 60, 50)])
    assert what(coded(SCREEN)) == [("few-colours", None)]
    flat = np.full((90, 100, 3), 200, np.uint8)
    assert what(coded(flat)) == [("raw", None)]


def test_grey_on_colour_and_colour_on_grey():
    for ground, stamp, channels in (
        (SCREEN, np.repeat(PHOTO[:, :, :1], 3, axis=2), [3, 1]),
        (np.repeat(SCREEN[:, :, :1], 3, axis=2), PHOTO, [1, 3]),
        (SCREEN[:, :, :1], PHOTO[:, :, :1], [1, 1]),
    ):
        pixels = ground.copy()
        place(pixels, WITH_PHOTO, stamp)
        found = coded(pixels)
        assert [part.channels for part in found.parts] == channels
        assert np.array_equal(decode_picture.decode(found).pixels, pixels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("left", "top"), [(3, 5), pytest.param(13, 0, marks=pytest.mark.slow)])
def test_what_was_cut_out_of_a_jpeg_file(left, top, channels):
    """The region begins with the first block, of chroma too."""
    whole = through_jpeg(photo(112, 128)[:, :, 0] if channels == 1 else photo(112, 128), 80, subsampling=BOTH)
    pixels = np.ascontiguousarray(whole[top:, left:])
    found = coded(pixels)
    period = 8 if channels == 1 else 16
    x, y = -left % period, -top % period
    assert what(found)[1:] == [("jpeg", Region(x, y, pixels.shape[1] - x, pixels.shape[0] - y))]
    assert np.array_equal(decode_picture.decode(found).pixels, pixels)
    assert len(container.to_bytes(found)) < 2.5 * len(container.to_bytes(coded(whole)))


@pytest.mark.parametrize("pixels", [PHOTO, FORMER, photo(160, 176), photo(160, 176)[:, :, :1]])
def test_no_grid_where_none_was_cut(pixels):
    assert alignment.find(pixels) == (0, 0)


def test_alpha_is_kept_in_the_region_and_around_it():
    alpha = np.full((180, 240, 1), 255, np.uint8)
    alpha[:5] = 0
    alpha[40:50, 30:60] = 9
    pixels = np.concatenate([PAGE, alpha], axis=2)
    pixels[:5, :, :3] = 7  # what is transparent has a colour, too
    found = coded(pixels)
    assert what(found) == [
        ("few-colours", None),
        ("neural", WITH_PHOTO),
        ("few-colours", WITH_PHOTO),
        ("jpeg", WITH_FORMER),
        ("raw", WITH_FORMER),
    ]
    assert np.array_equal(decode_picture.decode(found).pixels, pixels)


def test_stacks():
    pages = np.stack([PAGE, SCREEN])
    data = bbans_cli.compress(pages, level=1)
    assert [part.region for part in container.picture_from_bytes(data).parts] == [None, WITH_PHOTO, WITH_FORMER]
    assert np.array_equal(bbans_cli.decompress(data), pages)


def test_rows_alone(content):
    """With bands that were asked for there are no regions."""
    for rows in ((0, 5), (8, 10), (80, 90), (100, 180)):
        assert np.array_equal(decode_picture.decode_rows(content, rows)[0].pixels, PAGE[slice(*rows)])
    assert row_bands.asked_for(content) == 0
    assert {part.region for part in coded(PAGE, band_rows=16).parts} == {None}


def test_bands_of_regions_are_left_out_too():
    ground = raw.encode(SCREEN, 8, band_rows=10)
    stamp = replace(coded(PHOTO, band_rows=16).parts[0], region=WITH_PHOTO)
    split = container.Container(240, 180, "rgb", 8, [ground, stamp])
    whole = decode_picture.decode(split).pixels
    for rows, top, end, regions in (
        ((0, 9), 0, 10, 0),
        ((30, 40), 20, 50, 1),
        ((60, 75), 50, 80, 1),
        ((150, 155), 150, 160, 0),
    ):
        part, first = row_bands.cut(split, *rows)
        assert (first, first + part.height, len(part.parts) - 1) == (top, end, regions)
        assert np.array_equal(decode_picture.decode_rows(split, rows)[0].pixels, whole[slice(*rows)])


def test_damage_is_named_and_the_rest_is_kept(content):
    first, stamp, last = content.parts
    band = stamp.bands[0]._replace(crc=stamp.bands[0].crc ^ 1)
    broken = container.to_bytes(replace(content, parts=[first, replace(stamp, bands=[band]), last]))
    found = bbans_cli.salvage(broken)
    assert found.words[-1] == "rows 9:73 in columns 21:101 are lost"
    expected = PAGE.copy()
    place(expected, WITH_PHOTO, np.full_like(PHOTO, 128))
    assert np.array_equal(found.pixels, expected)


def test_the_map_has_all_bits(data):
    lengths = code_lengths.of_file(data)
    assert [part.region for part in lengths.parts] == [None, WITH_PHOTO, WITH_FORMER]
    for part in lengths.parts:
        assert part.bits.sum() + part.other == pytest.approx(8 * part.size, abs=1)
    dense = lengths.bits[WITH_PHOTO.top : WITH_PHOTO.top + 64, WITH_PHOTO.left : WITH_PHOTO.left + 80].mean()
    assert dense > 10 * np.median(lengths.bits)
    assert sum(row.size for row in totals.rows(lengths)) == pytest.approx(len(data), abs=0.1)


def test_totals_of_several_photographs_are_summed(data):
    names = [(row.name, row.coder) for row in totals.rows(code_lengths.of_file(data))]
    assert len(names) == len(set(names))


def test_coded_anew_and_with_other_metadata(data):
    codec = api.PictureCodec(1, verify=False)
    found = codec.recompress(data, 1).data
    assert found == data and np.array_equal(bbans_cli.decompress(found), PAGE)
    noted = from_array(PAGE)
    noted.metadata.append((kinds.CHUNK, b"tEXtTitle\0page"))
    again = container.picture_from_bytes(codec.compress(noted, 1))
    assert what(again)[1:] == [("neural", WITH_PHOTO), ("jpeg", WITH_FORMER)]


def test_a_thumbnail(data):
    small = bbans_cli.thumbnail(data, size=60)
    assert Image.open(io.BytesIO(small.data)).size == (60, 45) and small.origin == "decoded"


def test_progress_rises_to_one():
    seen = []
    coded(PAGE, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0
    assert max(np.diff([0, *seen])) < 0.6
