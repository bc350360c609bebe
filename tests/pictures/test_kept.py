"""`make check-kept` in small: files of every format, made here, by exiftool and libtiff's tools."""

import io
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from PIL import Image, PngImagePlugin
from sample_pictures import picture, pypng

COMMAND = [sys.executable, "-m", "bbans_cli"]
PIXELS = np.random.default_rng(5).integers(0, 256, (24, 33, 3), np.uint8)
TAGS = ["-Make=Maker", "-Model=One", "-GPSLatitude=52.5", "-GPSLatitudeRef=N", "-XMP:Creator=A. Writer", "-FNumber=2.8"]
TAGS += [
    "-IPTC:City=Town",
    "-UserComment=words",
    "-Artist=Someone",
    "-ImageDescription=two lines",
    "-ExposureTime=1/250",
]


@pytest.fixture
def check(script):
    if not shutil.which("exiftool") or not shutil.which("tiffcp"):
        pytest.skip("needs exiftool and libtiff's tools")
    return script("kept.check")


def run(*command):
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


def files(folder):
    """Small files of every format. The names of those that lose something begin with `lost`."""
    image = Image.fromarray(PIXELS)
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "words")
    info.add_itxt("Author", "Ünïcode", zip=True)
    image.save(folder / "text.png", pnginfo=info, dpi=(72, 150), icc_profile=b"a profile" * 9)
    (folder / "palette.png").write_bytes(pypng(picture("palette", 4, transparency=bytes(range(16))), interlaced=True))
    (folder / "deep.png").write_bytes(pypng(picture("rgba", 16)))
    image.save(folder / "plain.tif", compression="tiff_lzw", dpi=(300, 300))
    run("exiftool", "-q", "-overwrite_original", *TAGS, folder / "plain.tif")
    run("tiffcp", "-p", "separate", "-c", "zip:2", folder / "plain.tif", folder / "planes.tif")
    run("tiffcp", "-t", "-w", 16, "-l", 16, folder / "plain.tif", folder / "tiles.tif")
    run("tiffcp", "-8", "-c", "packbits", folder / "plain.tif", folder / "big.tif")
    image.convert("1").save(folder / "bits.tif")
    run("tiffcp", "-c", "g4", folder / "bits.tif", folder / "fax.tif")
    image.convert("CMYK").save(folder / "cmyk.tif")
    image.save(folder / "a.bmp", dpi=(100, 100))
    image.quantize(9).save(folder / "a.gif", comment=b"a comment")
    image.save(folder / "a.webp", lossless=True, icc_profile=b"a profile")
    image.save(folder / "a.jpg")
    for name in ("text.png", "a.webp", "a.jpg"):
        run("exiftool", "-q", "-overwrite_original", *TAGS, folder / name)
    (folder / "a.ppm").write_bytes(b"P6\n# a comment\n33 24\n255\n" + PIXELS.tobytes())
    (folder / "lost.png").write_bytes((folder / "deep.png").read_bytes() + b"behind")
    out = io.BytesIO()
    image.save(out, "TIFF")
    (folder / "lost.tif").write_bytes(out.getvalue() + b"more data")
    (folder / "film.gif").write_bytes(struct.pack("<6sHHBBB", b"GIF89a", 1, 1, 0, 0, 0) + b";")
    return sorted(folder.iterdir())


@pytest.mark.slow
def test_what_readers_find_is_found_again_or_named(check, tmp_path):
    cases = {case.name: case for case in check.check(files(tmp_path), COMMAND)}
    assert {name: case.faults for name, case in cases.items() if case.faults} == {}
    whole, nothing, named, refused, _ = check.OUTCOMES
    expected = dict.fromkeys(cases, nothing) | {"a.jpg": whole, "film.gif": refused}
    expected |= {name: named for name in cases if name.startswith("lost")}
    assert {name: case.outcome for name, case in cases.items()} == expected
    assert len(cases) > 15
    assert f"| all | {len(cases)} | 1 |" in check.table(
        {"made": check.Counter((c.kind, c.outcome) for c in cases.values())}
    )


def test_a_run_without_coding(check, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    Image.fromarray(PIXELS).save(folder / "large.png")
    (folder / "bit.pgm").write_bytes(b"P5 8 2 1 " + bytes([0, 1] * 8))
    planes = np.random.default_rng(1).integers(0, 99, (3, 5, 7), np.uint16)
    tifffile.imwrite(folder / "stack.tif", planes, imagej=True, metadata={"Info": "words"})
    (folder / "none.png").write_bytes(b"words")
    done = CliRunner().invoke(check.main, ["--no-coding", "--max-pixels", "100", "-v", str(folder)])
    assert done.exit_code == 0, done.output
    for line in ("set: bit.pgm: nothing lost", "set: stack.tif: nothing lost", "left out of set: 1 larger file"):
        assert line in done.output
    assert "| set | 3 | 0 | 2 | 0 | 1 | 0 |" in done.output
    sight = check.readers.look([folder / "stack.tif"])[folder / "stack.tif"]
    assert sight["tifffile Info"] == "'words'" and not any("further frame" in name for name in sight)


def test_the_readers_see_what_is_gone(check, tmp_path):
    given, other = tmp_path / "given.tif", tmp_path / "other.tif"
    Image.fromarray(PIXELS).save(given)
    run("exiftool", "-q", "-overwrite_original", *TAGS, given)
    changed = PIXELS.copy()
    changed[3, 4, 1] ^= 1
    Image.fromarray(changed).save(other)
    readers, outcomes = check.readers, check.outcomes
    sights = readers.look([given, other])
    found = outcomes.differences(sights[given], sights[other]) + readers.libtiff(given, other)
    for name in (
        "exiftool IFD0:Make",
        "exiftool GPS:GPSLatitudeRef",
        "pillow pixels",
        "libtiff pixels",
        "libtiff Make",
    ):
        assert any(each.startswith(name + ":") for each in found), name
    assert outcomes.unnamed(found, ["not kept: Make, GPS"]) != [] == outcomes.differences(sights[given], sights[given])
    assert outcomes.unnamed(["exiftool IFD0:Make: a -> None"], ["not kept: Make"]) == []


def test_chunks_and_their_places_are_seen(check):
    info = PngImagePlugin.PngInfo()
    info.add(b"prVt", b"private", after_idat=True)
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, "PNG", pnginfo=info)
    sight = check.readers.pypng(out.getvalue())
    assert "behind" in sight["pypng chunk prVt 1"]
    assert "pypng pixels" in sight and "error" not in " ".join(sight)
