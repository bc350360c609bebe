"""What is shown of pictures whose three channels are not RGB, and of CMYK."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

import bbans_cli
from bbans_cli import api
from bbans_cli.coders import code_lengths
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import UnsupportedError
from bbans_cli.heat_map import panels
from bbans_cli.pictures import pillow_image, previews
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.tiff_colours import CIE_LAB, ICC_LAB, ITU_LAB, YCBCR, to_srgb

# L*a*b* under D50 of sRGB's red, green, blue, white, and a grey
LAB = {
    (255, 0, 0): (54.29, 80.81, 69.89),
    (0, 255, 0): (87.82, -79.27, 80.99),
    (0, 0, 255): (29.57, 68.30, -112.03),
    (255, 255, 255): (100, 0, 0),
    (119, 119, 119): (50.03, 0, 0),
}
# Of YCbCr: full range, as JFIF has it
YCC = {(255, 0, 0): (76.2, 85.0, 255), (0, 255, 0): (149.7, 43.5, 21.2), (0, 0, 255): (29.1, 255, 107.3)}


def encoded(lab: tuple[float, float, float], colours: int, depth: int) -> list[int]:
    unit, top = 2 ** (depth - 8), 2**depth - 1
    lightness, a, b = lab
    if colours == CIE_LAB:
        return [round(lightness * top / 100), round(a * unit) % (top + 1), round(b * unit) % (top + 1)]
    if colours == ICC_LAB:
        return [round(lightness * 255 * unit / 100), round((a + 128) * unit), round((b + 128) * unit)]
    return [round(lightness * top / 100), round(a * top / 170 + 128 * unit), round(b * top / 200 + 96 * unit)]


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("colours", [CIE_LAB, ICC_LAB, ITU_LAB])
def test_lab_is_shown_in_its_colours(colours: int, depth: int) -> None:
    # ITU Lab ends at b* = -75: no blue of sRGB
    known = {rgb: lab for rgb, lab in LAB.items() if colours != ITU_LAB or lab[2] > -75}
    samples = np.array([[encoded(lab, colours, depth) for lab in known.values()]], np.uint16)
    shown = to_srgb(samples, colours, depth)[0].astype(int)
    # A step of eight bits in a* is up to ten in a dark channel
    assert np.abs(shown - np.array(list(known))).max() <= (10 if depth == 8 else 1)


@pytest.mark.parametrize("depth", [8, 16])
def test_ycbcr_is_shown_in_its_colours(depth: int) -> None:
    scale = 1 if depth == 8 else 257
    samples = np.array([[[round(part * scale) for part in ycc] for ycc in YCC.values()]], np.uint16)
    assert np.abs(to_srgb(samples, YCBCR, depth)[0].astype(int) - np.array(list(YCC))).max() <= 2


def test_lab_is_what_littlecms_makes_of_it() -> None:
    y, x = np.mgrid[:64, :64]
    rgb = np.stack([4 * x, 4 * y, 255 - 2 * x - 2 * y], axis=2).astype(np.uint8)
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.fromarray(rgb), *profiles, outputMode="LAB")
    assert image is not None
    shown = to_srgb(np.asarray(image), CIE_LAB, 8).astype(int)
    assert np.abs(shown - rgb).mean() < 1.5


def of_red(colours: int) -> Picture:
    samples = [76, 85, 255] if colours == YCBCR else encoded(LAB[255, 0, 0], colours, 8)
    return Picture(np.broadcast_to(np.uint8(samples), (40, 50, 3)).copy(), "rgb", 8, colours=colours)


@pytest.mark.parametrize("colours", [YCBCR, CIE_LAB, ICC_LAB, ITU_LAB])
def test_previews_thumbnails_and_maps_are_red_where_the_picture_is(colours: int) -> None:
    packed = api.PictureCodec(level=1, preview=64).compress(of_red(colours), 1)
    small = bbans_cli.thumbnail(packed)
    assert small.origin == "preview"
    picture = code_lengths.of_file(packed, 1).picture
    images = [Image.open(io.BytesIO(small.data)), panels.picture_panel(picture, (50, 40))]
    for image in images:
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - (255, 0, 0)).max() <= 6


@pytest.mark.parametrize("depth", [8, 16])
def test_cmyk_is_shown_in_its_colours(depth: int) -> None:
    top = 2**depth - 1
    inks = {(0, top, top, 0): (255, 0, 0), (top, 0, 0, 0): (0, 255, 255), (0, 0, 0, top): (0, 0, 0)}
    for samples, wanted in inks.items():
        pixels = np.broadcast_to(np.array(samples, np.uint8 if depth == 8 else np.uint16), (40, 50, 4)).copy()
        picture = Picture(pixels, "cmyk", depth)
        packed = api.PictureCodec(level=1, preview=64).compress(picture, 1)
        images = [Image.open(io.BytesIO(bbans_cli.thumbnail(packed).data)), panels.picture_panel(picture, (50, 40))]
        for image in images:
            assert np.abs(np.asarray(image.convert("RGB")).astype(int) - wanted).max() <= 6


def test_jpeg_files_of_cmyk_have_previews_in_their_colours() -> None:
    out = io.BytesIO()
    Image.new("CMYK", (64, 48), (0, 255, 255, 0)).save(out, "JPEG", quality=95)
    small = bbans_cli.thumbnail(bbans_cli.compress(out.getvalue(), level=1, preview=64))
    assert small.origin == "preview"
    assert np.abs(np.asarray(Image.open(io.BytesIO(small.data))).astype(int) - (255, 0, 0)).max() <= 8


def test_a_profile_of_lab_samples_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, picture = of_red(CIE_LAB), of_red(CIE_LAB)
    picture.metadata.append((kinds.ICC, b"x\0" + profile))
    shown = [previews.small_image(each, 32).getpixel((0, 0)) for each in (plain, picture)]
    assert shown[0] == shown[1]


def test_pillow_gets_ycbcr_and_lab_as_its_own() -> None:
    for colours, mode in ((YCBCR, "YCbCr"), (CIE_LAB, "LAB"), (ICC_LAB, "LAB")):
        image = pillow_image.to_image(of_red(colours))
        assert image.mode == mode
        again = pillow_image.from_image(image)
        assert np.abs(to_srgb(again.pixels, again.colours, 8)[0, 0].astype(int) - (255, 0, 0)).max() <= 2
    with pytest.raises(UnsupportedError, match="ITU Lab of 8 bits"):
        pillow_image.to_image(of_red(ITU_LAB))
