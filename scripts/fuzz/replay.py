"""Inputs of the C targets given to the core as it is built: for those that are kept, in tests/fuzz/test_inputs.py.

Each function takes an input apart as its target in c/ does, and raises AssertionError for what the target aborts for.
"""

from __future__ import annotations

from dataclasses import astuple

import numpy as np

from bbans_cli.core import CData, ffi, lib
from scripts.fuzz import shapes
from scripts.fuzz.inputs import Input, random_numbers
from scripts.fuzz.replay_stream import replay_stream_read, replay_stream_write

# Bytes that c/bytes.c knows, and the most that it codes
FRONTS, BYTES_CODED = (0, 3, 50, 1792), 96


def _state(size: int) -> tuple[np.ndarray, CData]:
    buffer = np.zeros(size + 64, np.uint8)
    start = ffi.cast("char *", ffi.from_buffer(buffer))
    return buffer, start + -int(ffi.cast("uintptr_t", start)) % 64


def _bytes(data: bytes) -> CData:
    return ffi.from_buffer("uint8_t[]", data)


class Mixing:
    """A coder of samples: a payload is decoded; what came out is encoded, and must come back."""

    def __init__(self, name: str) -> None:
        self.size, self.begin, self.rows, self.end = {
            "few_colours": (
                lib.bbc_few_colours_size,
                lib.bbc_few_colours_begin,
                lib.bbc_few_colours_rows,
                lib.bbc_few_colours_end,
            ),
            "deep": (lib.bbc_deep_size, lib.bbc_deep_begin, lib.bbc_deep_rows, lib.bbc_deep_end),
        }[name]

    def __call__(self, data: bytes) -> None:
        given = Input(data)
        index, rows = given.take(0, shapes.SHAPES - 1), given.take(1, shapes.MIXING_SIDE)
        shape = shapes.mixing_shape(index)
        drawn = np.array(random_numbers(1, shape.width * rows * shape.channels)) & (1 << shape.depth) - 1
        samples = drawn.astype(np.uint16)
        again = samples.copy()
        if self._decode(index, given.data, samples, rows):
            return
        assert not self._decode(index, self.encoded(index, samples, rows), again, rows)
        assert np.array_equal(samples, again)

    def encoded(self, index: int, samples: np.ndarray, rows: int) -> bytes:
        """The payload of (rows, width, channels) samples, uint16, in the shape of that number."""
        coded = np.zeros(4 * samples.size + 64, np.uint8)
        shape = self._shape(index)
        kept, state = _state(self.size(shape))
        self.begin(state, shape, ffi.NULL, ffi.from_buffer("uint8_t[]", coded), len(coded))
        assert self.rows(state, ffi.from_buffer("uint16_t[]", samples), rows) == 0
        written = self.end(state)
        del kept
        return coded[:written].tobytes()

    def _shape(self, index: int) -> CData:
        return ffi.new("bbc_mixing_shape *", astuple(shapes.mixing_shape(index)))

    def _decode(self, index: int, payload: bytes, samples: np.ndarray, rows: int) -> int:
        shape = self._shape(index)
        kept, state = _state(self.size(shape))
        source = _bytes(payload)
        self.begin(state, shape, source, ffi.NULL, len(payload))
        failed: int = self.rows(state, ffi.from_buffer("uint16_t[]", samples), rows)
        del kept
        return failed


