"""Wrong arguments of the Python functions are TypeErrors and ValueErrors that say what is right, before any work."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

import bbans_cli
import bbans_cli.pillow
from bbans_cli.errors import BbcError, InputError, LimitError

ARRAY = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
DATA = bbans_cli.compress(ARRAY, level=1)
DECODING = [bbans_cli.decompress, bbans_cli.restore, bbans_cli.salvage, bbans_cli.code_lengths, bbans_cli.thumbnail]
READING = [*DECODING, bbans_cli.header, bbans_cli.preview]


def refused(kind: type[Exception], said: str, call: Callable[[], object]) -> None:
    with pytest.raises(kind, match=said) as caught:
        call()
    assert type(caught.value) is kind and not isinstance(caught.value, BbcError)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"level": 2}, ValueError, "level 2 is not 1, 5 or 9"),
        ({"level": "5"}, ValueError, "level '5' is not"),
        ({"threads": -1}, ValueError, "threads is 0 to 1024, not -1"),
        ({"threads": 1025}, ValueError, "threads is 0 to 1024, not 1025"),
        ({"threads": "2"}, TypeError, "threads is an integer, not str"),
        ({"preview": -1}, ValueError, "preview is 0 to 4096, not -1"),
        ({"preview": 4097}, ValueError, "preview is 0 to 4096, not 4097"),
        ({"preview": 1.5}, TypeError, "preview is an integer, not float"),
        ({"band_rows": -1}, ValueError, "band_rows is at least 0, not -1"),
        ({"band_rows": 1.5}, TypeError, "band_rows is an integer"),
        ({"max_pixels": -1}, ValueError, "max_pixels is at least 0"),
        ({"max_pixels": None}, TypeError, "max_pixels is an integer"),
        ({"max_memory": -1}, ValueError, "max_memory is at least 0"),
        ({"max_memory": "1G"}, TypeError, "max_memory is an integer"),
    ],
)
def test_arguments_of_compress(given: dict, kind: type[Exception], said: str) -> None:
    refused(kind, said, lambda: bbans_cli.compress(ARRAY, **given))


@pytest.mark.parametrize("read", DECODING)
@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"threads": -1}, ValueError),
        ({"threads": 1025}, ValueError),
        ({"threads": 2.0}, TypeError),
        ({"max_pixels": -1}, ValueError),
        ({"max_memory": -1}, ValueError),
        ({"max_memory": 1.5}, TypeError),
    ],
)
def test_limits_of_decoding(read: Callable, given: dict, kind: type[Exception]) -> None:
    refused(kind, next(iter(given)), lambda: read(DATA, **given))


@pytest.mark.parametrize("read", READING)
@pytest.mark.parametrize("source", [5, [1, 2], None, 3.5, io.BytesIO(DATA)])
def test_what_is_neither_path_nor_bytes(read: Callable, source: object) -> None:
    refused(TypeError, f"source is a path or bytes, not {type(source).__name__}", lambda: read(source))


@pytest.mark.parametrize("read", READING)
@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: np.frombuffer(data, np.uint8)])
def test_everything_that_has_bytes_is_taken(read: Callable, kind: Callable) -> None:
    read(kind(DATA))


@pytest.mark.parametrize("source", [None, 5, open, io.BytesIO(DATA)])
def test_what_is_no_array_either(source: object) -> None:
    refused(TypeError, f"not {type(source).__name__}", lambda: bbans_cli.compress(source))


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (range(3, 9), TypeError),
        ((0, 1, 2), TypeError),
        ((1,), TypeError),
        (5, TypeError),
        ("ab", TypeError),
        (slice(1, 5), TypeError),
        ((0.0, 2.0), TypeError),
        ((None, 5), TypeError),
        ((3, 3), ValueError),
        ((-3, 5), ValueError),
    ],
)
def test_rows_that_are_no_pair_of_rows(rows: object, kind: type[Exception]) -> None:
    refused(kind, "row", lambda: bbans_cli.decompress(DATA, rows=rows))


def test_rows_are_a_pair() -> None:
    for rows, expected in (((3, 9), ARRAY[3:9]), ([3, 9], ARRAY[3:9]), ((3, None), ARRAY[3:])):
        assert np.array_equal(bbans_cli.decompress(DATA, rows=rows), expected)
    with pytest.raises(InputError, match="20 rows"):  # that is about the picture
        bbans_cli.decompress(DATA, rows=(0, 21))


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"size": 0}, ValueError, "size is at least 1, not 0"),
        ({"size": -1}, ValueError, "size is at least 1"),
        ({"size": 2.5}, TypeError, "size is an integer"),
        ({"file_format": "jpeg"}, ValueError, "file_format 'jpeg' is not one of png, webp, jpg"),
        ({"file_format": 5}, ValueError, "file_format 5 is not one of"),
    ],
)
def test_arguments_of_thumbnail(given: dict, kind: type[Exception], said: str) -> None:
    refused(kind, said, lambda: bbans_cli.thumbnail(DATA, **given))


def test_arrays_of_more_pixels_are_refused_before_they_are_coded() -> None:
    for verify in (False, True):
        with pytest.raises(LimitError, match="30x20 is 600 pixels, above the limit of 599"):
            bbans_cli.compress(ARRAY, max_pixels=599, verify=verify)


@pytest.mark.parametrize(("most", "said"), [(0, "0 bytes"), (1, "1 byte"), (1 << 20, "1 MiB")])
def test_limits_of_memory_are_said_as_they_are(most: int, said: str) -> None:
    with pytest.raises(LimitError, match=f"above the limit of {said}; --max-memory sets it"):
        bbans_cli.compress(ARRAY, max_memory=most)


def pillow_images() -> list[Image.Image]:
    rgb = Image.fromarray(ARRAY)
    palette = rgb.quantize(7)
    see_through = palette.copy()
    see_through.info["transparency"] = bytes([0, 255, 7])
    deep = Image.fromarray(ARRAY[:, :, 0].astype(np.uint16) * 200)
    described = rgb.copy()
    described.info.update(icc_profile=b"a profile", dpi=(300, 300))
    converted = [rgb.convert(mode) for mode in ("1", "L", "LA", "RGBA", "CMYK", "YCbCr", "LAB")]
    return [palette, see_through, deep, described, *converted, rgb.convert("LA").convert("La")]


@pytest.mark.parametrize("image", pillow_images(), ids=lambda image: image.mode)
def test_images_of_pillow_are_kept_as_they_are(image: Image.Image) -> None:
    """numpy makes numbers of a palette, and has no word for CMYK, YCbCr or premultiplied alpha."""
    packed = io.BytesIO(bbans_cli.compress(image, level=1))
    back = Image.open(packed)
    assert back.mode == image.mode and np.array_equal(np.asarray(back), np.asarray(image))
    assert back.getpalette() == image.getpalette()
    assert back.info.get("transparency") == image.info.get("transparency")
    assert back.info.get("icc_profile") == image.info.get("icc_profile")


def test_images_that_cannot_be_kept_are_refused() -> None:
    with pytest.raises(BbcError, match="cannot write mode F"):
        bbans_cli.compress(Image.new("F", (3, 3)))
    refused(ValueError, "mode is of arrays", lambda: bbans_cli.compress(Image.new("CMYK", (3, 3)), mode="cmyk"))
