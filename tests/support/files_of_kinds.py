"""Files of every kind that docs/kinds.md names, small ones, and what the page says of them: for test_kinds_page.py."""

import struct

from made_bmp_gif import bmp, colours, gif, padded, sub_blocks
from made_odd_files import (
    EXIF,
    FLAT,
    FOUR,
    GREY_RAMP,
    ICC,
    MASK,
    RAW,
    ROWS,
    TIFF_DEPTHS,
    UNTAGGED,
    chunk,
    deep,
    fax,
    fields,
    film,
    indexed,
    noted,
    of_alpha,
    packed,
    png,
    saved,
    segment,
    webp,
)
from made_tiff import PIXELS, SMALL, page, text, tiff
from PIL import Image
from sample_pictures import PNG_KINDS, picture, pypng

from bbans_cli.pictures import gif_read
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.picture import pack_rows
from bbans_cli.pictures.tiff_tags import SHORT, Tree, Value, integers

KEPT = "kept"

# Row -> words of the page, files of that kind, what becomes of them: kept, a word that names the loss, or a pattern of
# the refusal, which begins with "refused: ".
CASES = {
    "PNG": [
        ("grey of 1, 2, 4, 8, 16 bits", [pypng(picture("grey", depth)) for depth in (1, 2, 4, 8, 16)], KEPT),
        ("grey with alpha, RGB, RGBA of 8 and 16", [pypng(picture(*kind)) for kind in PNG_KINDS[-6:]], KEPT),
        ("palettes of 1, 2, 4, 8 bits", [pypng(picture("palette", depth)) for depth in (1, 2, 4, 8)], KEPT),
        ("transparency", [pypng(picture("palette", 4, transparency=b"\1\2"))], KEPT),
        ("transparent colours", [pypng(picture("rgb", 8, transparency=bytes(6)))], KEPT),
        ("interlaced files (the interlacing", [pypng(picture("rgb", 8), interlaced=True)], KEPT),
        ("companions: ICC", [png((b"iCCP", b"name\0\0" + ICC))], KEPT),
        ("EXIF", [png((b"eXIf", EXIF))], KEPT),
        ("XMP", [png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"))], KEPT),
        (
            "text (tEXt, zTXt, iTXt)",
            [png((b"tEXt", b"a\0b"), (b"zTXt", b"a\0\0" + ICC), (b"iTXt", b"a\0\0\0\0\0b"))],
            KEPT,
        ),
        ("gamma", [png((b"gAMA", b"\0\0\xb1\x8f"))], KEPT),
        ("chromaticities", [png((b"cHRM", bytes(32)))], KEPT),
        ("sRGB", [png((b"sRGB", b"\0"))], KEPT),
        ("cICP", [png((b"cICP", b"\1\1\0\1"))], KEPT),
        ("resolution", [png((b"pHYs", bytes(9)))], KEPT),
        ("background", [png((b"bKGD", bytes(6)))], KEPT),
        ("time", [png((b"tIME", bytes(7)))], KEPT),
        ("significant bits", [png((b"sBIT", b"\5\5\5"))], KEPT),
        ("chunks that bbc does not know", [png((b"prVt", b"x"))], KEPT),
        ("what stood behind the pixels", [png(behind=chunk(b"eXIf", EXIF))], KEPT),
        ("CgBI (of iOS)", [png()[:8] + chunk(b"CgBI", bytes(4)) + png()[8:]], "refused: CgBI"),
        ("animations, by the number of their frames", [film("PNG")], "refused: animation of 3 frames"),
        ("damage in what pixels depend on", [png()[:50] + b"?" + png()[51:]], "refused: damaged PNG"),
        ("where the end should be", [png()[:-12], png()[:-3]], "refused: truncated PNG|damaged PNG"),
        (
            "transparency of which readers make different things (two that differ",
            [png((b"tRNS", bytes(6)), (b"tRNS", b"\1" * 6))],
            "refused: transparency",
        ),
        ("more entries than colours", [png((b"tRNS", bytes(9)), mode="palette", depth=2)], "refused: transparency"),
        ("damaged companions", [png((b"iCCP", b"name\0\0nothing"))], "damaged iCCP"),
        ("a second transparency equal to the first", [png((b"tRNS", bytes(6)), (b"tRNS", bytes(6)))], "doubled tRNS"),
        ("bytes after the end", [png() + b"x"], "1 bytes after the end"),
        ("after the last pixel or after the packed pixels", [], "after the packed pixels"),
        ("the animation chunks of a still", [png((b"acTL", b"\0\0\0\1\0\0\0\0"))], "animation"),
        (
            "iDOT, signatures, and those",
            [png((b"iDOT", bytes(28))), png((b"dSIG", b"")), png((b"prVT", b"x"))],
            "chunk",
        ),
    ],
    "BMP": [
        (
            "grey of 1 and 8 bits",
            [
                bmp(padded(pack_rows(FLAT[..., None] & 1, 1)), 6, 5, 1, palette=bytes(4) + b"\xff\xff\xff\0"),
                bmp(padded(FLAT), 6, 5, 8, palette=GREY_RAMP.tobytes()),
            ],
            KEPT,
        ),
        ("palettes of 1, 2, 4, 8 bits", [indexed(bits) for bits in (1, 2, 4, 8)], KEPT),
        ("run-length encoded too", [bmp(b"\2\1\0\1", 2, 1, 8, 1, palette=colours(256))], KEPT),
        ("RGB and RGBA", [bmp(ROWS, 4, 2, 24), fields(32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000))], KEPT),
        (
            "bit fields of any width up to 16 bits",
            [fields(16, (0xF800, 0x7E0, 0x1F), 40), fields(32, (0xFFFF0000, 0xFF00, 0xFF), 40)],
            KEPT,
        ),
        ("samples of 8 bits, or of 16", [fields(32, (0x3FF00000, 0xFFC00, 0x3FF), 40)], KEPT),
        ("significant bits; resolution", [fields(16, (0xF00, 0xF0, 0xF), 40)], KEPT),
        ("suggested palette", [bmp(ROWS, 4, 2, 24, palette=colours(9), used=9)], KEPT),
        ("embedded colour profile", [], KEPT),
        (
            "JPEG, PNG or CMYK within BMP",
            [bmp(bytes(64), 2, 2, 0, number) for number in (4, 5, 11)],
            "refused: JPEG|PNG|CMYK",
        ),
        ("OS/2's other compressions", [bmp(bytes(64), 2, 2, 1, 3, size=64)], "refused: compression 3"),
        ("64 bits a pixel", [bmp(bytes(64), 2, 2, 64)], "refused: 64 bits"),
        (
            "calibrated colours",
            [bmp(ROWS, 4, 2, 24, size=108)[:80] + b"\1" + bmp(ROWS, 4, 2, 24, size=108)[81:]],
            "calibrated",
        ),
        (
            "a suggested palette of more than 256 colours",
            [bmp(ROWS, 4, 2, 24, palette=colours(300), used=300)],
            "suggested palette",
        ),
        ("bytes before the pixels", [bmp(ROWS, 4, 2, 24, palette=b"gap")], "before the pixels"),
        (
            "the name of a colour profile",
            [bmp(ROWS, 4, 2, 24, size=124)[:70] + b"KNIL" + bmp(ROWS, 4, 2, 24, size=124)[74:]],
            "name",
        ),
        ("a fourth byte", [bmp(b"\1" * 64, 4, 4, 32)], "fourth byte"),
        ("further bits that are not declared as alpha", [bmp(b"\xff" * 64, 4, 4, 16)], "bits of pixels"),
        ("which pixels a run-length encoding leaves out", [bmp(b"\0\1", 2, 1, 8, 1, palette=colours(256))], "left out"),
        ("bytes after the end", [bmp(ROWS, 4, 2, 24, behind=b"secret")], "after the end"),
    ],
    "GIF of one picture": [
        ("palette, transparent colour", [gif(FLAT, FOUR), gif(FLAT, FOUR, b"\x21\xf9\4\1\0\0\2\0")], KEPT),
        ("comments", [gif(FLAT, FOUR, b"\x21\xfe" + sub_blocks(b"a comment"))], KEPT),
        ("XMP", [gif(FLAT, FOUR, b"\x21\xff\x0bXMP DataXMP<x/>" + gif_read.XMP_END)], KEPT),
        ("colour profile", [gif(FLAT, FOUR, b"\x21\xff\x0bICCRGBG1012" + sub_blocks(b"profile"))], KEPT),
        ("pixel aspect ratio; it comes back as PNG", [gif(FLAT, FOUR)[:12] + b"\x31" + gif(FLAT, FOUR)[13:]], KEPT),
        ("animations, by the number of their frames", [film("GIF")], "refused: animation of 3 frames"),
        (
            "a picture that does not fill its screen",
            [gif(FLAT, FOUR)[:6] + b"\7\0" + gif(FLAT, FOUR)[8:]],
            "refused: fill its screen",
        ),
        ("delay", [gif(FLAT, FOUR, b"\x21\xf9\4\0\5\0\0\0")], "delay"),
        ("disposal", [gif(FLAT, FOUR, b"\x21\xf9\4\x08\0\0\0\0")], "disposal"),
        ("loop", [gif(FLAT, FOUR, b"\x21\xff\x0bNETSCAPE2.0" + sub_blocks(b"\1\0\0"))], "loop"),
        ("background", [gif(FLAT, FOUR)[:11] + b"\3" + gif(FLAT, FOUR)[12:]], "background"),
        ("plain text", [gif(FLAT, FOUR, b"\x21\1" + sub_blocks(bytes(12) + b"text"))], "plain text"),
        (
            "other application blocks",
            [gif(FLAT, FOUR, b"\x21\xff\x0bUNKNOWN 1.0" + sub_blocks(b"x"))],
            "application block",
        ),
        ("bytes after the end", [gif(FLAT, FOUR) + b"x"], "after the end"),
    ],
    "PBM, PGM, PPM, PAM": [
        (
            "PBM, PGM, PPM, PAM",
            [
                b"P4 8 1\n\xaa",
                b"P1 2 1\n1 0",
                b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 9\nTUPLTYPE RGB\nENDHDR\n\1\2\3",
            ],
            KEPT,
        ),
        (
            "any maximum value from 1 to 65535",
            [b"P5 1 1 1\n\1", b"P6 1 1 177\nabC", b"P5 1 1 65535\nab", b"P5 1 1 999\n\1\2"],
            KEPT,
        ),
        ("PAM with alpha", [b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\nab"], KEPT),
        ("comments of the header", [b"P5\n# words\n1 1 1\n\1"], KEPT),
        ("several pictures", [b"P5 1 1 1\n\1" * 2], "refused: 2 pictures"),
        ("floating-point", [b"PF\n1 1\n-1\n" + bytes(12)], "refused: floating-point PNM is not read"),
        (
            "PAM of other tuple types",
            [b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 9\nTUPLTYPE ODD\nENDHDR\n\1"],
            "refused: 'ODD'",
        ),
    ],
    "TIFF, BigTIFF": [
        (
            "grey, grey with alpha, RGB, RGBA of 1 to 16 bits",
            [deep(*kind) for kind in TIFF_DEPTHS] + [of_alpha(2)],
            KEPT,
        ),
        ("palette of 1 to 8", [deep("palette", depth) for depth in range(1, 9)], KEPT),
        ("CMYK of 8 and 16", [deep("cmyk", 8), deep("cmyk", 16)], KEPT),
        (
            "YCbCr that is not subsampled",
            [tiff(page(PIXELS, {tag.SUBSAMPLING: integers(SHORT, 1, 1)}, photometric=6))],
            KEPT,
        ),
        ("CIE Lab, ICC Lab, ITU Lab", [tiff(page(photometric=number)) for number in (8, 9, 10)], KEPT),
        ("alpha that is premultiplied", [of_alpha(1)], KEPT),
        ("a further channel that is not specified or not declared", [of_alpha(0), of_alpha(None)], KEPT),
        (
            "stored, LZW, deflate, PackBits, Zstandard",
            [packed(name) for name in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd")],
            KEPT,
        ),
        ("fax (CCITT RLE, Group 3, Group 4)", [fax(name) for name in ("tiff_ccitt", "group3", "group4")], KEPT),
        ("strips and tiles, separate planes, either order of bits", [], KEPT),
        (
            "ICC, XMP, all other tags",
            [tiff(page(more={tag.ICC: Value(7, 3, b"icc"), tag.XMP: Value(1, 4, b"<x/>"), tag.MAKE: text(b"Maker")}))],
            KEPT,
        ),
        (
            "EXIF and GPS directories",
            [tiff(page(), below={number: Tree({1: text(b"N")}, {}) for number in (tag.EXIF, tag.GPS)})],
            KEPT,
        ),
        (
            "Several pages of equal size and kind, in one chain of directories, as a stack",
            [tiff(page(), page(), page())],
            KEPT,
        ),
        (
            "ImageJ's stacks of one directory, whose planes are not compressed",
            [
                tiff((page(more={tag.DESCRIPTION: text(b"ImageJ=1\nimages=3\n")})[0], PIXELS.tobytes() * 3)),
            ],
            KEPT,
        ),
        (
            "SubIFDs included, the one that is no thumbnail and no mask",
            [tiff(SMALL, below={tag.SUB_FILES: page()})],
            "thumbnail",
        ),
        (
            "pages of different sizes or kinds",
            [tiff(page(), page(PIXELS[1:])), tiff(page(), page(PIXELS[..., :1]))],
            "refused: of different",
        ),
        (
            "other stacks of one directory (MetaMorph, tifffile)",
            [
                tiff(page(more=more))
                for more in (
                    {33629: integers(5, *range(10))},
                    {tag.DESCRIPTION: text(b'{"shape": [5, 6, 10, 3]}')},
                )
            ],
            "refused: 5 planes",
        ),
        ("whatever leaves open which picture is meant", [tiff(SMALL, SMALL)], "refused: not clear"),
        ("camera raw (DNG, NEF, CR2, ARW, ...), by name", [RAW], r"refused: camera raw \(Nikon NEF\)"),
        ("YCbCr with subsampled colours", [tiff(page(photometric=6))], "refused: subsampled"),
        (
            "signed and floating-point samples",
            [tiff(page(more={tag.SAMPLE_FORMAT: integers(SHORT, kind)})) for kind in (2, 3)],
            "refused: floating",
        ),
        ("channels of different depth", [tiff(page(more={tag.BITS: integers(SHORT, 5, 6, 5)}))], "refused: bits"),
        ("more than one further channel", [of_alpha(0, 2)], "refused: 5 channels"),
        ("other compression", [tiff(page(more={tag.COMPRESSION: integers(SHORT, 34887)}))], "refused: LERC"),
        (
            "fax of which a row is missing or cannot be decoded (libtiff would make one up)",
            [fax("group4")[:12] + bytes(16) + fax("group4")[28:]],
            "refused: fax strip",
        ),
        ("thumbnails, masks", [tiff(page(), SMALL, MASK)], "thumbnail, transparency mask"),
        ("directories without pixels", [tiff(page(), ({tag.MAKE: text(b"Maker")}, b""))], "without pixels"),
        (
            "Photoshop layers (the flat picture is kept)",
            [tiff(page(more={tag.LAYERS: Value(7, 5, b"Adobe")}))],
            "Photoshop layers",
        ),
        (
            "damaged tags",
            [tiff(page(more={269: Value(2, 1 << 20, struct.pack("<I", 1 << 30))}))],
            "damaged DocumentName",
        ),
        ("tags that point to further directories", [tiff(page(more={40000: integers(13, 8)}))], "a directory"),
        ("a maker's note at its place, from which its offsets count", [noted(0)], KEPT),
        ("the place of a maker's note behind the first 64 KiB", [noted(1 << 16)], "place of MakerNote"),
        ("bytes that no tag points to", [UNTAGGED], "98 bytes that no tag points to"),
        ("bytes after the end", [tiff(page(), more=b"more data")], "after the end"),
    ],
    "WebP, lossless": [
        (
            "RGB, RGBA",
            [
                saved("WEBP", lossless=True),
                saved("WEBP", Image.fromarray(picture("rgba", 8).pixels), lossless=True, exact=True),
            ],
            KEPT,
        ),
        (
            "ICC, EXIF, XMP",
            [saved("WEBP", lossless=True, icc_profile=b"icc", exif=b"Exif\0\0" + EXIF, xmp=b"<x/>")],
            KEPT,
        ),
        ("animations, by the number of their frames", [film("WEBP", lossless=True)], "refused: 3 pictures"),
        ("other chunks", [webp(b"ODD ", b"abc", exif=EXIF)], "ODD chunk"),
        ("a second EXIF or XMP", [webp(b"EXIF", b"II*\0", exif=EXIF), webp(b"XMP ", b"<b/>", xmp=b"<x/>")], "a second"),
        ("bytes after the end", [saved("WEBP", lossless=True) + b"behind"], "after the end"),
    ],
    "JPEG, lossy WebP, AVIF, with `--pixels`": [
        (
            "the pixels as decoded, CMYK of JPEG too",
            [saved("JPEG"), saved("JPEG", Image.fromarray(PIXELS).convert("CMYK")), saved("WEBP"), saved("AVIF")],
            KEPT,
        ),
        (
            "ICC, EXIF, XMP, resolution",
            [saved("JPEG", icc_profile=b"icc", exif=b"Exif\0\0" + EXIF, xmp=b"<x/>", dpi=(72, 72))],
            KEPT,
        ),
        ("AVIF of more than 8 bits; without `--pixels` lossy WebP and AVIF", [], "refused: "),
        ("comments", [segment(0xFE, b"words")], "comment"),
        ("Photoshop blocks", [segment(0xED, b"Photoshop 3.0\0" + bytes(20))], "Photoshop block"),
        ("extended XMP", [segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40))], "extended XMP"),
        ("a second EXIF or XMP", [], "a second"),
        (
            "C2PA (JUMBF), FLIR, GoPro",
            [segment(0xEB, b"JP\0\1"), segment(0xE1, b"FLIR\0\1"), segment(0xE6, b"GoPro\0.")],
            "C2PA|FLIR|GoPro",
        ),
        ("other APPn segments", [segment(0xE9, b"secret")], "APP9 segment"),
        ("further pictures (as phones append them)", [film("MPO")], "2 further pictures"),
        ("bytes after the end", [saved("JPEG") + b"behind"], "after the end"),
    ],
    "HEIF": [("always", [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"], "refused: HEIF")],
    "JPEG XL, JPEG 2000, QOI, others": [
        (
            "JPEG XL, JPEG 2000, QOI, others",
            [b"\xff\x0a" + bytes(9), b"\xff\x4f\xff\x51" + bytes(9), b"qoif" + bytes(9), b"8BPS" + bytes(9)],
            "refused: is not read",
        ),
        ("always, by name", [], "refused: "),
    ],
}
# What stands on the page of kinds whose files are made elsewhere.
ELSEWHERE = {
    "after the last pixel or after the packed pixels": "tests/pictures/test_png.py",
    "embedded colour profile": "tests/pictures/test_bmp_gif.py",
    "strips and tiles, separate planes, either order of bits": "tests/pictures/test_kept.py",
    "AVIF of more than 8 bits; without `--pixels` lossy WebP and AVIF": "tests/pictures/test_files.py",
    "a second EXIF or XMP": "tests/pictures/test_not_kept.py",
    "always, by name": "the row itself",
}  # fmt: skip
