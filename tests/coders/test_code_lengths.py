"""Code lengths: they add up to what the file takes, lie where the bits went, and change nothing that is decoded."""

import io
from pathlib import Path

import jpeg_levels
import jpeg_pictures
import made_jpeg
import mixing_pictures
import numpy as np
import pytest
import tiny
from PIL import Image

import bbans_cli
from bbans_cli import container
from bbans_cli.coders import block_areas, code_lengths, coding_order, context_mixing, raw, webp
from bbans_cli.coders.fitted import coder as fitted_coder
from bbans_cli.coders.fitted.layout import LANES
from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.container import DEEP, FEW_COLOURS, Band, Container, Part, Region
from bbans_cli.errors import CorruptError, InputError

GOLDEN = Path(__file__).parents[1] / "golden"


def has_pixels(path):
    """Not a file without any, nor a JPEG file of two components, which no reader takes."""
    content = container.from_bytes(path.read_bytes())
    return isinstance(content, Container) or content.jpeg is not None and content.jpeg.components != 2


def lengths_of(parts, pixels, mode, depth=8, threads=1, metadata=()):
    file = Container(pixels.shape[1], pixels.shape[0], mode, depth, parts, list(metadata))
    data = container.to_bytes(file)
    found = code_lengths.of_file(data, threads)
    assert np.array_equal(found.picture.pixels, pixels)
    assert_adds_up(found, data, sum(len(part.bands) for part in parts))
    return found


def assert_adds_up(found, data, bands=2):
    """The map to the payload of what has pixels, within 0.1 % and what fills up the last bytes; all to the file."""
    assert found.size == len(data)
    with_pixels = [part for part in found.parts if part.bits is not None]
    payload = 8 * sum(part.size for part in with_pixels)
    # What fills up the last bytes is the state of the message: 64 bits at most, of the fitted coder's lanes each.
    lanes = LANES if any(part.coder == "fitted" for part in with_pixels) else 1
    assert found.bits.sum(dtype=np.float64) == pytest.approx(payload, rel=1e-3, abs=64 * bands * lanes)
    for part in with_pixels:
        total = part.bits.sum(dtype=np.float64)
        assert total + part.other == pytest.approx(8 * part.size, rel=1e-5, abs=0.1)
        of_channels = sum(part.channels.values()) + sum(level.net for level in part.latents)
        assert not part.channels or of_channels == pytest.approx(total, rel=1e-5, abs=0.1)
        assert part.bits.min() >= 0 or part.latents


@pytest.mark.parametrize("path", [*filter(has_pixels, sorted(GOLDEN.glob("good-*.bbc")))], ids=lambda path: path.stem)
def test_golden_files_add_up_and_decode_as_ever(path, monkeypatch):
    if "tiny" in path.stem:
        monkeypatch.setenv("BBC_WEIGHTS", str(GOLDEN))
    data = path.read_bytes()
    found = code_lengths.of_file(data)
    pixels = bbans_cli.decompress(data)
    assert np.array_equal(found.picture.pixels, pixels.reshape(found.picture.pixels.shape))
    assert_adds_up(found, data)


def test_neural_names_channels_and_latents(model):
    planes = tiny.picture(90, 70, 3)
    part = neural_coder.encode(planes, 1, threads=1)
    found = lengths_of([part], planes, "rgb", threads=2)
    (part,) = found.parts
    assert (part.coder, part.unit, list(part.channels)) == ("neural", "pixel", ["red", "green", "blue"])
    assert [level.block for level in part.latents] == list(model.blocks)
    assert all(level.prior > level.posterior > 0 for level in part.latents)
    assert 0 <= part.other < 64


def test_neural_bands_lie_below_each_other(least, monkeypatch):
    monkeypatch.setattr(neural_coder, "BAND_PIXELS", 2000)
    planes = tiny.picture(90, 70, 1)
    planes[60:] = 128
    part = neural_coder.encode(planes, 5, threads=1)
    assert len(part.bands) == 4
    bits = lengths_of([part], planes, "grey").bits
    assert bits[66:].mean() < bits[:60].mean() / 3


@pytest.mark.parametrize("channels, names", [(1, ["grey"]), (3, ["red", "green", "blue"])])
def test_fitted_bands_lie_below_each_other(channels, names):
    planes = tiny.picture(150, 300, channels)
    planes[140:, 150:] = 128
    part = fitted_coder.encode(planes, threads=1, max_band_rows=64)
    assert len(part.bands) == 3
    found = lengths_of([part], planes, "grey" if channels == 1 else "rgb")
    (measured,) = found.parts
    assert (measured.coder, measured.unit, list(measured.channels)) == ("fitted", "pixel", names)
    assert found.bits[142:, 160:].mean() < found.bits[142:, :140].mean() / 3
    assert found.bits[142:, 160:].mean() < found.bits[:130, 160:].mean() / 3


