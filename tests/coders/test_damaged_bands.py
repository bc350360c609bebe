"""Damaged pictures, read as far as they hold: rows that are not named as lost are right, the others grey."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
from jpeg_pictures import photo
from sample_pictures import picture

import bbans_cli
from bbans_cli import api, container
from bbans_cli.coders import context_mixing, decode_picture, encode_picture, raw, webp
from bbans_cli.coders.fitted import coder as fitted_coder
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.container import DEEP, FEW_COLOURS, Container, Damage, LostRows, Region
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import CorruptError, TruncatedError
from bbans_cli.pictures.picture import from_array

ROWS, BANDS = 8, 3
HEIGHT = ROWS * BANDS - 3
RGB, GREY = tiny.picture(HEIGHT, 20, 3), tiny.picture(HEIGHT, 20, 1)
DEEP_GREY = tiny.deep_picture(HEIGHT, 20, 1, 6)
CODERS = {
    "neural": (RGB, lambda planes: neural_coder.encode(planes, 5, 1, max_band_rows=ROWS)),
    "fitted": (RGB, lambda planes: fitted_coder.encode(planes, 1, max_band_rows=ROWS, quick=True)),
    "few-colours": (RGB, lambda planes: context_mixing.encode(FEW_COLOURS, planes, 8, band_rows=ROWS)),
    "deep": (DEEP_GREY, lambda planes: context_mixing.encode(DEEP, planes, 16, band_rows=ROWS)),
    "raw": (GREY, lambda planes: raw.encode(planes, 8, band_rows=ROWS)),
}


def damaged(part, *numbers):
    """The part with a bit flipped in the payloads of some bands."""
    bands = list(part.bands)
    for number in numbers:
        payload = bytearray(bands[number].payload)
        payload[len(payload) // 2] ^= 0x10
        bands[number] = bands[number]._replace(payload=bytes(payload))
    return replace(part, bands=bands)


def of(parts, mode="rgb", depth=8, metadata=(), size=(20, HEIGHT)):
    return container.to_bytes(Container(*size, mode, depth, list(parts), list(metadata)))


def salvaged(data, threads=1):
    picture, damage = api.PictureCodec().salvage(data, threads)
    return picture, damage.words()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", CODERS)
def test_one_band_of_three(name, threads, least):
    pixels, encode = CODERS[name]
    part = encode(pixels)
    mode, grey = "rgb" if pixels.shape[2] == 3 else "grey", 1 << part.depth - 1
    assert len(part.bands) == BANDS
    for number in range(BANDS):
        data = of([damaged(part, number)], mode, part.depth)
        with pytest.raises(CorruptError):
            bbans_cli.decompress(data)
        found, words = salvaged(data, threads)
        first, end = number * ROWS, min(HEIGHT, (number + 1) * ROWS)
        assert words == [f"rows {first}:{end} are lost"]
        assert np.all(found.pixels[first:end] == grey)
        expected = np.array(pixels)
        expected[first:end] = grey
        assert np.array_equal(found.pixels, expected)


@pytest.mark.parametrize("name", CODERS)
def test_every_truncation(name, least):
    """Bands that the file has in full hold, and no others."""
    pixels, encode = CODERS[name]
    part = encode(pixels)
    data = of([part], "rgb" if pixels.shape[2] == 3 else "grey", part.depth)
    ends = np.cumsum([len(band.payload) for band in part.bands])
    front = len(data) - ends[-1]
    for size in range(0, len(data), 7 if name in ("raw", "fitted") else 41):
        if size < front + len(part.bands[0].payload):
            with pytest.raises(TruncatedError):
                salvaged(data[:size])
            continue
        found, words = salvaged(data[:size])
        whole = min(HEIGHT, ROWS * int(np.sum(ends <= size - front)))
        assert words == [f"rows {whole}:{HEIGHT} are lost"]
        assert np.array_equal(found.pixels[:whole], pixels[:whole])


def test_what_is_not_damaged_is_decoded_as_ever():
    for mode, depth in (("rgba", 8), ("palette", 4), ("grey", 16), ("rgb", 16)):
        source = picture(mode, depth, height=40, width=21)
        data = container.to_bytes(encode_picture.encode(source, 1, band_rows=8))
        found, words = salvaged(data)
        assert words == [] and np.array_equal(found.pixels, source.pixels) and found.items() == source.items()


def test_alpha_alone_is_opaque_and_named():
    alpha = (RGB[:, :, :1] // 64 * 85).astype(np.uint8)
    colour = raw.encode(RGB, 8, band_rows=ROWS)
    part = context_mixing.encode(FEW_COLOURS, alpha, 8, known=RGB, band_rows=ROWS)
    found, words = salvaged(of([colour, damaged(part, 1)], "rgba"))
    assert words == ["rows 8:16 of alpha are lost"]
    assert np.array_equal(found.pixels[:, :, :3], RGB) and np.all(found.pixels[8:16, :, 3] == 255)
    assert np.array_equal(found.pixels[16:, :, 3:], alpha[16:])


def test_alpha_that_was_coded_with_lost_colours_is_lost_too():
    alpha = (RGB[:, :, :1] // 64 * 85).astype(np.uint8)
    colour = raw.encode(RGB, 8, band_rows=ROWS)
    part = context_mixing.encode(FEW_COLOURS, alpha, 8, known=RGB, band_rows=ROWS)
    found, words = salvaged(of([damaged(colour, 2), part], "rgba"))
    assert words == ["rows 16:21 of alpha are lost", "rows 16:21 of red, green, blue are lost"]
    assert np.all(found.pixels[16:] == [128, 128, 128, 255])


def test_grey_that_stands_for_colour():
    part = raw.encode(np.concatenate([GREY, GREY], axis=2), 8, band_rows=ROWS)
    found, words = salvaged(of([damaged(part, 0)], "rgba"))
    assert words == ["rows 0:8 are lost"] and np.all(found.pixels[:8] == [128, 128, 128, 255])


@pytest.mark.parametrize(
    ("mode", "depth", "items", "expected"),
    [
        ("palette", 8, [(kinds.PALETTE, bytes(768))], [0]),
        ("palette", 8, [(kinds.ORDER, b""), (kinds.PALETTE, bytes([9] * 3 + [1] * 3))], [0]),
        ("grey", 8, [], [128]),
        ("grey", 16, [], [1 << 15]),
        ("grey", 10, [(kinds.MAXIMUM, b"\xe8\x07")], [500]),
        ("grey", 1, [], [1]),
        ("cmyk", 8, [], [0, 0, 0, 128]),
        ("grey+alpha", 16, [], [1 << 15, 65535]),
    ],
)
def test_what_lost_rows_are(mode, depth, items, expected):
    coded = 16 if depth > 8 else depth
    pixels = np.zeros((HEIGHT, 20, len(expected)), np.uint16 if depth > 8 else np.uint8)
    pixels[::2, ::3] = 1
    part = raw.encode(pixels, coded, thorough=False, band_rows=ROWS)
    found, words = salvaged(of([damaged(part, 1)], mode, depth, items))
    assert words == ["rows 8:16 are lost"] and np.all(found.pixels[8:16] == expected)


def test_a_list_of_values_gives_the_one_that_is_nearest_above():
    values = [(kinds.VALUES, b"\x64\xe7\x07\xf4\x03")]  # 100, 1100, 1601
    part = raw.encode((GREY // 100).astype(np.uint8), 8, band_rows=ROWS)
    found, words = salvaged(of([damaged(part, 0)], "grey", 11, values))
    assert words == ["rows 0:8 are lost"] and np.all(found.pixels[:8] == 1100)


def with_damaged_metadata(data):
    size = container.metadata_bytes(data)
    payloads = container.picture_from_bytes(data).parts[0].bands
    at = len(data) - sum(len(band.payload) for band in payloads) - size // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_damaged_metadata():
    part = raw.encode(GREY, 8)
    data = with_damaged_metadata(of([part], "grey", 8, [(kinds.XMP, b"<x:xmpmeta/>")]))
    found, words = salvaged(data)
    assert words == ["the metadata are lost"] and np.array_equal(found.pixels, GREY) and found.metadata == []
    with pytest.raises(CorruptError, match=r"^corrupt metadata: .*; the metadata are lost; all rows hold$"):
        api.PictureCodec().verify_file(data, 1)
    part = raw.encode(GREY // 16, 4)
    found, words = salvaged(with_damaged_metadata(of([part], "palette", 4, [(kinds.PALETTE, bytes(range(48)))])))
    assert words == ["the metadata are lost", "the palette is lost: its indices are shown as grey"]
    assert found.palette[-6:] == b"\xee" * 3 + b"\xff" * 3 and np.array_equal(found.pixels, GREY // 16)
    part = raw.encode(GREY // 100, 8)
    found, words = salvaged(with_damaged_metadata(of([part], "grey", 11, [(kinds.VALUES, b"\x64\xe7\x07\xf4\x03")])))
    assert words[1] == "the list of values is lost: samples are the numbers of their values"
    assert found.pixels.dtype == np.uint16 and np.array_equal(found.pixels, GREY // 100)


def test_a_lost_region_says_which_columns():
    whole = raw.encode(RGB, 8)
    inner = replace(raw.encode(RGB[:10, :5], 8, band_rows=5), region=Region(3, 6, 5, 10))
    found, words = salvaged(of([whole, damaged(inner, 1)], "rgb"))
    assert words == ["rows 11:16 in columns 3:8 are lost"]
    expected = np.array(RGB)
    expected[6:16, 3:8] = RGB[:10, :5]
    expected[11:16, 3:8] = 128
    assert np.array_equal(found.pixels, expected)


def test_a_part_of_one_band_is_lost_as_a_whole():
    part = webp.encode(RGB, 1 << 20)
    found, words = salvaged(of([damaged(part, 0)]))
    assert words == [f"rows 0:{HEIGHT} are lost"] and np.all(found.pixels == 128)


def test_some_rows_of_a_damaged_picture():
    data = of([damaged(raw.encode(RGB, 8, band_rows=ROWS), 0, 1)])
    content, damage = container.picture_from_bytes(data), Damage()
    found, _ = decode_picture.decode_rows(content, (14, 20), damage=damage)
    assert damage.rows == [LostRows(14, 16)]
    assert np.array_equal(found.pixels[2:], RGB[16:20]) and np.all(found.pixels[:2] == 128)


def test_bands_side_by_side_are_one_range():
    data = of([damaged(raw.encode(RGB, 8, band_rows=2), 1, 2, 3, 7)])
    result = bbans_cli.salvage(data)
    assert result.lost == [LostRows(2, 8), LostRows(14, 16)]
    assert result.words == ["rows 2:8 are lost", "rows 14:16 are lost"]
    assert np.array_equal(result.pixels[:2], RGB[:2])


def test_the_python_function_takes_paths_and_bytes_behind_the_end(tmp_path):
    data = bbans_cli.compress(photo(30, 20), level=1)
    (tmp_path / "a.bbc").write_bytes(data + b"??")
    result = bbans_cli.salvage(tmp_path / "a.bbc")
    assert result.words == ["2 bytes after the end were ignored"] and result.lost == []
    assert np.array_equal(result.pixels, photo(30, 20))
    with pytest.raises(CorruptError, match="header"):
        bbans_cli.salvage(data[:8] + b"\0" + data[9:])


def test_verify_names_the_rows():
    part = raw.encode(RGB, 8, band_rows=ROWS)
    with pytest.raises(CorruptError, match=r"^corrupt: .*; rows 8:16 are lost$"):
        api.PictureCodec().verify_file(of([damaged(part, 1)]), 1)
    with pytest.raises(TruncatedError, match=r"^truncated: need .* of band 2, have .*; rows 16:21 are lost$"):
        api.PictureCodec().verify_file(of([part])[:-3], 1)


def test_decompress_says_what_was_lost_and_keeps_its_bytes():
    part = raw.encode(RGB, 8, band_rows=ROWS)
    codec = api.PictureCodec(keep_going=True)
    outcome = codec.decompress_file(of([damaged(part, 1)]), "ppm", 1)
    assert outcome.damage.rows == [LostRows(8, 16)] and outcome.lossy
    assert outcome.data.endswith(RGB[16:].tobytes())
    assert not codec.decompress_file(of([part]), "ppm", 1).damage
    with pytest.raises(CorruptError, match="no row of the picture holds$"):
        codec.decompress_file(of([damaged(part, 0, 1, 2)]), "ppm", 1)
    assert api.PictureCodec().holds_in_part(of([damaged(part, 1)]))
    assert not api.PictureCodec().holds_in_part(of([raw.encode(RGB, 8)]))


def test_stacks_are_read_on_too():
    pages = np.stack([RGB[:10], RGB[10:20]])
    content = encode_picture.encode(from_array(pages), 1, band_rows=5)
    data = container.to_bytes(replace(content, parts=[damaged(content.parts[0], len(content.parts[0].bands) - 1)]))
    result = bbans_cli.salvage(data)
    assert result.pixels.shape == (2, 10, 20, 3) and np.array_equal(result.pixels[0], pages[0])
    assert result.lost[0].end == 20
