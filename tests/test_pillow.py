"""The plugin of Pillow."""

import io
import os
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from sample_pictures import PNG_KINDS, picture

import bbans_cli
import bbans_cli.pillow
from bbans_cli import api
from bbans_cli.coders import decode_picture
from bbans_cli.container import metadata as kinds
from bbans_cli.pictures.chunks import resolution, text
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import write_picture

PROFILE, XMP = b"profile" * 9, b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def packed(given: Picture) -> io.BytesIO:
    return io.BytesIO(api.PictureCodec(level=1).compress(given, 1))


def photo(height: int = 24, width: int = 32) -> np.ndarray:
    y, x, c = np.ogrid[:height, :width, :3]
    grain = np.random.default_rng(3).integers(0, 6, (height, width, 3))
    return (60 * np.sin(x / 9) + 60 * np.cos(y / 7 + c) + 120 + grain).astype(np.uint8)


def image_of(mode: str) -> Image.Image:
    rng = np.random.default_rng(1)
    if mode == "P":
        image = Image.fromarray(photo(9, 13)).quantize(7)
        image.info["transparency"] = b"\x10\x00\x80"
        return image
    if mode == "1":
        return Image.fromarray(photo(9, 13)).convert("1")
    if mode.startswith("I"):
        kind = {"I": "<i4", "I;16B": ">u2"}.get(mode, "<u2")
        return Image.frombytes(mode, (13, 9), rng.integers(0, 65536, (9, 13)).astype(kind).tobytes())
    bands = len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, (13, 9), rng.integers(0, 256, 9 * 13 * bands, np.uint8).tobytes())


@pytest.mark.parametrize("mode", "1 L LA La RGB RGBA RGBa RGBX CMYK YCbCr LAB P I I;16 I;16B".split())
def test_what_is_saved_opens_again(mode: str) -> None:
    image, file = image_of(mode), io.BytesIO()
    image.save(file, "BBC", level=1)
    opened = Image.open(file)
    assert (opened.format, opened.size, opened.get_format_mimetype()) == ("BBC", (13, 9), "image/x-bbc")
    assert opened.mode == ("I;16" if mode.startswith("I") else mode)
    assert np.array_equal(np.asarray(opened), np.asarray(image))
    if mode == "P":
        assert opened.convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


@pytest.mark.parametrize("mode", ["F", "HSV", "PA"])
def test_modes_that_cannot_be_kept_are_refused(mode: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=f"cannot write mode {mode}"):
        Image.new(mode, (3, 2)).save(tmp_path / "a.bbc")
    assert not (tmp_path / "a.bbc").exists()


@pytest.mark.parametrize("mode", ["L", "I;16", "P"])
@pytest.mark.parametrize("size", [(0, 3), (3, 0)])
def test_images_without_pixels_are_refused(mode: str, size: tuple[int, int]) -> None:
    with pytest.raises(OSError, match="without pixels"):
        Image.new(mode, size).save(io.BytesIO(), "BBC")


@pytest.mark.parametrize("mode, depth", [kind for kind in PNG_KINDS if kind[1] < 16 or kind[0] == "grey"])
def test_a_picture_opens_as_its_png_does(mode: str, depth: int) -> None:
    key = {"palette": b"\x07\x80", "rgb": bytes([0, 1, 0, 2, 0, 3]), "grey": b"\0\1"}.get(mode)
    given = picture(mode, depth, transparency=key)
    as_png, as_bbc = Image.open(io.BytesIO(write_picture(given, "png")[0])), Image.open(packed(given))
    assert (as_bbc.mode, as_bbc.size) == (as_png.mode, as_png.size)
    assert np.array_equal(np.asarray(as_bbc), np.asarray(as_png))
    if mode != "grey" or depth >= 8:  # Pillow takes the key of fewer bits unscaled
        assert as_bbc.info == as_png.info
        assert as_bbc.convert("RGBA").tobytes() == as_png.convert("RGBA").tobytes()


