"""The property that every codec must have."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from bbans_cli.entropy.codecs.codec import Codec
from bbans_cli.entropy.rans import Message

Symbol = TypeVar("Symbol")


def check_codec(codec: Codec[Symbol], data: Symbol, message: Message | None = None, seed: int = 0) -> float:
    """Push ``data``, pop it, and check that the data and the message come back; return the cost of the push in bits.

        [ message ]  ->  [ message | data ]  ->  [ message ],  data

        >>> round(check_codec(Uniform(8, shape=4), [0, 5, 7, 2]), 6)
        12.0

    codec, data: the codec and what it codes, compared by elements; lists and tuples may be nested. message: the
    message to begin with; by default 1,024 random words from ``seed``, enough initial bits for most bits-back
    codecs. AssertionError if the data or the message differ.
    """
    before = Message.random(1024, np.random.default_rng(seed)) if message is None else message
    after = before.copy()
    codec.push(after, data)
    bits = after.bits - before.bits
    back = codec.pop(after)
    if not _equal(back, data):
        raise AssertionError(f"pushed {data!r}, popped {back!r}")
    if after != before:
        raise AssertionError(f"the message had {before.bits:.2f} bits, came back with {after.bits:.2f}, and differs")
    return bits


def _equal(a: object, b: object) -> bool:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))
    return np.array_equal(np.asarray(a), np.asarray(b))
