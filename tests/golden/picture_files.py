"""Golden files of what a header and its metadata can say of a picture, small and with formulas for pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import tiny
from context_mixing_files import deep, screen

from bbans_cli import container
from bbans_cli.coders import context_mixing, encode_picture, raw, webp
from bbans_cli.container import DEEP, FEW_COLOURS, Region, histogram_packing
from bbans_cli.container import metadata as kinds
from bbans_cli.container import palette_order as palette_order_of
from bbans_cli.container.byte_reader import varint
from bbans_cli.pictures.picture import Items, Picture, from_items

Made = tuple[Picture, bytes]

# Every kind that no pixel depends on, but those of stacks; 24, a preview, is left out of what a decoder gives.
COMPANIONS: Items = [
    (kinds.ICC, b"golden\0" + bytes(range(40))),
    (kinds.EXIF, b"MM\0*\0\0\0\x08" + b"\0\1\1\x0f\0\2\0\0\0\7\0\0\0\x1a" + bytes(4) + b"Golden\0"),
    (kinds.XMP, b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'),
    (kinds.CHUNK, b"gAMA\0\0\xb1\x8f"),
    (kinds.COMPRESSED_TEXT, b"Title\0golden"),
    (kinds.COMPRESSED_ITEXT, b"Author\0en\0Author\0nobody"),
    (kinds.AFTER_PIXELS, b""),
    (kinds.CHUNK, b"tEXtComment\0behind the pixels"),
]
PREVIEW = kinds.PREVIEW, kinds.preview(b"\xff\xd8 stands for a small JPEG file \xff\xd9", 1)


def _made(mode: str, depth: int, pixels: np.ndarray, parts: list, items: Items | None = None) -> Made:
    items = items or []
    height, width, _ = pixels.shape
    data = container.to_bytes(container.Container(width, height, mode, depth, parts, items))
    kept = [item for item in items if item[0] not in (kinds.PREVIEW, *kinds.OF_PARTS)]
    return from_items(pixels, mode, depth, kept), data


def _few(pixels: np.ndarray, depth: int = 8, **more: np.ndarray | int) -> container.Part:
    return context_mixing.encode(FEW_COLOURS, pixels, depth, **more)


def metadata() -> Made:
    pixels = screen(6, 8, 4).astype(np.uint8).repeat(3, axis=2) * 80
    transparent = kinds.TRANSPARENCY, b"\0\0\0\0\0\0"
    return _made("rgb", 8, pixels, [_few(pixels)], [transparent, PREVIEW, *COMPANIONS])


def metadata_lzma() -> Made:
    pixels = np.full((2, 2, 1), 7, np.uint8)
    text = b" ".join(b"%d" % (number * number) for number in range(400))
    return _made("grey", 8, pixels, [raw.encode(pixels, 8)], [(kinds.CHUNK, b"tEXtComment\0" + text)])


def values() -> Made:
    """Samples of 16 bits that have few values: parts of 8 bits."""
    pixels = (screen(24, 20, 4) * 9999 + 77).astype(np.uint16)
    table = histogram_packing.find(pixels)
    assert table is not None
    listed = kinds.VALUES, histogram_packing.to_bytes(table)
    return _made("grey", 16, pixels, [_few(histogram_packing.number(pixels, table))], [listed])


def values_16() -> Made:
    """Values that are too many for 8 bits."""
    pixels = (tiny.integers(3, 512, 20, 30, 1) * 5).astype(np.uint16)
    table = np.unique(pixels)
    numbers = histogram_packing.number(pixels, table)
    assert numbers.dtype == np.uint16
    listed = kinds.VALUES, histogram_packing.to_bytes(table)
    return _made("grey", 12, pixels, [raw.encode(numbers, 16)], [listed])


def palette_order() -> Made:
    """Places in the order of a palette's entries from dark to light, two of which are equally bright."""
    pixels = screen(14, 20, 16).astype(np.uint8)
    palette = bytes(range(0, 240, 5)).replace(b"\x0a", b"\x0b")[::-1]
    palette = palette[:30] + palette[27:30] + palette[33:48]
    places = np.argsort(palette_order_of.order(palette)).astype(np.uint8)[pixels]
    return _made("palette", 8, pixels, [_few(places)], [(kinds.ORDER, b""), (kinds.PALETTE, palette)])


def maximum() -> Made:
    """Samples of 12 bits up to 3,000."""
    pixels = (deep(7, 9, 3) >> 5).clip(0, 3000)
    return _made("rgb", 12, pixels, [context_mixing.encode(DEEP, pixels, 16)], [(kinds.MAXIMUM, varint(3000))])


def lab() -> Made:
    pixels = screen(10, 9, 16).astype(np.uint8).repeat(3, axis=2) * [16, 3, 5]
    pixels = pixels.astype(np.uint8)
    return _made("rgb", 8, pixels, [_few(pixels)], [(kinds.COLOURS, b"\x08")])


def stack() -> Made:
    """Three pages, the second and third with a comment of their own."""
    pixels = screen(30, 12, 4).astype(np.uint8)
    comment = kinds.CHUNK, b"tEXtComment\0page two"
    return _made("grey", 8, pixels, [_few(pixels)], [(kinds.PAGES, varint(3)), (kinds.PAGE, varint(1)), comment])


