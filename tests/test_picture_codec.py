"""Verification: what does not read back as it was never gets out."""

from dataclasses import replace

import numpy as np
import pytest

import bbans_cli
from bbans_cli.api import PictureCodec, VerifyError, decoder
from bbans_cli.coders import encode_picture
from bbans_cli.errors import TrailingBytesError
from bbans_cli.pictures.picture import from_array
from bbans_cli.pictures.read_write import read_picture, write_picture

PIXELS = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder that gets one sample wrong."""
    right = encode_picture.encode

    def wrong(picture, *args, **more):
        pixels = picture.pixels.copy()
        pixels[-1, -1, -1] ^= 1
        return right(from_array(pixels), *args, **more)

    monkeypatch.setattr(encode_picture, "encode", wrong)


def test_a_wrong_result_is_not_handed_out(careless: None) -> None:
    with pytest.raises(VerifyError, match="does not decode"):
        PictureCodec().compress(from_array(PIXELS), 1)


def test_verification_can_be_left_out(careless: None) -> None:
    data = PictureCodec(verify=False).compress(from_array(PIXELS), 1)
    assert not np.array_equal(PictureCodec().decompress(data, 1).pixels, PIXELS)


def test_lost_metadata_is_a_wrong_result(monkeypatch: pytest.MonkeyPatch) -> None:
    right = encode_picture.encode
    monkeypatch.setattr(
        encode_picture, "encode", lambda picture, *args, **more: right(picture.stripped(), *args, **more)
    )
    picture = from_array(PIXELS)
    picture.metadata.append((18, b"<xmp/>"))
    with pytest.raises(VerifyError):
        PictureCodec().compress(picture, 1)


def test_reading_back_finds_a_wrong_picture_file(monkeypatch: pytest.MonkeyPatch) -> None:
    data = PictureCodec().compress(from_array(PIXELS), 1)
    monkeypatch.setattr(decoder, "write_picture", lambda picture, *how: write_picture(from_array(PIXELS ^ 1), *how))
    assert PictureCodec().decompress_file(data, "png", 1).data
    with pytest.raises(VerifyError, match="same pixels"):
        PictureCodec().decompress_file(data, "png", 1, read_back=True)


@pytest.mark.parametrize("file_format", ["png", "ppm", "tiff", "bmp", "webp"])
def test_reading_back_accepts_what_every_format_makes_of_a_picture(file_format: str) -> None:
    data = PictureCodec().compress(from_array(PIXELS), 1)
    file = PictureCodec().decompress_file(data, file_format, 1, read_back=True).data
    assert np.array_equal(read_picture(file).pixels, PIXELS)


def test_what_is_not_kept_is_said_once_unless_it_was_to_be_dropped() -> None:
    file = write_picture(from_array(PIXELS))[0] + b"trailing"
    assert PictureCodec().compress_file(file, 1).warnings == ["not kept: 8 bytes after the end"]
    assert PictureCodec(strip=True).compress_file(file, 1).warnings == []


def test_what_strip_drops_is_a_loss() -> None:
    plain, described = (
        write_picture(replace(from_array(PIXELS), metadata=items))[0] for items in ([], [(18, b"<xmp/>")])
    )
    stripping = PictureCodec(strip=True)
    assert [stripping.compress_file(file, 1).lossy for file in (plain, described, plain + b"x")] == [False, True, True]
    coded = [PictureCodec().compress_file(file, 1).data for file in (plain, described)]
    assert [stripping.decompress_file(data, None, 1).lossy for data in coded] == [False, True]
    assert not PictureCodec().compress_file(described, 1).lossy


def test_bytes_after_the_end_are_counted_and_ignored_unless_python_asks() -> None:
    data = PictureCodec().compress(from_array(PIXELS), 1)
    outcome = PictureCodec().decompress_file(data + b"abc", None, 1)
    assert outcome.surplus == 3 and np.array_equal(read_picture(outcome.data).pixels, PIXELS)
    assert PictureCodec().verify_file(data + b"abc", 1).surplus == 3
    for function in (bbans_cli.decompress, bbans_cli.restore):
        with pytest.raises(TrailingBytesError):
            function(data + b"abc")


def test_progress_rises_to_one() -> None:
    for verify in (True, False):
        shares: list[float] = []
        PictureCodec(verify=verify).compress(from_array(np.tile(PIXELS, (9, 9, 1))), 1, shares.append)
        assert shares == sorted(shares) and shares[-1] == 1.0 and 0 <= shares[0]
