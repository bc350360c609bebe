"""The codec of Zarr: chunks of every shape and type, formats 2 and 3, other processes."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from numcodecs.registry import get_codec
from PIL import Image

import bbans_cli
from bbans_cli.errors import BbcError, CorruptError
from bbans_cli.zarr import chunks
from bbans_cli.zarr.chunks import Settings, decode, encode, layout
from bbans_cli.zarr.format2 import Bbc

pytest.importorskip("zarr.abc.codec", reason="Zarr 3 needs Python 3.11")
from bbans_cli.zarr.format3 import BbcCodec  # noqa: E402

DTYPES = ["|b1", "|u1", "|i1", "<u2", ">u2", "<i2", ">i2"]


def samples(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Waves with noise, over the whole range of the type."""
    rng = np.random.default_rng(0)
    waves = 0.5 + 0.4 * np.sin(np.arange(np.prod(shape)) / 9).reshape(shape) + rng.normal(0, 0.02, shape)
    if np.dtype(dtype).kind == "b":
        return waves > 0.5
    limits = np.iinfo(dtype)
    return (limits.min + waves.clip(0, 1) * (limits.max - limits.min)).astype(dtype)


SHAPES = [
    ((5, 7), "auto", (5, 7)),
    ((5, 7, 1), "auto", (5, 7, 1)),
    ((5, 7, 2), "auto", (5, 7, 2)),
    ((5, 7, 3), None, (35, 3)),
    ((4, 5, 7), "auto", (20, 7)),
    ((2, 3, 5, 7), "auto", (30, 7)),
    ((2, 5, 7, 4), "auto", (10, 7, 4)),
    ((3, 5, 7), -3, (5, 7, 3)),
    ((2, 2, 4, 5, 7), -3, (20, 7, 4)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axis, picture", SHAPES)
def test_chunks_come_back(shape: tuple[int, ...], axis: int | str | None, picture: tuple[int, ...], dtype: str) -> None:
    array = samples(shape, dtype)
    assert layout(shape, array.dtype, axis).picture == picture
    data = encode(array, Settings(1, axis))
    found = chunks.decode_as(data, layout(shape, array.dtype, axis))
    assert found.dtype == array.dtype and np.array_equal(found, array)
    assert bbans_cli.decompress(data).shape == (picture if picture[2:] != (1,) else picture[:2])


def test_what_says_nothing_new_takes_no_bytes() -> None:
    array = samples((16, 24, 3), "|u1")
    assert encode(array, Settings(1)) == bbans_cli.compress(array, level=1)


@pytest.mark.parametrize(
    "shape, dtype, axis, reason",
    [
        ((5, 7), "f4", "auto", "integers of 8 and 16 bits, not float32"),
        ((5, 7), "u4", "auto", "not uint32"),
        ((7,), "u1", "auto", "at least 2 axes"),
        ((5, 7, 5), "u1", -1, "1 to 4 channels on axis -1"),
        ((5, 7), "u1", -3, "at least 3 axes"),
        ((30_000, 30_000), "u1", "auto", "above the limit"),
    ],
)
def test_what_is_no_picture_is_refused_when_the_array_is_created(
    shape: tuple[int, ...], dtype: str, axis: int | str | None, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        layout(shape, np.dtype(dtype), axis)
    with pytest.raises(ValueError, match=reason):
        zarr.create_array({}, shape=shape, chunks=shape, dtype=dtype, serializer=BbcCodec(1, axis), compressors=None)


@pytest.mark.parametrize("codec", [Bbc, BbcCodec])
def test_settings_that_do_not_exist(codec: type) -> None:
    with pytest.raises(ValueError, match="level 3"):
        codec(level=3)
    with pytest.raises(ValueError, match="channel_axis"):
        codec(channel_axis=2)
    with pytest.raises(ValueError, match="threads is 0 to 1024"):
        codec(threads=-1)
    with pytest.raises(ValueError, match="threads is 0 to 1024"):
        codec(threads=1025)
    with pytest.raises(TypeError, match="threads is an integer"):
        codec(threads="2")


@pytest.mark.parametrize("threads", [0, 65])
def test_any_number_of_threads(threads: int) -> None:
    array = samples((5, 7, 3), "|u1")
    assert np.array_equal(Bbc(1, threads=threads).decode(Bbc(1, threads=threads).encode(array)), array)
    given = {"serializer": BbcCodec(1, threads=threads), "compressors": None}
    stored = zarr.create_array({}, shape=array.shape, chunks=array.shape, dtype="u1", **given)
    stored[:] = array
    assert np.array_equal(stored[:], array)


def test_format_2_refuses_when_the_first_chunk_is_written() -> None:
    array = zarr.create_array({}, shape=(4, 4), dtype="f4", zarr_format=2, compressors=Bbc(1), filters=None)
    with pytest.raises(ValueError, match="not float32"):
        array[:] = 1


@pytest.mark.parametrize("dtype", ["|u1", ">i2"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape, part", [((20, 30, 3), (16, 16, 3)), ((3, 9, 10), (2, 9, 10)), ((12, 13), (12, 8))])
def test_arrays_of_format_2(shape: tuple[int, ...], part: tuple[int, ...], order: str, dtype: str) -> None:
    store, array = {}, samples(shape, dtype)
    given = {"zarr_format": 2, "compressors": Bbc(1), "filters": None, "order": order}
    zarr.create_array(store, shape=shape, chunks=part, dtype=dtype, **given)[:] = array
    opened = zarr.open_array(store, mode="r")
    assert np.array_equal(opened[:], array) and np.array_equal(opened[2:, 3:8], array[2:, 3:8])
    assert repr(opened.metadata.compressor) == "Bbc(level=1, channel_axis='auto')"


@pytest.mark.parametrize("dtype", ["|b1", "|u1", ">i2"])
@pytest.mark.parametrize("shards", [None, (32, 32, 3)])
def test_arrays_of_format_3(shards: tuple[int, ...] | None, dtype: str) -> None:
    store, array = {}, samples((40, 50, 3), dtype)
    given = {"serializer": BbcCodec(1), "compressors": None, "shards": shards}
    zarr.create_array(store, shape=array.shape, chunks=(16, 16, 3), dtype=dtype, **given)[:] = array
    opened = zarr.open_array(store, mode="r")
    assert np.array_equal(opened[:], array) and np.array_equal(opened[5:9, 30:], array[5:9, 30:])


def test_metadata_hold_what_decides_bytes_and_no_more() -> None:
    codec = BbcCodec(9, -3, threads=4, verify=False)
    said = {"name": "bbc", "configuration": {"level": 9, "channel_axis": -3}}
    assert json.loads(json.dumps(codec.to_dict())) == said
    assert BbcCodec.from_dict(said) == BbcCodec(9, -3) and BbcCodec.from_dict({"name": "bbc"}) == BbcCodec()
    assert Bbc(9, None, threads=2).get_config() == {"id": "bbc", "level": 9, "channel_axis": None}
    assert get_codec({"id": "bbc", "level": 1}) == Bbc(1)


def test_numcodecs_decodes_into_a_buffer() -> None:
    array = samples((6, 8), "<u2")
    out = np.empty_like(array)
    Bbc(1).decode(Bbc(1).encode(array), out)
    assert np.array_equal(out, array)


def test_a_process_that_never_imported_us_reads_both_formats(tmp_path: Path) -> None:
    array = samples((20, 30, 3), "|u1")
    v2 = {"zarr_format": 2, "compressors": Bbc(1), "filters": None}
    v3 = {"serializer": BbcCodec(1), "compressors": None}
    for name, given in (("a.zarr", v2), ("b.zarr", v3)):
        zarr.create_array(tmp_path / name, shape=array.shape, chunks=(16, 16, 3), dtype="u1", **given)[:] = array
    np.save(tmp_path / "a.npy", array)
    code = """
import sys, numpy, zarr
for name in ("a.zarr", "b.zarr"):
    assert "bbans_cli" not in sys.modules or name == "b.zarr"
    assert numpy.array_equal(zarr.open_array(name, mode="r")[:], numpy.load("a.npy"))
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_damage_is_an_error_of_ours() -> None:
    data = encode(samples((6, 8), ">i2"), Settings(1))
    for place in range(0, len(data), 5):
        wrong = bytearray(data)
        wrong[place] ^= 0x55
        with pytest.raises(BbcError):
            decode(bytes(wrong))
    for shape, dtype in (((6, 9), ">i2"), ((8, 6), ">i2"), ((6, 8), "u1"), ((6, 8), "<u2")):
        with pytest.raises(BbcError, match="a chunk of|pixels, above the limit of 48|pixels, above the limit of 54"):
            chunks.decode_as(data, layout(shape, np.dtype(dtype)))


def others() -> dict[str, bytes]:
    """Files of as many samples as a chunk (20, 30, 3) of uint8."""
    from bbans_cli import api
    from bbans_cli.pictures.picture import from_array

    jpeg, one = io.BytesIO(), samples((20, 30, 3), "|u1")
    Image.fromarray(one).save(jpeg, "JPEG")
    palette = replace(from_array(samples((60, 30), "|u1") % 2), mode="palette", palette=bytes(6))
    return {
        "turned": encode(samples((30, 20, 3), "|u1"), Settings(1)),
        "grey": encode(samples((60, 30), "|u1"), Settings(1)),
        "grey, wide": encode(samples((20, 90), "|u1"), Settings(1)),
        "a palette": api.PictureCodec(1).compress(palette, 1),
        "16 bits": encode(samples((20, 30, 3), "<u2"), Settings(1)),
        "signed": encode(samples((20, 30, 3), "|i1"), Settings(1)),
        "YCbCr": bbans_cli.compress(Image.fromarray(one, "RGB").convert("YCbCr"), level=1),
        "a JPEG file": bbans_cli.compress(jpeg.getvalue(), level=1),
    }


@pytest.mark.parametrize("name", others())
def test_files_of_other_chunks_are_refused_in_format_3(name: str) -> None:
    store: dict = {}
    given = {"serializer": BbcCodec(1), "compressors": None}
    zarr.create_array(store, shape=(20, 30, 3), chunks=(20, 30, 3), dtype="u1", **given)[:] = samples(
        (20, 30, 3), "|u1"
    )
    store["c/0/0/0"] = type(store["c/0/0/0"]).from_bytes(others()[name])
    with pytest.raises(CorruptError, match="a chunk"):
        zarr.open_array(store, mode="r")[:]


def test_samples_other_than_0_and_1_are_no_bools() -> None:
    with pytest.raises(CorruptError, match="where the array has .* bool"):
        chunks.decode_as(encode(samples((5, 7), "|u1"), Settings(1)), layout((5, 7), np.dtype("b1")))


def test_a_jpeg_file_is_no_chunk_of_format_2() -> None:
    with pytest.raises(CorruptError, match="a chunk that holds a file"):
        Bbc(1).decode(others()["a JPEG file"])


def test_five_of_the_last_axis_are_the_width() -> None:
    array = samples((20, 30, 5), "|u1")
    assert layout((16, 16, 5), array.dtype).picture == (256, 5)
    for given in ({"serializer": BbcCodec(1), "compressors": None}, {"zarr_format": 2, "compressors": Bbc(1)}):
        stored = zarr.create_array({}, shape=array.shape, chunks=(16, 16, 5), dtype="u1", filters="auto", **given)
        stored[:] = array
        assert np.array_equal(stored[:], array)


@pytest.mark.parametrize(
    "words", ["<i2 0 6,9", "<f4 0 6,8", "<i2 x 6,8", "<i2 0", "<i2 -3 6,8", "|i1 0 6,8", "<i2 0 -6,-8"]
)
def test_false_words_about_a_chunk_are_damage(words: str) -> None:
    from bbans_cli import api
    from bbans_cli.container import metadata as kinds
    from bbans_cli.pictures.picture import from_array

    picture = from_array(samples((6, 8), "<u2"))
    picture.metadata.append((kinds.CHUNK, chunks.ITEM + words.encode()))
    with pytest.raises(CorruptError, match="chunk of an array"):
        decode(api.PictureCodec(1).compress(picture, 1))
