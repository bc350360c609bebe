"""PNG pictures within JPEG files, as thermal cameras have them: their samples are coded, and the file comes back."""

import random
import zlib
from functools import cache

import numpy as np
import pytest
from made_png import png, with_content

from bbans_cli import container
from bbans_cli.coders.files import file_coder, png_data
from bbans_cli.coders.files.jpeg_tree import Node, PngData
from bbans_cli.core import ffi, lib
from bbans_cli.errors import BbcError, CorruptError
from bbans_cli.reference.files.deflate import deflate


def deflated(data, level, filtered):
    state, out = ffi.new("uint32_t[]", lib.bbc_deflate_size() // 4 + 1), ffi.new("uint8_t[]", 2 * len(data) + 1000)
    size = lib.bbc_deflate(state, data, len(data), level, filtered, ffi.NULL, out, len(out))
    return bytes(ffi.buffer(out, size))


NAMES = ("text", "steps", "noise", "zeros", "none")


@cache
def inputs():
    chance = random.Random(1)
    text = b" ".join(chance.choice([b"one", b"other", b"word", b"and", b"longer ones"]) for _ in range(30000))
    steps = np.cumsum(np.array([chance.choice((-1, 0, 1)) for _ in range(100000)])).astype(np.uint8).tobytes()
    return {"text": text, "steps": steps, "noise": chance.randbytes(40000), "zeros": bytes(70000), "none": b""}


@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="this zlib is another library of that name")
@pytest.mark.parametrize("name", NAMES)
def test_deflates_as_zlib_does(name):
    data = inputs()[name]
    for size in (len(data), len(data) // 3, 5000, 9, 2):
        for level in range(1, 10):
            for filtered in (0, 1):
                packer = zlib.compressobj(level, zlib.DEFLATED, -15, 8, filtered)
                expected = packer.compress(data[:size]) + packer.flush()
                assert deflated(data[:size], level, filtered) == expected, (size, level, filtered)


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_deflates_so_too(name):
    for level, filtered in [(1, 0), (3, 0), (4, 1), (6, 0), (9, 1)]:
        data = inputs()[name][: 20000 if level == 1 else 3000]
        assert deflate(data, level, bool(filtered)) == deflated(data, level, filtered)


def test_deflating_stops_where_it_differs_or_does_not_fit():
    data, state = inputs()["text"], ffi.new("uint32_t[]", lib.bbc_deflate_size() // 4 + 1)
    wanted = deflated(data, 6, 0)
    for room, of in [(len(wanted), wanted), (len(wanted) - 1, None), (len(wanted), bytes(len(wanted)))]:
        out = ffi.new("uint8_t[]", room)
        size = lib.bbc_deflate(state, data, len(data), 6, 0, ffi.NULL if of is None else of, out, room)
        assert (size == len(wanted)) == (of == wanted)
    assert lib.bbc_deflate(state, data, 10, 0, 0, ffi.NULL, ffi.new("uint8_t[]", 99), 99) > 99


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("level", [1, 5, 9])
def test_pictures_come_back(depth, channels, level):
    picture = png(depth, channels, level, low_first=depth == 16)
    node = png_data.taken_out(Node(gaps=[b"before" + picture + b"behind"]))
    (item,) = node.items
    assert isinstance(item, PngData) and (item.level, item.swapped) == (level, depth == 16)
    assert node.gaps[0] + png_data.join(item) + node.gaps[1] == b"before" + picture + b"behind"
    assert len(item.payload) < len(picture)


def test_others_stay_bytes():
    picture = png(16, 1, 1)
    at = picture.index(b"IDAT") + 4
    for changed in [
        picture[:at] + b"\x58" + picture[at + 1 :],
        picture[: at + 900],
        picture[:at] + bytes(100) + picture[at + 100 :],
        picture[:40],
    ]:
        node = Node(gaps=[changed])
        assert png_data.taken_out(node).gaps == [changed]


def test_an_unknown_filter_is_an_error():
    with pytest.raises(CorruptError, match="an unknown filter"):
        png_data.filtered(np.zeros((2, 8), np.uint8), b"\0\5", 1)


def test_damage_is_named():
    """Never a crash, nor other bytes."""
    file = with_content(b"before" + png(16, 1, 1) + b"behind")
    stored = file_coder.encode(file, "", 5)[0]
    part, chance = stored.parts[0], random.Random(4)
    for _ in range(60):
        payload = bytearray(part.payload)
        payload[chance.randrange(len(payload)) if chance.random() < 0.8 else chance.randrange(20)] ^= (
            1 << chance.randrange(8)
        )
        stored.parts[0] = container.FilePart(part.coder, b"", bytes(payload))
        try:
            assert file_coder.decode(stored) == file
        except BbcError:
            continue
