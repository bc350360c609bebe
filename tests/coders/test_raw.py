"""Stored samples and WebP payloads: exact, never larger than raw by more than a byte, damage noticed."""

import numpy as np
import pytest
from sample_pictures import PNG_KINDS, picture

from bbans_cli.coders import raw, webp
from bbans_cli.container import Band, Part
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.limits import MAX_WEBP_SIDE
from bbans_cli.pictures.picture import row_bytes


@pytest.mark.parametrize("thorough", [True, False])
@pytest.mark.parametrize("kind", PNG_KINDS)
def test_stored_round_trip(kind, thorough, monkeypatch):
    monkeypatch.setattr(raw, "BAND_BYTES", 64)
    given = picture(*kind, 21, 9)
    part = raw.encode(given.pixels, given.depth, thorough)
    assert np.array_equal(raw.decode(part, 9, 21), given.pixels)
    assert thorough or raw.encoded_bytes(given.pixels, given.depth) == part.approximate_bytes
    packed = 21 * row_bytes(9, given.pixels.shape[2], given.depth)
    assert sum(len(band.payload) for band in part.bands) <= packed + len(part.bands)


def test_one_colour_takes_one_pixel():
    part = raw.encode(np.full((1000, 1000, 3), (1, 2, 3), np.uint8), 8)
    assert [band.payload for band in part.bands] == [b"\2\1\2\3"]
    assert np.array_equal(raw.decode(part, 1000, 1000)[7, 8], (1, 2, 3))


@pytest.mark.parametrize("payload", [b"", b"\0", b"\0abc", b"\1abc", b"\2", b"\2ab"])
def test_stored_damage(payload):
    part = Part(raw.RAW, 1, 8, b"", b"", 2, [Band(payload, 0, 0)])
    with pytest.raises((CorruptError, UnsupportedError)):
        raw.decode(part, 2, 2)


def test_unknown_method():
    with pytest.raises(CorruptError, match="unknown way"):
        raw.decode(Part(raw.RAW, 1, 8, b"", b"", 1, [Band(b"\3a", 0, 0)]), 1, 1)


@pytest.mark.parametrize("mode", ["grey", "grey+alpha", "rgb", "rgba"])
@pytest.mark.parametrize("size", [(1, 1), (8, 31), (21, 9)])
def test_webp_round_trip(mode, size):
    given = picture(mode, 8, *size)
    part = webp.encode(given.pixels, given.pixels.size)
    assert np.array_equal(webp.decode(part, size[1], size[0]), given.pixels)


def test_webp_of_another_size():
    part = webp.encode(picture("rgb", 8).pixels, 1 << 20)
    with pytest.raises(CorruptError, match="another size"):
        webp.decode(part, 7, 13)


def test_webp_damage():
    part = webp.encode(picture("rgb", 8).pixels, 1 << 20)
    (band,) = part.bands
    for at in range(len(band.payload)):
        payload = bytearray(band.payload)
        payload[at] ^= 0x10
        damaged = Part(part.coder, 3, 8, b"", b"", 7, [Band(bytes(payload), 0, band.crc)])
        with pytest.raises(CorruptError):
            webp.decode(damaged, 13, 7)


def test_webp_has_its_limits():
    assert webp.encode(np.zeros((1, MAX_WEBP_SIDE + 1, 1), np.uint8), 1 << 20) is None
    with pytest.raises(CorruptError, match="one band"):
        webp.decode(Part(webp.WEBP, 1, 8, b"", b"", 1, []), 1, 1)


def test_webp_takes_longer_only_where_it_may_be_the_smallest(monkeypatch):
    tried, code = [], webp._encode
    monkeypatch.setattr(webp, "_encode", lambda planes, effort: tried.append(effort) or code(planes, effort))
    pixels = np.random.default_rng(1).integers(0, 60, (40, 50, 3), np.uint8)
    sizes = [code(pixels, effort).approximate_bytes for effort in webp.EFFORTS]
    least = webp.encode(pixels, pixels.size)
    assert tried == list(webp.EFFORTS) and least.approximate_bytes == min(sizes)
    for count, (size, effort) in enumerate(zip(sizes, webp.EFFORTS[:3], strict=False), 1):
        tried.clear()
        webp.encode(pixels, int(size / effort.close) - 1)
        assert len(tried) <= count
    tried.clear()
    assert webp.encode(pixels, 1, quick=True).approximate_bytes == sizes[2] and tried == [webp.FULL]
