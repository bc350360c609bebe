"""The one test that every codec has to pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from bbans_cli.entropy.codecs.codec import Codec
from bbans_cli.entropy.rans import Message


def check_codec(codec: Codec[Any], data: Any, message: Message | None = None, seed: int = 0) -> float:
    """Push ``data``, pop it again, and see that it came back and that the message is what it was before.

        [ message ]  ->  [ message | data ]  ->  [ message ], data

    message: where to begin; by default 1,024 random words, more than most codecs of bits back take. Returns
    the bits that the push added. AssertionError where the codec does not keep its promise.
    """
    before = Message.random(1024, np.random.default_rng(seed)) if message is None else message
    after = before.copy()
    codec.push(after, data)
    bits = after.bits - before.bits
    back = codec.pop(after)
    if not _equal(back, data):
        raise AssertionError(f"pushed {data!r}, popped {back!r}")
    if after != before:
        raise AssertionError(f"the message had {before.bits:.2f} bits and came back with {after.bits:.2f}, or others")
    return bits


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))
    return np.shape(a) == np.shape(b) and bool(np.all(np.asarray(a) == np.asarray(b)))
