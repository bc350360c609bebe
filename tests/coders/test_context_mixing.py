"""The context-mixing coders: exact, bounded, the same everywhere, and better than what they stand beside."""

import itertools
import zlib
from dataclasses import replace

import numpy as np
import pytest
from mixing_pictures import hills, noise, screen

from bbans_cli.coders import context_mixing
from bbans_cli.container import DEEP, FEW_COLOURS
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.reference.mixing import part as reference


def check(coder, planes, depth, known=None, **more):
    part = context_mixing.encode(coder, planes, depth, known, **more)
    height, width, _ = planes.shape
    assert np.array_equal(context_mixing.decode(part, width, height, known), planes)
    return sum(len(band.payload) for band in part.bands)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (3, 5), (17, 33)])
@pytest.mark.parametrize("coder", [FEW_COLOURS, DEEP])
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_noise_comes_back(coder, depth, size):
    planes = noise(depth, *size)
    # Counters must learn that there is nothing to learn; encode_picture.py stores such samples raw instead.
    assert check(coder, planes, depth) <= 1.3 * planes.size * depth / 8 + 32


@pytest.mark.parametrize("coder", [FEW_COLOURS, DEEP])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_channels_come_back(coder, channels):
    check(coder, screen(channels=channels), 8)
    check(coder, hills(20, 30, channels=channels), 16)


@pytest.mark.parametrize("coder", [FEW_COLOURS, DEEP])
@pytest.mark.parametrize("value", [0, 1, 255])
def test_one_colour_costs_next_to_nothing(coder, value):
    assert check(coder, np.full((64, 64, 3), value, np.uint8), 8) < 40


def test_screens_take_less_than_png_would():
    planes = screen(300, 400)
    assert check(FEW_COLOURS, planes, 8) < 0.5 * len(zlib.compress(planes, 9))


def test_slopes_cost_about_their_noise():
    planes = hills(200, 200)
    assert check(DEEP, planes, 16) < 1.2 * planes.size * np.log2(13) / 8