def cmyk() -> Made:
    pixels = (screen(16, 18, 16) * [1, 5, 9, 15]).astype(np.uint8)
    return _made("cmyk", 8, pixels, [_few(pixels)])


def cmyk_16() -> Made:
    """By the coder of deep samples, all four channels in one part."""
    pixels = deep(7, 11, 4)
    return _made("cmyk", 16, pixels, [context_mixing.encode(DEEP, pixels, 16)])


def grey_alpha() -> Made:
    """8 bits, both channels in one part."""
    pixels = (screen(15, 17, 16) * [16, 3]).astype(np.uint8)
    return _made("grey+alpha", 8, pixels, [_few(pixels)])


def rgba() -> Made:
    """Grey for three equal channels, and alpha that is premultiplied, coded with the grey as a known channel."""
    pixels = screen(20, 18, 16).astype(np.uint8) * 16
    alpha = (screen(20, 18, 2) * 255).astype(np.uint8)
    parts = [_few(pixels), _few(alpha, known=pixels)]
    whole = np.concatenate([pixels.repeat(3, axis=2), alpha], axis=2)
    return _made("rgba", 8, whole, parts, [(kinds.ALPHA, b"\1")])


def deep_known() -> Made:
    """Deep colour in two parts, the second of which sees the first."""
    pixels = deep(6, 10, 4)
    parts = [
        context_mixing.encode(DEEP, pixels[:, :, :1], 16),
        context_mixing.encode(DEEP, pixels[:, :, 1:], 16, known=pixels[:, :, :1]),
    ]
    return _made("rgba", 16, pixels, parts)


def regions() -> Made:
    """One value everywhere, a screen in a rectangle of it, and a smaller rectangle of noise on that."""
    pixels = np.full((30, 40, 3), 200, np.uint8)
    parts = [raw.encode(pixels, 8)]
    box = Region(5, 4, 24, 20)
    pixels[4:24, 5:29] = screen(20, 24, 16).astype(np.uint8) * 16
    parts.append(replace(_few(pixels[4:24, 5:29]), region=box))
    box = Region(10, 10, 3, 5)
    pixels[10:15, 10:13] = tiny.integers(8, 256, 5, 3, 3)
    parts.append(replace(raw.encode(pixels[10:15, 10:13], 8, thorough=False), region=box))
    return _made("rgb", 8, pixels, parts)


def photographs() -> Made:
    """Two photographs on a screen, as the encoder splits them: noise on slopes, in colour and in grey."""
    pixels = np.full((72, 88, 3), 250, np.uint8)
    pixels[2:7, 4:84][tiny.integers(9, 3, 5, 80) == 0] = 20
    pixels[62:68, 4:46] = [10, 90, 200]
    pixels[9:41, 6:36] = tiny.picture(32, 30, 3)
    pixels[44:70, 50:86] = tiny.picture(26, 36, 1)
    coded = encode_picture.encode(from_items(pixels, "rgb", 8, []), level=1)
    return from_items(pixels, "rgb", 8, []), container.to_bytes(coded)


def depths(depth: int) -> Callable[[], Made]:
    """Packed samples of less than 8 bits, whose rows end within a byte, in bands."""

    def make() -> Made:
        pixels = tiny.integers(depth, 1 << depth, 5, 7, 1).astype(np.uint8)
        return _made("grey", depth, pixels, [raw.encode(pixels, depth, thorough=False, band_rows=2)])

    return make


def raw_deflated() -> Made:
    pixels = np.tile(np.arange(16, dtype=np.uint16) * 4000, (6, 2))[:, :, None]
    return _made("grey", 16, pixels, [raw.encode(pixels, 16)])


def webp_rgb() -> Made:
    pixels = tiny.picture(12, 14, 3)
    part = webp.encode(pixels, 1 << 20)
    assert part is not None
    return _made("rgb", 8, pixels, [part])


def bands() -> Made:
    """Few colours in bands of 8 rows, the last of which has fewer, of 4 bits."""
    pixels = screen(21, 26, 16).astype(np.uint8)
    return _made("grey", 4, pixels, [_few(pixels, 4, band_rows=8)])


def deep_bands() -> Made:
    pixels = deep(13, 12, 2)
    return _made("grey+alpha", 16, pixels, [context_mixing.encode(DEEP, pixels, 16, band_rows=5)])


FILES: dict[str, Callable[[], Made]] = {
    "metadata": metadata,
    "metadata-lzma": metadata_lzma,
    "values": values,
    "values-16": values_16,
    "palette-order": palette_order,
    "maximum": maximum,
    "lab": lab,
    "stack": stack,
    "cmyk": cmyk,
    "cmyk-16": cmyk_16,
    "grey-alpha": grey_alpha,
    "rgba": rgba,
    "deep-known": deep_known,
    "regions": regions,
    "photographs": photographs,
    "depth-1": depths(1),
    "depth-2": depths(2),
    "depth-4": depths(4),
    "raw-deflated": raw_deflated,
    "webp": webp_rgb,
    "few-colours-bands": bands,
    "deep-bands": deep_bands,
}
# Their bytes depend on the version of zlib, liblzma or libwebp that wrote them.
BY_LIBRARIES = {"metadata", "metadata-lzma", "values-16", "raw-deflated", "webp"}
