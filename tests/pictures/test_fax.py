"""Fax strips: what libtiff packs is unpacked as it was; a strip with a row that cannot be decoded is no picture."""

import io

import numpy as np
import pytest
from made_tiff import tiff
from PIL import Image

from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.fax_read import GROUP3, GROUP4, RLE, unfax
from bbans_cli.pictures.read_write import read_picture
from bbans_cli.pictures.tiff_tags import LONG, integers

KINDS = {"tiff_ccitt": RLE, "group3": GROUP3, "group4": GROUP4}


def packed(pixels, kind, options=0):
    """The one strip that libtiff makes of (h, w) booleans, a true one being black as in fax."""
    out = io.BytesIO()
    info = {293 if kind == "group4" else 292: options, tag.ROWS_PER_STRIP: len(pixels)}
    Image.fromarray(~pixels).save(out, "TIFF", compression=kind, tiffinfo=info)
    directory = tag.first_directory(out.getvalue())
    (at,), (size,) = directory.numbers(tag.STRIP_OFFSETS), directory.numbers(tag.STRIP_SIZES)
    assert directory.number(tag.PHOTOMETRIC) in (0, 1)
    flipped = pixels if directory.number(tag.PHOTOMETRIC) == 0 else ~pixels
    return out.getvalue()[at : at + size], flipped


def file(strip, width, height, compression):
    numbers = {tag.WIDTH: width, tag.HEIGHT: height, tag.COMPRESSION: compression, tag.PHOTOMETRIC: 0}
    values = {number: integers(LONG, value) for number, value in (numbers | {tag.STRIP_SIZES: len(strip)}).items()}
    return tiff((values, strip))


def from_bits(*codes):
    bits = "".join(codes)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


@pytest.mark.parametrize("options", [0, 1, 4, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_what_libtiff_packs(kind, options):
    rng = np.random.default_rng(options)
    pictures = [rng.random((9, 41)) < 0.5, np.ones((3, 1728), bool), np.zeros((4, 1), bool)]
    pictures += [np.cumsum(rng.random((30, 700)) < share, axis=1) % 2 == 1 for share in (0.005, 0.1)]
    pictures.append(np.repeat(pictures[-1][:6], 5, axis=0))
    for pixels in pictures:
        strip, expected = packed(pixels, kind, options if kind == "group3" else 0)
        assert np.array_equal(unfax(strip, pixels.shape[1], len(pixels), KINDS[kind], options), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_runs_of_every_length(kind):
    width = 2700
    pixels = np.tri(width, dtype=bool)[np.r_[:70, 70:2700:29, 1790:1800, 2550:2570, 2690:2700]]
    for each in (pixels, ~pixels):
        strip, expected = packed(each, kind)
        assert np.array_equal(unfax(strip, width, len(each), KINDS[kind], 0), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_strip_with_one_row_less_is_no_picture(kind):
    pixels = np.random.default_rng(1).random((12, 50)) < 0.3
    strip, _ = packed(pixels, kind)
    with pytest.raises(InputError, match="fax strip"):
        read_picture(file(strip, 50, 13, KINDS[kind]))
    with pytest.raises(InputError, match="fax strip"):
        read_picture(file(strip[: len(strip) // 2], 50, 12, KINDS[kind]))
    assert read_picture(file(strip, 50, 12, KINDS[kind])).height == 12


def test_rows_without_ends_of_line_are_not_group_3():
    strip, _ = packed(np.random.default_rng(1).random((12, 50)) < 0.3, "tiff_ccitt")
    with pytest.raises(InputError, match="damaged TIFF: row 2 of 12 of a fax strip cannot be decoded"):
        read_picture(file(strip, 50, 12, GROUP3))


@pytest.mark.parametrize("kind", KINDS)
def test_of_flipped_bits_libtiff_sees_what_we_see_or_nothing_is_taken(kind):
    pixels = np.cumsum(np.random.default_rng(2).random((12, 60)) < 0.1, axis=1) % 2 == 1
    strip, _ = packed(pixels, kind)
    refused = 0
    for bit in range(8 * len(strip)):
        damaged = bytearray(strip)
        damaged[bit // 8] ^= 1 << bit % 8
        data = file(bytes(damaged), 60, 12, KINDS[kind])
        try:
            taken = read_picture(data)
        except (InputError, UnsupportedError):
            refused += 1
            continue
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(np.array(image), taken.pixels[:, :, 0])
    assert refused > 4 * len(strip)


END_OF_LINE, WHITE_0, BLACK_1728 = "000000000001", "00110101", "0000001100101"


def test_a_last_code_for_no_pixels_may_be_left_out():
    strip = from_bits(*[END_OF_LINE + WHITE_0 + BLACK_1728] * 2, END_OF_LINE)
    assert unfax(strip, 1728, 2, GROUP3, 0).all()
    with pytest.raises(InputError, match="row 1 of 2"):
        unfax(strip, 1729, 2, GROUP3, 0)


def test_uncompressed_pixels_are_refused_by_name():
    with pytest.raises(UnsupportedError, match="fax compression with uncompressed pixels"):
        unfax(from_bits("0000001111", "1" * 40), 8, 1, GROUP4, 2)


def test_runs_beyond_the_row_are_damage():
    for codes, compression in ((["10011"], RLE), (["001", "10011", "10"], GROUP4), (["011"], GROUP4)):
        with pytest.raises(InputError, match="row 1 of 1 of a fax strip cannot be decoded"):
            unfax(from_bits(*codes, "1" * 30), 7 if compression == RLE else 8, 1, compression, 0)