@pytest.mark.parametrize("width, channels", [(1, 3), (3, 1), (17, 3)])
def test_coding_order_is_diagonal_by_diagonal(width, channels):
    order = [
        (y, x, c)
        for diagonal in range(width + 4 * 9)
        for c in ((1, 0, 2) if channels == 3 else (0,))
        for y in range(7)
        for x in range(width)
        if x + 4 * y == diagonal
    ]
    placed = coding_order.in_place(np.arange(len(order)), channels, width, 7, skew=4)
    assert [int(placed[at]) for at in order] == list(range(len(order)))


def test_symbols_of_a_sample_are_added():
    """Two rows of one pixel, which lie on diagonals of their own, with two symbols for each of three samples."""
    placed = coding_order.in_place(10 ** np.arange(12), 3, 1, 2, skew=4)
    assert placed.tolist() == [[[1100, 11, 110000]], [[1100000000, 11000000, 110000000000]]]


@pytest.mark.parametrize("width, channels", [(1, 3), (3, 1), (37, 3)])
def test_coding_order_of_the_fitted_coder_is_by_chunks_from_the_left(width, channels):
    order = []
    for diagonal in range(width + 8 * 30):
        pixels = [(y, diagonal - 8 * y) for y in reversed(range(30)) if 0 <= diagonal - 8 * y < width]
        for begin in range(0, len(pixels), 3):
            order += [(*at, c) for c in ((1, 0, 2) if channels == 3 else (0,)) for at in pixels[begin : begin + 3]]
    placed = coding_order.in_place(np.arange(len(order)), channels, width, 30, skew=8, chunk=3, from_left=True)
    assert [int(placed[at]) for at in order] == list(range(len(order)))


def with_outlier(planes, y, x, value):
    changed = planes.copy()
    changed[y, x] = value
    return changed


def test_the_dearest_pixel_is_the_odd_one(least):
    smooth = np.full((60, 80, 3), 120, np.uint8)
    planes = with_outlier(smooth, 41, 30, (250, 3, 90))
    bits = lengths_of([neural_coder.encode(planes, 5, threads=1)], planes, "rgb").bits
    assert np.unravel_index(bits.argmax(), bits.shape) == (41, 30)
    bits = lengths_of([context_mixing.encode(FEW_COLOURS, planes, 8)], planes, "rgb").bits
    assert np.unravel_index(bits.argmax(), bits.shape) == (41, 30)
    planes = with_outlier(mixing_pictures.hills(60, 80), 20, 50, 65_000)
    found = lengths_of([context_mixing.encode(DEEP, planes, 16)], planes, "grey", 16)
    assert np.unravel_index(found.bits.argmax(), found.bits.shape) == (20, 50)
    assert found.parts[0].channels.keys() == {"grey"}


def test_few_colours_are_pixels_of_all_channels_and_bands(monkeypatch):
    monkeypatch.setattr(context_mixing, "BAND_PIXELS", 3000)
    planes = mixing_pictures.screen(channels=4)
    part = context_mixing.encode(FEW_COLOURS, planes, 8, threads=2)
    assert len(part.bands) == 4
    (part,) = lengths_of([part], planes, "rgba", threads=2).parts
    assert list(part.channels) == ["red+green+blue+alpha"]


def test_deep_samples_and_alpha_have_names(least):
    planes = mixing_pictures.hills(40, 50, 3)
    alpha = mixing_pictures.noise(16, 40, 50)
    colour = neural_coder.encode(planes, 1, threads=1)
    clear = context_mixing.encode(FEW_COLOURS, alpha, 16, known=planes)
    found = lengths_of([colour, clear], np.concatenate([planes, alpha], axis=2), "rgba", 16)
    assert [list(part.channels) for part in found.parts] == [["red", "green", "blue"], ["alpha"]]


def test_grey_that_is_stored_for_three_channels(least):
    grey = tiny.picture(20, 30, 1)
    alpha = np.full((20, 30, 1), 9, np.uint8)
    parts = [neural_coder.encode(grey, 1, threads=1), raw.encode(alpha, 8)]
    found = lengths_of(parts, np.concatenate([np.repeat(grey, 3, axis=2), alpha], axis=2), "rgba")
    assert [list(part.channels) for part in found.parts] == [["grey"], ["alpha"]]
    assert [part.unit for part in found.parts] == ["pixel", "part"] and not found.foreign


def test_foreign_coders_are_one_value_for_the_whole_part():
    planes = mixing_pictures.noise(8, 20, 30, 3)
    for part in (raw.encode(planes, 8), webp.encode(planes, 1 << 20)):
        found = lengths_of([part], planes, "rgb", metadata=[(19, b"tEXtabc")])
        assert found.foreign and found.parts[0].unit == "part" and len(np.unique(found.bits)) == 1
        assert found.bits.sum(dtype=np.float64) == pytest.approx(8 * found.parts[0].size, rel=1e-6)
        assert found.metadata > 9