def test_fewer_bits_and_odd_maxima_are_scaled_up_to_8_bits_and_kept_above() -> None:
    samples = np.arange(8, dtype=np.uint8).reshape(2, 4, 1)
    grey = Image.open(packed(Picture(samples, "grey", 3, transparency=b"\0\7")))
    assert (grey.mode, np.asarray(grey).ravel().tolist()) == ("L", [0, 36, 73, 109, 146, 182, 219, 255])
    assert grey.info == {"transparency": 255}
    odd = Image.open(packed(Picture(samples, "grey", 4, maximum=10)))
    assert np.asarray(odd).ravel().tolist() == [0, 26, 51, 77, 102, 128, 153, 179]
    deep = Image.open(packed(Picture(samples.astype(np.uint16) * 500, "grey", 12)))
    assert (deep.mode, deep.info, np.asarray(deep).max()) == ("I;16", {"maximum": 4095}, 3500)


@pytest.mark.parametrize("mode", ["rgb", "rgba", "grey+alpha"])
def test_where_pillow_has_no_mode_the_error_says_what_to_do(mode: str) -> None:
    with pytest.raises(OSError, match="Pillow has no mode for .* of 16 bits: bbans_cli.decompress gives"):
        Image.open(packed(picture(mode, 16)))


def described() -> Picture:
    items = [
        (kinds.ICC, b"name\0" + PROFILE),
        (kinds.EXIF, Image.Exif().tobytes()[6:]),
        (kinds.XMP, XMP),
        (kinds.CHUNK, resolution(300 / 0.0254, 300 / 0.0254)),
        (kinds.CHUNK, b"gAMA" + (45455).to_bytes(4, "big")),
        (kinds.CHUNK, b"sRGB\0"),
        (kinds.COMPRESSED_TEXT, b"Title\0A \xe9"),
        (kinds.COMPRESSED_ITEXT, "Author\0fr\0Auteur\0René ✓".encode()),
        text(b"Comment", "ü".encode()),
        text(b"Software", b"none"),
    ]
    return Picture(photo(), "rgb", 8, metadata=items)


def test_size_mode_and_info_come_without_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    file = packed(described())
    expected = Image.open(io.BytesIO(write_picture(described(), "png")[0]))
    with monkeypatch.context() as patch:
        patch.setattr(decode_picture, "decode", None)
        opened = Image.open(file)
        assert (opened.size, opened.mode) == ((32, 24), "RGB")
        del expected.info["XML:com.adobe.xmp"]  # said once, as xmp
        assert opened.info == expected.info
        assert opened.info["icc_profile"] == PROFILE and opened.info["Author"] == "René ✓"
        assert opened.info["xmp"] == XMP
    assert np.array_equal(np.asarray(opened), photo())


def test_saving_keeps_what_an_image_says_and_takes_what_is_given() -> None:
    opened = Image.open(packed(described()))
    kept = ["icc_profile", "exif", "xmp", "dpi", "Title", "Author", "Comment", "Software"]
    file = io.BytesIO()
    opened.save(file, "BBC", level=1)
    assert {name: Image.open(file).info[name] for name in kept} == {name: opened.info[name] for name in kept}
    exif = Image.Exif()
    exif[0x010E] = "a hill"
    file = io.BytesIO()
    given = {"icc_profile": None, "exif": exif, "xmp": "<x/>", "dpi": (72, 96), "text": {"Title": "B"}}
    opened.save(file, "BBC", level=1, **given)
    again = Image.open(file)
    assert "icc_profile" not in again.info and "Author" not in again.info
    assert again.getexif()[0x010E] == "a hill" and again.info["xmp"] == b"<x/>" and again.info["Title"] == "B"
    assert again.info["dpi"] == pytest.approx((72, 96), abs=0.02)
    file = io.BytesIO()
    opened.save(file, "BBC", strip=True, level=1)
    assert Image.open(file).info == {}


def test_texts_of_png_images_are_kept() -> None:
    texts, file, out = PngImagePlugin.PngInfo(), io.BytesIO(), io.BytesIO()
    texts.add_text("Comment", "ü", zip=True)
    Image.fromarray(photo()).save(file, "PNG", pnginfo=texts)
    Image.open(file).save(out, "BBC", level=1)
    assert Image.open(out).info["Comment"] == "ü"


