"""Files that were once stored in part, refused or misnamed, from the folder BBC_DATA: what becomes of each."""

import os
from pathlib import Path

import pytest

from bbans_cli.api import PictureCodec
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.pictures.read_write import read_picture

FOLDER = Path(os.environ.get("BBC_DATA", "none"), "trials")
CODEC = PictureCodec(level=1, pixels=True)

# File -> mode, depth, format that it comes back in, what is not kept
TAKEN = {
    "bmp_argb1555_alpha.bmp": ("rgba", 8, "png", []),
    "bmp_trailing_bytes.bmp": ("rgb", 8, "png", ["11 bytes after the end"]),
    "jpeg_c2pa_app11.jpg": ("rgb", 8, "png", ["C2PA or other JUMBF metadata"]),
    "jpeg_extended_xmp.jpg": ("rgb", 8, "png", ["extended XMP"]),
    "jpeg_unknown_app9.jpg": ("rgb", 8, "png", ["APP9 segment"]),
    "msg_bmp_101010.bmp": ("rgb", 16, "png", ["bits of pixels that no colour has"]),
    "msg_tiff_g4.tif": ("grey", 1, "png", []),
    "photoshop_layers_37724.tif": ("rgb", 8, "png", ["Photoshop layers"]),
    "png_exif_after_idat.png": ("rgb", 8, "png", []),
    "png_idot.png": ("rgba", 8, "png", ["iDOT chunk"]),
    "png_payload_in_idat_after_zlib.png": ("rgb", 8, "png", ["60 bytes after the packed pixels"]),
    "ppm_rgb_maxval1.ppm": ("rgb", 1, "ppm", []),
    "ppm_rgb_maxval15.ppm": ("rgb", 4, "ppm", []),
    "refused_bigtiff.tif": ("rgb", 8, "png", []),
    "refused_colour_map_8bit_values.tif": ("palette", 8, "png", []),
    "refused_maxval4095.pgm": ("grey", 12, "pgm", []),
    "refused_premultiplied.tif": ("rgba", 8, "tiff", []),
    "refused_thumb_second_ifd.tif": ("rgb", 16, "png", ["thumbnail"]),
    "tiff_double_tags_geotiff.tif": ("rgb", 8, "png", []),
    "tiff_imagej_stack_one_ifd.tif": ("grey", 8, "tiff", []),
    "webp_trailing_bytes.webp": ("rgba", 8, "png", None),
    "webp_unknown_chunk.webp": ("rgba", 8, "png", None),
}
REFUSED = {
    "msg_cgbi.png": (UnsupportedError, "CgBI"),
    "msg_tiff_lzw_broken_libtiff_line.tif": (InputError, "damaged TIFF: a strip or tile cannot be unpacked"),
    "raw_in_subifd.nef": (UnsupportedError, "camera raw"),
}


def content(name):
    if not (FOLDER / name).is_file():
        pytest.skip("BBC_DATA names no folder trials")
    return (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", TAKEN)
def test_it_is_taken_and_what_is_lost_is_named(name):
    mode, depth, file_format, lost = TAKEN[name]
    read = read_picture(content(name), pixels=True)
    assert (read.mode, read.depth) == (mode, depth)
    assert read.lost == lost if lost is not None else len(read.lost) == 1
    outcome = CODEC.compress_file(content(name), 1)
    assert bool(outcome.warnings) == bool(read.lost)
    restored = CODEC.decompress_file(outcome.data, None, 1, read_back=True)
    assert restored.file_format == file_format and not restored.warnings


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_name(name):
    error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        read_picture(content(name))
