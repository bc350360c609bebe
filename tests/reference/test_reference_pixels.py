"""The second decoder of pictures that were JPEG files: transform, upsampling, and whole parts."""

import numpy as np
import pytest
from jpeg_pictures import photo

from bbans_cli import container
from bbans_cli.coders.jpeg import coder
from bbans_cli.errors import UnsupportedError
from bbans_cli.reference.jpeg import pixels


@pytest.mark.parametrize("largest", [200, 32767])
@pytest.mark.parametrize("halved", [(False, False), (True, False), (True, True)])
def test_samples(largest, halved):
    random = np.random.default_rng(largest)
    blocks = random.integers(-largest, largest + 1, (4, 5, 64)).astype(np.int16)
    table = random.integers(1, largest * 2, 64).astype(np.uint16)
    for width, height in ((40, 32), (37, 27), (33, 25)):
        size = (width << halved[0]) - halved[0], (height << halved[1]) - halved[1]
        expected = coder.component_samples(blocks, table, *size, halved)
        found = pixels.component_samples(blocks, table.astype(np.int64))
        assert np.array_equal(pixels.upsampled(found, *size, halved), expected)


def test_standard_tables():
    for component, entries in enumerate((pixels.LUMINANCE, pixels.CHROMINANCE)):
        found = [pixels.standard_table(entries, quality) for quality in range(1, 101)]
        assert np.array_equal(found, coder.standard_tables(component))


def coefficients_of(planes, halved, tables):
    """Coefficients near those of a picture: zeros but for DC."""
    channels = planes.shape[2]
    counts = coder.block_counts(planes.shape[1], planes.shape[0], channels, halved)
    blocks = [np.zeros((*count, 64), np.int16) for count in counts]
    blocks[0][..., 0] = (planes[::8, ::8, 0].astype(np.int64) - 128)[: counts[0][0], : counts[0][1]] // 2
    return coder.JpegCoefficients(halved, tables, blocks)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("halved", [(False, False), (True, True)])
def test_parts(channels, halved):
    """Some blocks with wrong samples, others right; a standard table, one that is written out, one again."""
    halved = halved if channels == 3 else (False, False)
    own = np.arange(1, 65).astype(np.uint16)
    tables = [coder.standard_table(0, 80), own, own][:channels]
    planes = photo(19, 21)[:, :, :channels].copy()
    jpeg = coefficients_of(planes, halved, tables)
    planes[:9] = coder.decoded_samples(jpeg, 21, 19)[:9]
    part = coder.encode(planes, jpeg)
    done = []
    assert np.array_equal(pixels.decode(part, 21, 19, done.append), planes)
    assert sum(done) == 19 * 21


def test_settings_of_newer_versions():
    band = container.Band(b"\1\0\0", 0, 0)
    for settings in (b"\2\1", b"\0\x66", b"\0\1\0", b"\0\x65"):
        with pytest.raises(UnsupportedError):
            pixels.decode(container.Part(container.JPEG, 1, 8, b"", settings, 8, [band]), 8, 8)
