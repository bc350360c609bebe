"""Heat maps: even colours, scales that people can read, sheets of every shape of picture."""

import io
from dataclasses import replace

import mixing_pictures
import numpy as np
import pytest
import sample_pictures
from PIL import Image

from bbans_cli import container
from bbans_cli.coders import code_lengths, context_mixing, encode_picture, raw
from bbans_cli.container import FEW_COLOURS, Container
from bbans_cli.heat_map import colours, panels, sheet, totals
from bbans_cli.heat_map.scale import Scale


def lightness(rgb):
    """CIE L* of sRGB colours (n, 3)."""
    linear = np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return 116 * np.where(luminance > 0.008856, np.cbrt(luminance), 7.787 * luminance + 16 / 116) - 16


def test_colours_get_lighter_in_even_steps():
    table = colours.table()
    steps = np.diff(lightness(table.astype(float))[::8])
    assert table.shape == (colours.STEPS, 3)
    assert steps.min() > 0.5 * steps.mean() and steps.max() < 1.7 * steps.mean()
    assert lightness(table[:1].astype(float))[0] < 8 and lightness(table[-1:].astype(float))[0] > 93


def test_painting_spans_the_scale_and_clips():
    painted = colours.paint(np.array([[0.0, 2.0, 4.0, 99.0]]), 4.0)
    table = colours.table()
    assert np.array_equal(painted[0], table[[0, 128, 255, 255]])


@pytest.mark.parametrize(
    "most, labels",
    [
        (24.3, ["0", "5", "10", "15", "20", "25"]),
        (1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.034, ["0", "0.01", "0.02", "0.03", "0.04"]),
        (700, ["0", "200", "400", "600", "800"]),
    ],
)
def test_ticks_are_round_numbers(most, labels):
    bits = np.full((100, 100), most, np.float32)
    scale = Scale.of(bits)
    assert [scale.label(tick) for tick in scale.ticks] == labels and not scale.beyond


def test_a_few_extreme_pixels_lie_beyond_the_scale():
    bits = np.full((100, 100), 3.0, np.float32)
    bits[0, :10] = 50
    scale = Scale.of(bits)
    assert scale.most == 3 and scale.label(scale.ticks[-1]) == "3.0+"
    assert Scale.of(np.zeros((5, 5), np.float32)).most > 0


def test_the_few_pixels_that_have_all_bits_are_within_the_scale():
    bits = np.full((100, 100), 0.001, np.float32)
    bits[0, :10] = 20
    assert Scale.of(bits).most == 20


def lengths_of(pixels, coder=FEW_COLOURS, mode="rgb", depth=8, metadata=()):
    part = raw.encode(pixels, depth) if coder is None else context_mixing.encode(coder, pixels, depth)
    file = Container(pixels.shape[1], pixels.shape[0], mode, depth, [part], list(metadata))
    return code_lengths.of_file(container.to_bytes(file))


@pytest.mark.parametrize("height, width", [(1, 1), (40, 60), (700, 3), (20, 900), (1300, 1400)])
def test_sheets_of_every_shape(height, width):
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[height // 2 :, : width // 2 + 1] = 200
    found = sheet.draw(lengths_of(pixels), "picture.png")
    assert found.mode == "RGB" and 500 < found.width < 2500 and 300 < found.height < 2900
    # Nothing is drawn over the margins.
    edges = np.asarray(found)
    assert len({tuple(colour) for colour in [*edges[0], *edges[-1], *edges[:, 0], *edges[:, -1]]}) == 1


def test_a_sheet_is_a_png_with_picture_and_map_side_by_side():
    pixels = mixing_pictures.screen(400, 400)
    lengths = lengths_of(pixels)
    image = Image.open(io.BytesIO(sheet.to_png(lengths, "a" * 300 + "\u4e00\n.png")))
    whole = np.asarray(image.convert("RGB"))
    places = [
        (y, x) for y in range(60, 160) for x in (31, 32, 33) if np.array_equal(whole[y : y + 400, x : x + 400], pixels)
    ]
    assert image.format == "PNG" and len(places) == 1


def test_small_pictures_are_enlarged_and_large_ones_averaged():
    assert panels.shown_size(40, 30) == (320, 240)
    assert panels.shown_size(240, 160) == (480, 320)
    assert panels.shown_size(1, 1) == (320, 320)
    assert panels.shown_size(300, 10) == (300, 10)
    assert panels.shown_size(4000, 3000) == (1100, 825)
    bits = np.random.default_rng(1).exponential(4.0, (300, 400)).astype(np.float32)
    lengths = replace(lengths_of(mixing_pictures.screen(300, 400)), bits=bits)
    panel, scale = panels.map_panel(lengths, (40, 30))
    assert panel.size == (40, 30) and scale.most < Scale.of(lengths.bits).most


@pytest.mark.parametrize("mode, depth", [*sample_pictures.PNG_KINDS, ("cmyk", 8)])
def test_pictures_of_every_kind_are_shown(mode, depth):
    if mode == "cmyk":
        picture = sample_pictures.Picture(np.full((3, 4, 4), 128, np.uint8), "cmyk", 8)
    else:
        picture = sample_pictures.picture(mode, depth)
    data = container.to_bytes(encode_picture.encode(picture, 1))
    lengths = code_lengths.of_file(data)
    shown = panels.picture_panel(lengths.picture, (picture.width, picture.height))
    assert shown.mode == "RGB" and shown.size == (picture.width, picture.height)
    if (mode, depth) in (("grey", 8), ("rgb", 8)):
        assert np.array_equal(np.asarray(shown)[:, :, :3], np.broadcast_to(picture.pixels, (7, 13, 3)))
    if (mode, depth) == ("grey", 1):
        assert set(np.unique(np.asarray(shown))) == {0, 255}


def test_what_is_transparent_is_shown_on_white():
    pixels = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [100, 100, 100, 128]]], np.uint8)
    shown = panels.picture_panel(sample_pictures.Picture(pixels, "rgba", 8), (3, 1))
    assert np.asarray(shown).tolist() == [[[255] * 3, [10, 20, 30], [177] * 3]]


def test_foreign_coders_are_marked():
    noise = mixing_pictures.noise(8, 64, 64, 3)
    lengths = lengths_of(noise, coder=None)
    panel, _ = panels.map_panel(lengths, (64, 64))
    assert len(np.unique(np.asarray(panel).reshape(-1, 3), axis=0)) == 2  # hatched
    (row, _) = totals.rows(lengths)
    assert row.of_whole and "one value for all of it" in totals.lines(lengths)[0]


def test_rows_of_totals_add_up_to_the_file():
    lengths = lengths_of(mixing_pictures.screen(), metadata=[(container.metadata.CHUNK, b"tEXtauthor")])
    rows = totals.rows(lengths)
    assert [row.name for row in rows] == ["red+green+blue", "metadata", "header, checksums, rounding"]
    assert sum(row.size for row in rows) == pytest.approx(lengths.size, abs=0.01)
