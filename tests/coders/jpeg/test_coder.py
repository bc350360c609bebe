"""A picture as the coefficients of the JPEG file that it once was."""

from dataclasses import replace

import numpy as np
import pytest
from made_jpeg import made_coefficients

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.container import Part
from bbans_cli.errors import CorruptError, UnsupportedError

SHAPES = [(1, 1), (8, 8), (17, 33), (40, 23), (64, 64)]
KINDS = [(1, (False, False)), (3, (False, False)), (3, (True, False)), (3, (True, True))]


def pack(height, width, channels, subsampled, **changes):
    given = replace(made_coefficients(height, width, channels, subsampled), **changes)
    planes = jpeg_coder.decoded_samples(given, width, height)
    return planes, jpeg_coder.encode(planes, given)


@pytest.mark.parametrize("channels, subsampled", KINDS)
@pytest.mark.parametrize("height, width", SHAPES)
def test_round_trips(height, width, channels, subsampled):
    planes, part = pack(height, width, channels, subsampled)
    assert planes.shape == (height, width, channels)
    assert np.array_equal(jpeg_coder.decode(part, width, height), planes)


@pytest.mark.parametrize("channels, subsampled", KINDS)
def test_what_the_coefficients_get_wrong_is_corrected(channels, subsampled):
    planes, part = pack(40, 23, channels, subsampled)
    painted = planes.copy()
    painted[3:9, 5:20] = 7
    painted[39, 22] ^= 255
    other = jpeg_coder.encode(painted, made_coefficients(40, 23, channels, subsampled))
    assert np.array_equal(jpeg_coder.decode(other, 23, 40), painted)
    assert len(other.bands[0].payload) > len(part.bands[0].payload)
    nothing = jpeg_coder.encode(255 - planes, made_coefficients(40, 23, channels, subsampled))
    assert np.array_equal(jpeg_coder.decode(nothing, 23, 40), 255 - planes)


def test_standard_tables_take_a_byte():
    """Quantisers of the standard at quality 50 are its tables; others are written out, the same ones once."""
    assert np.array_equal(jpeg_coder.standard_table(0, 50), jpeg_coder.STANDARD[0])
    assert jpeg_coder.standard_table(1, 100).max() == 1 and jpeg_coder.standard_table(0, 1).max() == 255
    assert len(pack(8, 8, 3, (False, False))[1].settings) == 4
    odd = (np.arange(64) + 1).astype(np.uint16)
    planes, part = pack(16, 16, 3, (True, True), tables=[odd, odd[::-1], odd[::-1]])
    assert len(part.settings) == 1 + 65 + 65 + 1
    assert np.array_equal(jpeg_coder.decode(part, 16, 16), planes)


def test_one_colour_is_that_of_its_dc():
    """DC alone, 8 times the level: the plane is flat, whatever the filter for chroma."""
    blocks = [
        np.zeros((rows, columns, 64), np.int16) for rows, columns in jpeg_coder.block_counts(21, 19, 3, (True, True))
    ]
    for plane, level in zip(blocks, (100 - 128, 90 - 128, 160 - 128), strict=True):
        plane[:, :, 0] = 8 * level
    given = jpeg_coder.JpegCoefficients((True, True), [np.ones(64, np.uint16)] * 3, blocks)
    red, green, blue = 100 + 1.402 * 32, 100 + 0.344136 * 38 - 0.714136 * 32, 100 - 1.772 * 38
    assert np.all(jpeg_coder.decoded_samples(given, 21, 19) == np.round([red, green, blue]))


def test_progress_ends_at_all_pixels():
    seen = []
    given = made_coefficients(64, 64, 3, (True, True))
    part = jpeg_coder.encode(jpeg_coder.decoded_samples(given, 64, 64), given, seen.append)
    assert sum(seen) == 64 * 64
    seen.clear()
    jpeg_coder.decode(part, 64, 64, seen.append)
    assert sum(seen) == 64 * 64


def test_settings_that_are_not_known():
    _, part = pack(16, 16, 3, (False, False))
    for settings in (b"", part.settings + b"\0", b"\2" + part.settings[1:], b"\0\xff\x50\x50", b"\0\x65\x50\x50"):
        with pytest.raises((UnsupportedError, CorruptError)):
            jpeg_coder.decode(replace(part, settings=settings), 16, 16)
    with pytest.raises(CorruptError):
        jpeg_coder.decode(replace(part, settings=b"\0" + b"\0" + bytes(64) + b"\x50\x50"), 16, 16)
    for wrong in (replace(part, depth=16), replace(part, channels=2), replace(part, bands=[])):
        with pytest.raises(UnsupportedError):
            jpeg_coder.decode(wrong, 16, 16)


def test_every_prefix_and_every_flipped_byte_is_noticed():
    planes, _ = pack(24, 17, 3, (True, True))
    planes[4, 4] ^= 1
    part = jpeg_coder.encode(planes, made_coefficients(24, 17, 3, (True, True)))
    (band,) = part.bands

    def refused(payload):
        with pytest.raises(CorruptError):
            jpeg_coder.decode(Part(part.coder, 3, 8, b"", part.settings, 24, [band._replace(payload=payload)]), 17, 24)

    for size in range(len(band.payload)):
        refused(band.payload[:size])
    for at in range(len(band.payload)):
        damaged = bytearray(band.payload)
        damaged[at] ^= 1 << at % 8
        refused(bytes(damaged))
