"""The coefficients of the JPEG file that a picture once was, from its samples."""

import zlib

import numpy as np
import pytest
import tiny
from jpeg_pictures import ACROSS, BOTH, FULL, SUBSAMPLED, bright, photo, through_jpeg

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg.inversion import search


def wrong_squares(planes):
    """Where what is found does not give the samples; all must be well-formed, too."""
    height, width, channels = planes.shape
    found = search.find(planes)
    assert found is not None
    sizes = jpeg_coder.block_counts(width, height, channels, found.subsampled)
    for blocks, table, size in zip(found.blocks, found.tables, sizes, strict=True):
        assert blocks.shape == (*size, 64) and blocks.dtype == np.int16
        assert table.shape == (64,) and table.dtype == np.uint16 and table.min() >= 1 and table.max() <= 255
    bad = (jpeg_coder.decoded_samples(found, width, height) != planes).any(axis=2)
    bad = np.pad(bad, [(0, -height % 8), (0, -width % 8)])
    return found, bad.reshape(bad.shape[0] // 8, 8, -1, 8).any(axis=(1, 3))


def is_standard(found, c, quality):
    """Quantisers of frequencies that do not occur may be any."""
    used = found.blocks[c].any(axis=(0, 1))
    return np.array_equal(found.tables[c][used], jpeg_coder.standard_table(c, quality)[used])


@pytest.mark.parametrize(
    "quality, subsampling", [(q, s) for q in (40, 75, 85, 92, 96) for s in (FULL, BOTH)] + [(85, ACROSS)]
)
def test_photographs(quality, subsampling):
    found, wrong = wrong_squares(through_jpeg(photo(120, 136), quality, subsampling))
    assert found.subsampled == SUBSAMPLED[subsampling]
    assert all(is_standard(found, c, quality) for c in range(3))
    assert wrong.sum() <= (2 if quality > 90 else 0)


@pytest.mark.parametrize("quality", [40, 75, 85, 92, 96])
def test_grey(quality):
    found, wrong = wrong_squares(through_jpeg(photo(120, 136)[:, :, 1], quality))
    assert is_standard(found, 0, quality) and wrong.sum() == 0


@pytest.mark.parametrize("quality, subsampling", [(75, FULL), (92, FULL), (75, ACROSS), (92, BOTH)])
@pytest.mark.parametrize("height, width", [(101, 139), (130, 97)])
def test_any_size(height, width, quality, subsampling):
    """Blocks at the right and lower border are known in part."""
    _, wrong = wrong_squares(through_jpeg(photo(height, width), quality, subsampling))
    assert wrong[: height // 8 - 1, : width // 8 - 1].sum() <= 2 and wrong.sum() <= 8


@pytest.mark.parametrize("subsampling", [FULL, BOTH])
@pytest.mark.parametrize("quality", [75, 92])
def test_clipped_colours(quality, subsampling):
    planes = through_jpeg(bright(240, 304), quality, subsampling)
    clipped = ((planes == 0) | (planes == 255)).any(axis=2)
    assert 0.05 < clipped.mean() < 0.9
    _, wrong = wrong_squares(planes)
    assert wrong.mean() < 0.05


def test_quantisers_of_no_standard():
    tables = [[5 + i // 8 + i % 8 for i in range(64)], [9 + i // 4 for i in range(64)]]
    found, wrong = wrong_squares(through_jpeg(photo(200, 208), qtables=tables))
    assert wrong.sum() <= 8
    # The encoder takes them as of quality 50, of which 85 is 30 %.
    assert found.tables[0][0] == (5 * 30 + 50) // 100 and jpeg_coder.quality_of(found.tables[0], 0) is None


@pytest.mark.parametrize("subsampling", [FULL, BOTH])
def test_what_was_painted_later_is_wrong_and_nothing_else(subsampling):
    planes = through_jpeg(photo(160, 160), 85, subsampling).copy()
    planes[50:70, 90:120] = jpeg_colour = planes[5, 5]
    assert jpeg_colour.shape == (3,)
    _, wrong = wrong_squares(planes)
    around = 16 if subsampling else 0
    wrong[(50 - around) // 8 : (70 + around + 7) // 8, (90 - around) // 8 : (120 + around + 7) // 8] = False
    assert wrong.sum() <= 4


def test_what_never_was_a_jpeg():
    assert search.find(photo(120, 136)) is None
    assert search.find(np.ascontiguousarray(photo(120, 136)[:, :, :1])) is None
    assert search.find(tiny.integers(3, 256, 100, 100, 1).astype(np.uint8)) is None
    assert search.find(np.full((100, 100, 1), 7, np.uint8)) is None
    assert search.find(np.full((100, 100, 3), 255, np.uint8)) is None
    assert search.find(through_jpeg(photo(120, 136))[:, :, :2]) is None
    assert search.find(through_jpeg(photo(40, 200))) is None


def test_a_jpeg_cut_off_the_grid_is_left_alone():
    assert search.find(through_jpeg(photo(160, 160), 75)[3:, 5:]) is None
    assert search.find(through_jpeg(photo(160, 160)[:, :, 0], 75)[3:, 5:]) is None


DCT = np.cos(np.outer(np.arange(8), 2 * np.arange(8) + 1) * np.pi / 16) / 2
DCT[0] *= 0.5**0.5


def encoded(planes, quality, subsampled):
    """The coefficients of a JPEG file of planes (h, w, 1 or 3) uint8, by an encoder of the tests' own.

    Unlike through_jpeg it needs no libjpeg, whose versions may differ by a rounding.
    """
    height, width, channels = planes.shape
    rgb = planes.astype(np.float64)
    components = [rgb[:, :, 0]]
    if channels == 3:
        luma = rgb @ [0.299, 0.587, 0.114]
        components = [luma, (rgb[:, :, 2] - luma) / 1.772 + 128, (rgb[:, :, 0] - luma) / 1.402 + 128]
    tables = [jpeg_coder.standard_table(c, quality) for c in range(channels)]
    blocks = []
    for c, (rows, columns) in enumerate(jpeg_coder.block_counts(width, height, channels, subsampled)):
        across, down = (1 + half if c else 1 for half in subsampled)
        pad = [(0, rows * 8 * down - height), (0, columns * 8 * across - width)]
        plane = np.pad(np.round(components[c]), pad, mode="edge").reshape(rows * 8, down, columns * 8, across)
        squares = (np.round(plane.mean(axis=(1, 3))) - 128).reshape(rows, 8, columns, 8)
        values = np.einsum("ui,vj,ribj->rbuv", DCT, DCT, squares).reshape(rows, columns, 64)
        # Rounded to 6 digits first, so that the last bits of the sums, which machines may differ in, decide no half.
        blocks.append(np.floor(np.round(values / tables[c], 6) + 0.5).astype(np.int16))
    return jpeg_coder.JpegCoefficients(subsampled, tables, blocks)


PICTURES = {
    "photo": photo(101, 139),
    "grey photo": photo(101, 139)[:, :, 1:2],
    "bright": bright(212, 268),
}
# Picture, quality and subsampling: CRC-32 of the decoded samples, and of the tables and coefficients that are found.
PINNED = {
    ("grey photo", 40, FULL): (0x50CFA3A2, 0x7C31E2BF),
    ("photo", 40, FULL): (0x2DBCFC44, 0x53553A8B),
    ("photo", 40, BOTH): (0xB8ED37F2, 0x3AC638DD),
    ("grey photo", 75, FULL): (0x2BBE2241, 0x841384CD),
    ("photo", 75, FULL): (0x08CF0155, 0x96A92851),
    ("photo", 75, BOTH): (0x4682C754, 0x396DCE5E),
    ("grey photo", 92, FULL): (0x2C03D418, 0x4EBCE81A),
    ("photo", 92, FULL): (0x4F980EC9, 0x903A412A),
    ("photo", 92, BOTH): (0xEFB00359, 0x71BB54A3),
    ("grey photo", 96, FULL): (0x4E98FCD1, 0xA918761B),
    ("photo", 96, FULL): (0xC6C517C2, 0xEA223927),
    ("photo", 96, BOTH): (0x68B8B2B5, 0x20FD00E0),
    ("photo", 85, ACROSS): (0x69ABE2E5, 0x3F2DEEDD),
    ("bright", 75, FULL): (0xC3A62888, 0x5A469922),
    ("bright", 75, ACROSS): (0x6A6C5297, 0xAC8228CE),
    ("bright", 75, BOTH): (0xFB9BEE2D, 0xBDC0DDF3),
    ("bright", 92, FULL): (0xC3836945, 0xEAB2BA1F),
    ("bright", 92, ACROSS): (0xB7051590, 0x3C108CE5),
}


@pytest.mark.parametrize("picture, quality, subsampling", PINNED)
def test_the_same_coefficients_are_found_everywhere(picture, quality, subsampling):
    """Encoders may differ; but a change of the search should be one of results, not of chance."""
    height, width, _ = PICTURES[picture].shape
    jpeg = encoded(PICTURES[picture], quality, SUBSAMPLED[subsampling])
    samples = jpeg_coder.decoded_samples(jpeg, width, height)
    found = search.find(samples)
    crc = 0
    for table, blocks in zip(found.tables, found.blocks, strict=True):
        crc = zlib.crc32(blocks.tobytes(), zlib.crc32(table.tobytes(), crc))
    assert [hex(zlib.crc32(samples.tobytes())), hex(crc)] == [hex(n) for n in PINNED[picture, quality, subsampling]]


def test_progress_ends_at_all_pixels():
    for planes in (through_jpeg(photo(120, 136), 85, BOTH), photo(120, 136)):
        seen = []
        search.find(planes, seen.append)
        assert sum(seen) == 120 * 136