@pytest.mark.parametrize(
    "given", [{"level": 4}, {"threads": -1}, {"preview": 5000}, {"text": {"": "a"}}, {"text": {"a": "b\0"}}]
)
def test_wrong_arguments_of_save(given: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        Image.fromarray(photo()).save(tmp_path / "a.bbc", **given)
    assert not (tmp_path / "a.bbc").exists()


@pytest.mark.parametrize("given", [{"level": 7}, {"threads": "2"}, {"preview": 5000}, {"text": 5}])
def test_wrong_arguments_leave_the_file_that_an_image_came_from(given: dict, tmp_path: Path) -> None:
    """Pillow itself empties a file before it asks who writes it."""
    path = tmp_path / "a.bbc"
    Image.fromarray(photo()).save(path, level=1)
    before = path.read_bytes()
    for target, format in ((path, None), (str(path), "bbc"), (os.fsencode(path), "BBC")):
        with pytest.raises((ValueError, TypeError)):
            Image.open(path).save(target, format, **given)
        assert path.read_bytes() == before
    Image.open(path).save(path, level=1)
    assert path.read_bytes() == before


def test_levels_are_those_of_the_command(tmp_path: Path) -> None:
    image = Image.fromarray(photo(24, 32))
    for level in (1, 5):
        image.save(tmp_path / "a.bbc", level=level)
        assert (tmp_path / "a.bbc").read_bytes() == bbans_cli.compress(np.asarray(image), level=level)


def jpeg(mode: str = "RGB", **more) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a hill"
    Image.fromarray(photo()).convert(mode).save(out, "JPEG", exif=exif, icc_profile=PROFILE, dpi=(300, 300), **more)
    return out.getvalue()


@pytest.mark.parametrize("mode, more", [("RGB", {}), ("L", {}), ("CMYK", {}), ("RGB", {"progressive": True})])
def test_a_jpeg_file_opens_as_its_pixels(mode: str, more: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg(mode, **more)
    file, expected = io.BytesIO(bbans_cli.compress(data, level=1)), Image.open(io.BytesIO(data))
    with monkeypatch.context() as patch:
        patch.setattr("bbans_cli.coders.jpeg.coefficients.decode", None)
        opened = Image.open(file)
        assert (opened.size, opened.mode, opened.info) == (expected.size, mode, expected.info)
        assert opened.getexif()[0x010E] == "a hill"
    assert np.array_equal(np.asarray(opened), np.asarray(expected))


def test_jpeg_files_that_were_stored_as_they_are() -> None:
    with_bytes_before = b"\0" * 9 + jpeg()
    with pytest.raises(OSError, match="without pixels that can be read"):
        Image.open(io.BytesIO(bbans_cli.compress(jpeg()[:300], level=1)))
    with pytest.raises(OSError, match="without pixels that can be read"):
        Image.open(io.BytesIO(bbans_cli.compress(with_bytes_before, level=1)))


@pytest.fixture(scope="module")
def with_preview() -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo(120, 180)).save(file, "BBC", level=1, preview=60, threads=1, icc_profile=PROFILE)
    return file.getvalue()


def test_thumbnails_come_from_the_preview(with_preview: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = Image.fromarray(photo(120, 180))
    expected.thumbnail((60, 60))
    monkeypatch.setattr(decode_picture, "decode", None)
    opened = Image.open(io.BytesIO(with_preview))
    opened.thumbnail((60, 60))
    assert (opened.size, opened.mode) == ((60, 40), "RGB") and "icc_profile" not in opened.info
    assert np.abs(np.asarray(opened, int) - np.asarray(expected, int)).mean() < 8
    smaller = Image.open(io.BytesIO(with_preview))
    smaller.thumbnail((25, 30))
    assert smaller.size == (25, 17)


def test_a_draft_is_at_least_as_large_as_asked_for(with_preview: bytes) -> None:
    opened = Image.open(io.BytesIO(with_preview))
    assert opened.draft("RGB", (61, 20)) is None and opened.size == (180, 120)
    assert opened.draft("RGB", (60, 40)) == ("RGB", (0, 0, 60, 40)) and opened.size == (60, 40)
    assert opened.draft("RGB", (10, 10)) is None  # as with JPEG, once
    opened = Image.open(io.BytesIO(with_preview))
    opened.load()
    assert opened.draft("RGB", (10, 10)) is None
    opened = Image.open(io.BytesIO(with_preview))
    opened.thumbnail((75, 75))
    assert opened.size == (75, 50)  # from the pixels: the preview is too small


def test_thumbnails_of_jpeg_files_come_from_their_exif(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_thumbnail(width: int, height: int) -> io.BytesIO:
        small = io.BytesIO()
        Image.fromarray(photo(height, width)).save(small, "JPEG")
        at = 8 + 2 + 4 + 2 + 24 + 4
        directory = b"\2\0" + b"\1\2\4\0\1\0\0\0" + at.to_bytes(4, "little")
        directory += b"\2\2\4\0\1\0\0\0" + len(small.getvalue()).to_bytes(4, "little") + bytes(4)
        exif = b"Exif\0\0II*\0\x08\0\0\0" + b"\0\0" + b"\x0e\0\0\0" + directory
        out = io.BytesIO()
        Image.fromarray(photo(240, 360)).save(out, "JPEG", exif=exif + small.getvalue())
        return io.BytesIO(bbans_cli.compress(out.getvalue(), level=1))

    right, letterboxed = with_thumbnail(90, 60), with_thumbnail(90, 68)
    opened = Image.open(letterboxed)
    opened.thumbnail((60, 60))
    assert opened.size == (60, 40)
    monkeypatch.setattr(bbans_cli.pillow, "to_image", None)
    opened = Image.open(right)
    opened.thumbnail((60, 60))
    assert opened.size == (60, 40)


def test_frames_and_copies() -> None:
    opened = Image.open(packed(described()))
    assert opened.tell() == 0
    with pytest.raises(EOFError):
        opened.seek(1)
    assert np.array_equal(np.asarray(opened.copy()), photo())
    assert np.array_equal(np.asarray(opened.crop((3, 4, 9, 9))), photo()[4:9, 3:9])


def test_files_are_closed_once_they_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.bbc").write_bytes(packed(described()).getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Image.open(tmp_path / "a.bbc").load()
        with Image.open(tmp_path / "a.bbc") as opened:
            assert opened.size == (32, 24)
        with pytest.raises((OSError, ValueError)):
            opened.load()


def test_pillows_own_limit_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    file = packed(described())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(file)


def test_damage_is_an_os_error() -> None:
    data = packed(described()).getvalue()
    for wrong in (data[:3], data[:8], data[:30], b"\xbbbbc\0\2" + bytes(50), data[:20] + b"\xff" + data[21:]):
        with pytest.raises(UnidentifiedImageError):
            Image.open(io.BytesIO(wrong))
    for wrong, reason in ((data[:-1], "truncated"), (data + b"!", "after the end"), (data[:-9] + bytes(9), "corrupt")):
        with pytest.raises(OSError, match=reason):
            Image.open(io.BytesIO(wrong)).load()
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(data[:-1])).verify()
    Image.open(io.BytesIO(data)).verify()
    with pytest.raises(OSError, match="needs a newer bbc"):
        Image.open(io.BytesIO(_of_version(data, flag=4)))


def _of_version(data: bytes, flag: int) -> bytes:
    """The same file with one more flag."""
    size = data[6]
    assert size < 0x80
    head = bytearray(data[: 7 + size])
    head[7] |= flag
    return bytes(head) + zlib.crc32(head).to_bytes(4, "little") + data[11 + size :]


def test_damaged_bytes_raise_nothing_else() -> None:
    rng, data = np.random.default_rng(5), packed(described()).getvalue()
    for _ in range(25):
        wrong = bytearray(data)
        wrong[rng.integers(len(data))] ^= int(rng.integers(1, 256))
        try:
            Image.open(io.BytesIO(wrong)).load()
        except OSError:
            pass
        else:
            raise AssertionError("damage that was not found")


def test_registering_twice_changes_nothing() -> None:
    before = list(Image.ID)
    bbans_cli.pillow.register()
    assert before == Image.ID and before.count("BBC") == 1