def replay_bytes(data: bytes) -> None:
    given = Input(data)
    known, count = FRONTS[given.take(0, len(FRONTS) - 1)], given.take(0, BYTES_CODED)
    shape = ffi.new("bbc_bytes_shape *", (given.take(8, 10),))
    front = [number % 5 + ord("a") for number in random_numbers(2, known)]
    plain = np.array([*front, *[0] * count], np.uint8)
    again = plain.copy()
    size = lib.bbc_bytes_size(shape)
    kept, learned = _state(size)
    lib.bbc_bytes_begin(learned, shape, ffi.NULL, ffi.NULL, ffi.NULL, 0)
    lib.bbc_bytes_learn(learned, ffi.from_buffer("uint8_t[]", plain), known)

    def code(array: np.ndarray, payload: bytes | None, out: np.ndarray | None = None) -> tuple[int, int]:
        own, state = _state(size)
        source = ffi.NULL if payload is None else _bytes(payload)
        target = ffi.NULL if out is None else ffi.from_buffer("uint8_t[]", out)
        length = len(payload or b"") if out is None else len(out)
        lib.bbc_bytes_begin_learned(state, learned, source, target, length)
        failed = lib.bbc_bytes_code(state, ffi.from_buffer("uint8_t[]", array), known, known + count)
        written = 0 if out is None else lib.bbc_bytes_end(state)
        del own
        return failed, written

    if not code(plain, given.data)[0]:
        out = np.zeros(4 * BYTES_CODED, np.uint8)
        failed, written = code(plain, None, out)
        assert not failed
        assert not code(again, out[:written].tobytes())[0]
        assert np.array_equal(plain, again)
    del kept


class _Coefficients:
    """Coefficients at a level, from the start that ships."""

    def __init__(self, level: int) -> None:
        self.level = level

    def __call__(self, data: bytes) -> None:
        from bbans_cli.coders.jpeg import coefficients
        from bbans_cli.errors import CorruptError

        given = Input(data)
        shape = shapes.coefficients_shape(given.take(0, shapes.SHAPES - 1))
        first = bytes([0 if self.level == 1 else 1 << 4])
        try:
            blocks = coefficients.decode(first + given.data, shape.sizes, shape.tables, shape.factors, self.level)
        except CorruptError:
            return
        coded = coefficients.encode(blocks, shape.tables, shape.factors, self.level)
        again = coefficients.decode(coded, shape.sizes, shape.tables, shape.factors, self.level)
        assert all(np.array_equal(one, other) for one, other in zip(blocks, again, strict=True))


