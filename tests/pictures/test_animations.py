"""Animations are known by the front of a file, and no front is too short or too odd to be looked at."""

import io

import numpy as np
import pytest
from PIL import Image

from bbans_cli.pictures.animations import shows_frames


def saved(kind: str, count: int) -> bytes:
    frames = [Image.new("RGB", (9, 7), (80 * number, 0, 9)) for number in range(count)]
    out = io.BytesIO()
    frames[0].save(out, kind, **({"save_all": True, "append_images": frames[1:], "loop": 0} if count > 1 else {}))
    return out.getvalue()


@pytest.mark.parametrize("kind", ["png", "gif", "webp"])
def test_two_frames_are_an_animation_and_one_is_none(kind: str) -> None:
    assert [shows_frames(saved(kind, count), kind) for count in (1, 2, 3)] == [False, True, True]


@pytest.mark.parametrize("kind", ["png", "gif", "webp"])
def test_any_front_can_be_looked_at(kind: str) -> None:
    data = saved(kind, 3)
    found = [shows_frames(data[:size], kind) for size in range(len(data))]
    assert found == sorted(found)  # what more bytes show, fewer may not yet
    random = np.random.default_rng(1)
    for _ in range(100):
        odd = bytearray(data)
        odd[random.integers(6, len(data))] = random.integers(256)
        shows_frames(bytes(odd), kind)
