"""Golden files of the coders without a network, one for each kind of part that they write, from computed pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import tiny
from made_jpeg import made_coefficients

from bbans_cli import container
from bbans_cli.coders import context_mixing
from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.container import metadata as kinds
from bbans_cli.pictures.picture import Picture, from_items

Made = tuple[Picture, bytes]


def screen(height: int, width: int, colours: int) -> np.ndarray:
    """(height, width, 1) numbers below `colours`, a power of two: boxes, and the same marks on all of them."""
    out = np.zeros((height, width), np.int64)
    for i, (top, left, high, wide) in enumerate(tiny.integers(5, 64, 20, 4)):
        out[top : top + high // 2, left : left + wide] = i % colours
    marks = tiny.integers(6, 4, 7, 11) == 0
    out[np.tile(marks, (height // 7 + 1, width // 11 + 1))[:height, :width]] ^= 1
    return out[:, :, None]


def deep(height: int, width: int, channels: int) -> np.ndarray:
    """(height, width, channels) uint16, soft with noise in the low bits."""
    noise = tiny.integers(7, 512, height, width, channels)
    return (tiny.picture(height, width, channels).astype(np.int64) * 200 + noise).astype(np.uint16)


def few_colours_rgb() -> Made:
    """A screen with a piece of a photograph on it: no candidate has those pixels, so that samples are coded, too."""
    palette = tiny.integers(8, 256, 16, 3).astype(np.uint8)
    pixels = palette[screen(60, 80, 16)[:, :, 0]]
    pixels[30:50, 40:70] = tiny.picture(20, 30, 3)
    return _made("rgb", 8, pixels, [context_mixing.encode(container.FEW_COLOURS, pixels, 8)])


def few_colours_alike() -> Made:
    """Without a start."""
    pixels = np.concatenate([screen(24, 40, 8) * 36, tiny.picture(24, 40, 1)], axis=2).astype(np.uint8)
    return _made("grey+alpha", 8, pixels, [context_mixing.encode(container.FEW_COLOURS, pixels, 8, start=0)])


def few_colours_order() -> Made:
    """Four channels, coded as A, B, R, G."""
    noise = tiny.integers(64, 90, 30, 40, 1).astype(np.uint8)
    pixels = np.concatenate([noise // 8, noise // 2, noise, (screen(30, 40, 4) * 85).astype(np.uint8)], axis=2)
    return _made("rgba", 8, pixels, [context_mixing.encode(container.FEW_COLOURS, pixels, 8, order=(3, 2, 0, 1))])


def few_colours_palette() -> Made:
    pixels = screen(40, 90, 4).astype(np.uint8)
    palette = [(kinds.PALETTE, bytes(range(12))), (kinds.TRANSPARENCY, b"\0")]
    return _made("palette", 2, pixels, [context_mixing.encode(container.FEW_COLOURS, pixels, 2)], palette)


def deep_alpha() -> Made:
    """Deep grey, and its alpha channel, coded with the grey as a known channel."""
    grey, alpha = deep(30, 40, 1), (screen(30, 40, 4) * 21845).astype(np.uint16)
    parts = [
        context_mixing.encode(container.DEEP, grey, 16),
        context_mixing.encode(container.FEW_COLOURS, alpha, 16, known=grey),
    ]
    pixels = np.concatenate([grey, alpha], axis=2)
    return _made("grey+alpha", 16, pixels, parts)


def deep_saturated() -> Made:
    """Samples of 12 bits, many of them at both ends, so that predictions lie beyond."""
    pixels = (deep(20, 26, 3).astype(np.int64) // 4 - 4000).clip(0, 4095).astype(np.uint16)
    return _made("rgb", 12, pixels, [context_mixing.encode(container.DEEP, pixels, 16)])


def deep_noise() -> Made:
    """All values of 16 bits, the least beside the greatest."""
    pixels = tiny.integers(63, 1 << 16, 16, 18, 1).astype(np.uint16)
    pixels[::3, ::2], pixels[1::4, 1::3] = 0, 65535
    return _made("grey", 16, pixels, [context_mixing.encode(container.DEEP, pixels, 16)])


def known_bands() -> Made:
    """An alpha channel whose bands are not those of the channels before, which it knows."""
    colours, alpha = tiny.picture(24, 30, 3), (screen(24, 30, 4) * 85).astype(np.uint8)
    alpha[colours[:, :, :1] > 130] = 7
    parts = [
        context_mixing.encode(container.DEEP, colours, 8, band_rows=10),
        context_mixing.encode(container.FEW_COLOURS, alpha, 8, known=colours, band_rows=7),
    ]
    return _made("rgba", 8, np.concatenate([colours, alpha], axis=2), parts)


def jpeg_rgb() -> Made:
    """Subsampled chroma, quantisers that are no standard table, and blocks of pixels that need corrections."""
    given = replace(
        made_coefficients(60, 50, 3, (True, True)),
        tables=[jpeg_coder.standard_table(0, 70), *2 * [np.arange(3, 67, dtype=np.uint16)]],
    )
    pixels = jpeg_coder.decoded_samples(given, 50, 60)
    pixels[20:30, 30:] = tiny.integers(9, 256, 10, 20, 3)
    return _made("rgb", 8, pixels, [jpeg_coder.encode(pixels, given)])


def jpeg_sampled(horizontal: bool) -> Made:
    """Standard tables of two qualities; chroma of half the columns, or of all."""
    given = made_coefficients(19, 21, 3, (horizontal, False), quality=60)
    pixels = jpeg_coder.decoded_samples(given, 21, 19)
    return _made("rgb", 8, pixels, [jpeg_coder.encode(pixels, given)])


def jpeg_grey() -> Made:
    given = made_coefficients(40, 33, 1, (False, False))
    pixels = jpeg_coder.decoded_samples(given, 33, 40)
    return _made("grey", 8, pixels, [jpeg_coder.encode(pixels, given)])


FILES = {
    "few-colours-rgb": few_colours_rgb,
    "few-colours-alike": few_colours_alike,
    "few-colours-order": few_colours_order,
    "few-colours-palette": few_colours_palette,
    "deep-alpha": deep_alpha,
    "deep-saturated": deep_saturated,
    "deep-noise": deep_noise,
    "known-bands": known_bands,
    "jpeg-rgb": jpeg_rgb,
    "jpeg-grey": jpeg_grey,
    "jpeg-422": lambda: jpeg_sampled(True),
    "jpeg-444": lambda: jpeg_sampled(False),
}


def _made(mode: str, depth: int, pixels: np.ndarray, parts: list, items: list | None = None) -> Made:
    height, width, _ = pixels.shape
    data = container.to_bytes(container.Container(width, height, mode, depth, parts, items or []))
    return from_items(pixels, mode, depth, items or []), data