def test_known_planes_help():
    colour = screen(channels=3)
    alpha = np.where(colour[:, :, :1] == 240, 0, colour[:, :, :1] // 2 + 9).astype(np.uint8)
    assert check(FEW_COLOURS, alpha, 8, colour) < 0.6 * check(FEW_COLOURS, alpha, 8)


def test_several_bands(monkeypatch):
    planes = screen(50, 40)
    monkeypatch.setattr(context_mixing, "BAND_PIXELS", 40 * 16)
    parts = [context_mixing.encode(FEW_COLOURS, planes, 8, threads=threads) for threads in (1, 3)]
    assert parts[0] == parts[1] and len(parts[0].bands) == 4
    assert np.array_equal(context_mixing.decode(parts[0], 40, 50, threads=2), planes)


def test_pieces_do_not_matter(monkeypatch):
    planes = screen(40, 30)
    whole = context_mixing.encode(FEW_COLOURS, planes, 8)
    monkeypatch.setattr(context_mixing, "PIECE_SAMPLES", {FEW_COLOURS: 1, DEEP: 1})
    done = []
    assert context_mixing.encode(FEW_COLOURS, planes, 8, progress=done.append) == whole
    assert sum(done) == 1200 and len(done) == 40


def test_pinned_payloads():
    """The coders are part of the format: for these pictures they may never give other bytes."""
    payloads = [
        context_mixing.encode(FEW_COLOURS, screen(), 8).bands[0].payload,
        context_mixing.encode(FEW_COLOURS, noise(2), 2).bands[0].payload,
        context_mixing.encode(FEW_COLOURS, screen(), 8, start=0).bands[0].payload,
        context_mixing.encode(FEW_COLOURS, noise(2), 2, start=0).bands[0].payload,
        context_mixing.encode(DEEP, noise(16), 16).bands[0].payload,
        context_mixing.encode(DEEP, (np.arange(600, dtype=np.uint16) ** 2 % 997).reshape(10, 20, 3), 16)
        .bands[0]
        .payload,
    ]
    assert [(len(each), zlib.crc32(each)) for each in payloads] == PINNED


PINNED = [
    (144, 1057470480),
    (222, 3994249237),
    (145, 3258408609),
    (214, 2121129304),
    (1681, 276395608),
    (1078, 2962749383),
]


@pytest.mark.parametrize("max_bytes", [0, 1, 100, 1000])
def test_giving_up_early(max_bytes):
    with pytest.raises(context_mixing.TooLargeError):
        context_mixing.encode(DEEP, noise(16), 16, max_bytes=max_bytes)


@pytest.mark.parametrize("coder", [FEW_COLOURS, DEEP])
def test_damage_is_noticed(coder):
    planes = screen(10, 12)
    part = context_mixing.encode(coder, planes, 8)
    (band,) = part.bands
    for at in range(len(band.payload)):
        payload = bytearray(band.payload)
        payload[at] ^= 1 << at % 8
        damaged = type(band)(bytes(payload), 0, band.crc)
        with pytest.raises(CorruptError):
            context_mixing.decode(type(part)(coder, 3, 8, b"", part.settings, 10, [damaged]), 12, 10)


@pytest.mark.parametrize("settings", [b"", b"\x07", b"\x15", b"\x0c\x09", b"\x0c\x00", b"\x0c\x01\x01"])
def test_unknown_settings(settings):
    part = context_mixing.encode(DEEP, noise(8), 8)
    with pytest.raises(UnsupportedError):
        context_mixing.decode(type(part)(DEEP, 1, 8, b"", settings, part.band_rows, part.bands), 21, 33)


ORDERS = [*itertools.permutations(range(3)), *itertools.permutations(range(4))]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join("RGBA"[channel] for channel in order))
def test_channels_in_every_order(order):
    planes = hills(8, 9, channels=len(order)).astype(np.uint8)
    part = context_mixing.encode(FEW_COLOURS, planes, 8, order=order, band_rows=5)
    if order == tuple(range(len(order))):
        assert part == context_mixing.encode(FEW_COLOURS, planes, 8, band_rows=5) and len(part.settings) == 1
    else:
        assert part.settings[1:] == bytes([sum(channel * 4**place for place, channel in enumerate(order))])
    permuted = context_mixing.encode(FEW_COLOURS, planes[:, :, order], 8, band_rows=5)
    assert [band.payload for band in part.bands] == [band.payload for band in permuted.bands]
    assert np.array_equal(context_mixing.decode(part, 9, 8), planes)
    assert np.array_equal(reference.decode(part, 9, 8, np.zeros((8, 9, 0), np.uint8)), planes)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_what_is_no_other_order(channels):
    """A channel twice or out of range, bits behind the last one, the channels' own order."""
    planes = screen(10, 12, channels=channels)
    part = context_mixing.encode(FEW_COLOURS, planes, 8)
    orders = {
        sum(channel << 2 * place for place, channel in enumerate(order))
        for order in itertools.permutations(range(channels))
        if order != tuple(range(channels))
    }
    for byte in {*range(256)} - orders:
        wrong = replace(part, settings=part.settings + bytes([byte]))
        for decode in (context_mixing.decode, lambda *given: reference.decode(*given, planes[:, :, :0])):
            with pytest.raises(UnsupportedError, match="unknown settings"):
                decode(wrong, 12, 10)
    three = replace(part, settings=part.settings + b"\x12\x00")
    with pytest.raises(UnsupportedError, match="unknown settings"):
        context_mixing.decode(three, 12, 10)


def test_known_and_coded_planes_are_at_most_four():
    part = context_mixing.encode(FEW_COLOURS, noise(8), 8)
    with pytest.raises(CorruptError, match="cannot have made"):
        context_mixing.decode(part, 21, 33, noise(8, channels=4))