def test_parts_of_a_region_add_to_what_lies_below():
    planes = mixing_pictures.screen(40, 50)
    below = raw.encode(np.zeros_like(planes), 8)
    patch = context_mixing.encode(FEW_COLOURS, planes[10:30, 20:45], 8)
    above = Part(**{**vars(patch), "region": Region(20, 10, 25, 20)})
    whole = np.zeros_like(planes)
    whole[10:30, 20:45] = planes[10:30, 20:45]
    bits = lengths_of([below, above], whole, "rgb").bits
    assert bits[:10].sum() < 9 and bits[10:30, 20:45].sum() > 100


@pytest.mark.parametrize("channels, subsampled", [(1, (False, False)), (3, (True, True)), (3, (True, False))])
def test_coefficients_are_values_of_blocks(channels, subsampled):
    jpeg = made_jpeg.made_coefficients(50, 70, channels, subsampled)
    pixels = jpeg_coder.decoded_samples(jpeg, 70, 50)
    found = lengths_of([jpeg_coder.encode(pixels, jpeg)], pixels, "rgb" if channels == 3 else "grey")
    (part,) = found.parts
    assert part.unit == "block" and list(part.channels) == ["Y", "Cb", "Cr"][:channels]
    side = 8 * (1 + subsampled[0])
    assert len(np.unique(found.bits[:8, :side])) <= 2 and len(np.unique(found.bits)) > 9


def test_corrections_lie_where_pixels_were_wrong():
    jpeg = made_jpeg.made_coefficients(50, 70, 3, (False, False))
    pixels = jpeg_coder.decoded_samples(jpeg, 70, 50)
    pixels[43, 66] ^= 5
    (part,) = lengths_of([jpeg_coder.encode(pixels, jpeg)], pixels, "rgb").parts
    assert part.channels["corrections"] > 8
    inside = part.bits[40:48, 64:70]
    assert np.unravel_index(inside.argmax(), inside.shape) == (3, 2)


def test_blocks_beyond_the_picture_count_to_those_at_its_border():
    blocks = np.arange(12.0).reshape(3, 4)
    shared = block_areas.spread(blocks, 11, 17, 8, 8)
    assert shared.sum() == pytest.approx(66)
    assert shared[0, 16] == pytest.approx((blocks[0, 2] + blocks[0, 3]) / 8)
    assert shared[10, 0] == pytest.approx((blocks[1, 0] + blocks[2, 0]) / 24)
    wide = block_areas.spread(blocks[:, :1], 24, 40, 32 / 3, 8)
    assert wide.sum() == pytest.approx(blocks[:, 0].sum(), rel=1e-6)


@pytest.mark.parametrize("level", [1, 5, 9])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_jpeg_file(level, subsampling):
    planes = jpeg_pictures.photo(70, 90)
    out = io.BytesIO()
    exif = Image.Exif()
    exif[270] = "x" * 300
    Image.fromarray(planes).save(out, "JPEG", quality=90, subsampling=subsampling, exif=exif)
    data = container.to_bytes(jpeg_levels.encode(out.getvalue(), level))
    found = code_lengths.of_file(data, threads=2)
    assert_adds_up(found, data)
    assert found.kind == "jpeg" and [part.coder for part in found.parts] == ["bytes", "jpeg-stream"]
    assert found.parts[0].bits is None and list(found.parts[1].channels) == ["Y", "Cb", "Cr"]
    assert np.array_equal(found.picture.pixels, bbans_cli.decompress(data))


def test_a_jpeg_file_that_was_only_stored():
    out = io.BytesIO()
    Image.fromarray(jpeg_pictures.photo(30, 40)).save(out, "JPEG", quality=90)
    stored, _ = _stored_as_bytes(out.getvalue())
    found = code_lengths.of_file(stored)
    assert_adds_up(found, stored)
    assert found.kind == "file" and found.foreign
    with pytest.raises(InputError, match="without pixels"):
        code_lengths.of_file(_stored_as_bytes(b"no picture")[0])


def _stored_as_bytes(data):
    from bbans_cli.coders.files import file_coder

    packed = file_coder.pack_tree(file_coder.Node(gaps=[data]))
    import zlib

    part = container.FilePart(container.BYTES, b"", packed)
    return container.to_bytes(container.StoredFile(len(data), zlib.crc32(data), None, [part])), packed


def test_totals_are_json_of_all_that_the_file_is(least):
    planes = tiny.picture(20, 30, 3)
    found = lengths_of([neural_coder.encode(planes, 9, threads=1)], planes, "rgb")
    totals = found.totals()
    assert totals["metadata_bits"] == 0
    (part,) = totals["parts"]
    assert totals["header_bits"] + part["bits"] == 8 * found.size
    spent = sum(part["channels"].values()) + sum(level["net"] for level in part["latents"]) + part["other_bits"]
    assert spent == pytest.approx(part["bits"], abs=0.01)


def test_damage_is_an_error(least):
    planes = tiny.picture(20, 20, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    broken = Part(**{**vars(part), "bands": [Band(part.bands[0].payload, part.bands[0].split, 0)]})
    with pytest.raises(CorruptError, match="checksum"):
        code_lengths.of_file(container.to_bytes(Container(20, 20, "rgb", 8, [broken])))