def replay_dct(data: bytes) -> None:
    from bbans_cli.coders.jpeg import coder, ycbcr

    given = Input(data)
    columns, rows, vertical = given.take(1, 4), given.take(1, 4), given.take(0, 1)
    given.take(1, 16 * columns), given.take(1, 8 * rows * (1 + vertical))
    table = np.frombuffer(given.fill(128), np.uint16)
    blocks = np.frombuffer(given.fill(128 * columns * rows), np.int16).reshape(rows, columns, 64)
    whole = coder.component_samples(blocks, table, 8 * columns, 8 * rows, (False, False))
    coder.component_samples(blocks, table, 16 * columns, 8 * rows * (1 + vertical), (True, bool(vertical)))
    rgb = ycbcr.to_rgb(np.ascontiguousarray(whole.reshape(-1)[: whole.size // 3 * 3].reshape(1, -1, 3)))
    found = ycbcr.from_rgb(rgb)
    assert found is None or np.array_equal(ycbcr.to_rgb(found), rgb)


def replay_png_filters(data: bytes) -> None:
    given = Input(data)
    rows, row, bpp, has_above = given.take(1, 8), given.take(1, 64), given.take(1, 8), given.take(0, 1)
    buffer = np.frombuffer(given.fill((rows + 1) * (row + 1)), np.uint8).copy()
    first = ffi.from_buffer("uint8_t[]", buffer) + 1 + row
    above = buffer[1 : 1 + row].copy()
    given_rows = buffer[1 + row :].copy()
    kinds = given_rows.reshape(rows, row + 1)[:, 0].copy()
    if lib.bbc_png_filters_undo(first, rows, row, bpp, has_above):
        return
    plain = buffer[1 + row :].reshape(rows, row + 1)[:, 1:].copy()
    again = np.zeros(rows * (row + 1), np.uint8)
    given_above = ffi.from_buffer("uint8_t[]", above) if has_above else ffi.NULL
    source, target = ffi.from_buffer("uint8_t[]", plain), ffi.from_buffer("uint8_t[]", again)
    for filters in (kinds, None):
        chosen = ffi.NULL if filters is None else ffi.from_buffer("uint8_t[]", filters)
        assert lib.bbc_png_filters_apply(source, given_above, chosen, target, rows, row, bpp) == 0
        assert filters is None or np.array_equal(again, given_rows)
        buffer[1 + row : 1 + row + len(again)] = again
        assert lib.bbc_png_filters_undo(first, rows, row, bpp, has_above) == 0
        back = buffer[1 + row : 1 + row + len(again)].reshape(rows, row + 1)[:, 1:]
        assert np.array_equal(back, plain)


def replay_ans(data: bytes) -> None:
    """As bits alone: the distributions have tests and a reference of their own."""
    from bbans_cli.entropy.rans import Message
    from bbans_cli.errors import BbcError

    given = Input(data)
    given.take(0, 5)
    lanes, count, precision = given.take(1, 3), given.take(0, 64), given.take(0, 33)
    try:
        message = Message.from_bytes(given.data, lanes)
        before = message.copy()
        values = message.pop_bits(count, precision)
    except (BbcError, ValueError):
        return
    message.push_bits(values, precision)
    assert message == before


def replay_band_scan(data: bytes) -> None:
    """A message of a small band under random weights."""
    from bbans_cli.coders.neural.band_scan import BandScan, ScanShape, weight_count
    from bbans_cli.entropy.rans import Message
    from bbans_cli.errors import BbcError

    given = Input(data)
    width, height, channels = given.take(1, 12), given.take(1, 12), 3 if given.take(0, 1) else 1
    size = {"width": width, "height": height, "channels": channels, "first_row": 0, "last_row": height}
    shape = ScanShape(**size, hidden=16, layers=1, head=16, batch=16, learning_rate=1e-3)
    drawn = np.array(random_numbers(1, weight_count(shape))) % 2001
    weights = ((drawn - 1000.0) * 0.0003).astype(np.float32)
    pixels = np.zeros((height, width, channels), np.uint8)
    try:
        message = Message.from_bytes(given.data)
        before = message.copy()
        BandScan(shape, weights, None, pixels).pop(message, 1, lambda count: None)
    except BbcError:
        return
    message.push(*BandScan(shape, weights, None, pixels).intervals(1, lambda count: None), 24)
    assert message == before


def replay_fitted(data: bytes) -> None:
    from bbans_cli.coders.fitted.layout import LANES, WEIGHTS
    from bbans_cli.coders.fitted.scan import PRECISION, BandScan
    from bbans_cli.entropy.rans import Message
    from bbans_cli.errors import BbcError

    given = Input(data)
    width, height, channels = given.take(1, 12), given.take(1, 12), 3 if given.take(0, 1) else 1
    drawn = np.array(random_numbers(given.take(0, 3), WEIGHTS)) % 2001
    weights = ((drawn - 1000.0) * 0.0002).astype(np.float32)
    pixels = np.zeros((height, width, channels), np.uint8)
    try:
        message = Message.from_bytes(given.data, LANES)
        before = message.copy()
        BandScan(pixels, weights).pop(message, lambda count: None)
    except BbcError:
        return
    message.push(*BandScan(pixels, weights).intervals(lambda count: None), PRECISION)
    assert message == before


TARGETS = {
    "few_colours": Mixing("few_colours"),
    "deep": Mixing("deep"),
    "bytes": replay_bytes,
    "coefficients_1": _Coefficients(1),
    "coefficients_5": _Coefficients(5),
    "coefficients_9": _Coefficients(9),
    "dct": replay_dct,
    "png_filters": replay_png_filters,
    "ans": replay_ans,
    "band_scan": replay_band_scan,
    "fitted": replay_fitted,
    "stream_read": replay_stream_read,
    "stream_write": replay_stream_write,
}
