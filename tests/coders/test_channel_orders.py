"""The order of a pixel's channels that few-colours writes is the best of those that a level tries."""

from types import SimpleNamespace

import numpy as np
import pytest
from mixing_pictures import screen

from bbans_cli.coders import channel_orders, context_mixing, sample_rows
from bbans_cli.coders.registry import CODERS, EncodeRequest
from bbans_cli.container import FEW_COLOURS
from bbans_cli.progress import no_progress


def part_of(planes, level, quick=False, max_bytes=1 << 20):
    request = EncodeRequest(planes, 8, max_bytes, level, 1, no_progress, quick=quick)
    return CODERS[FEW_COLOURS].encode(request)


def sizes(planes):
    """Payload bytes of each order that may be tried."""
    orders = channel_orders.ORDERS[planes.shape[2]]
    return {order: len(context_mixing.encode(FEW_COLOURS, planes, 8, order=order).bands[0].payload) for order in orders}


def noisy(first: int, channels: int, height: int = 40, width: int = 50) -> np.ndarray:
    """Channel `first` is noise, the others follow from it by a table that is not one to one."""
    rng = np.random.default_rng(first)
    noise = rng.integers(0, 256, (height, width), np.uint8)
    planes = [noise if channel == first else (noise >> 3 + channel) * 5 for channel in range(channels)]
    return np.stack(planes, axis=2).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 2])
def test_one_or_two_channels_keep_theirs(channels):
    for level in (1, 5, 9):
        assert channel_orders.to_try(screen(20, 30, channels=channels), 8, level) == (tuple(range(channels)),)
        assert len(part_of(screen(20, 30, channels=channels), level).settings) == 1


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_best_level_has_the_smallest(channels, first):
    planes = noisy(first, channels)
    found = sizes(planes)
    assert len(part_of(planes, 9).bands[0].payload) == min(found.values())
    assert max(found.values()) > min(found.values())
    assert part_of(planes, 9, max_bytes=min(found.values()) - 1) is None


@pytest.mark.parametrize("channels", [3, 4])
def test_the_first_one_where_time_is_short(channels):
    first = channel_orders.ORDERS[channels][:1]
    for first_channel in range(channels):
        planes = noisy(first_channel, channels)
        assert channel_orders.to_try(planes, 8, 1) == channel_orders.to_try(planes, 8, 5) == first
        assert part_of(planes, 9, quick=True) == part_of(planes, 1)


def test_the_default_level_looks_at_some_rows_where_there_is_alpha(monkeypatch):
    seen = []
    planes = noisy(3, 4, 128, 128)

    def encode(coder, sample, depth, order):
        seen.append((coder, sample.shape, depth))
        return SimpleNamespace(approximate_bytes=9 if order[0] == 3 else 10)

    monkeypatch.setattr(context_mixing, "encode", encode)
    assert channel_orders.to_try(planes, 8, 5) == ((3, 0, 1, 2),)
    assert seen == [(FEW_COLOURS, (4, 128, 4), 8)] * 3


def test_strips_are_from_all_over():
    planes = np.arange(100, dtype=np.uint8).reshape(100, 1, 1).repeat(10, axis=1)
    assert sample_rows.strips(planes, 80)[:, 0, 0].tolist() == [0, 1, 32, 33, 65, 66, 98, 99]
    assert sample_rows.strips(planes, 1)[:, 0, 0].tolist() == [0, 33, 66, 99]
    assert sample_rows.strips(planes[:1], 99)[:, 0, 0].tolist() == [0] * 4
