"""The way into a band scan: arguments are checked, calls are short, progress adds up. For bits: core/neural."""

from dataclasses import replace

import numpy as np
import pytest
from scans import inputs

from bbans_cli.coders.neural import band_scan
from bbans_cli.coders.neural.band_scan import PRECISION, BandScan, weight_count
from bbans_cli.coders.neural.scan_shape import ScanShape
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError, UnderflowError
from bbans_cli.progress import no_progress

SHAPE = ScanShape(
    width=40,
    height=30,
    channels=3,
    first_row=4,
    last_row=28,
    hidden=16,
    layers=2,
    head=16,
    block=16,
    batch=100,
    learning_rate=1e-3,
)


def test_wrong_arrays_are_refused():
    network, modulation, pixels = inputs(SHAPE)
    with pytest.raises(ValueError, match="network"):
        BandScan(SHAPE, network[:-1], modulation, pixels)
    with pytest.raises(ValueError, match="blocks"):
        BandScan(SHAPE, network, modulation[:-1], pixels)
    for wrong in (pixels[:-1], pixels[..., :1], pixels.astype(np.int16), pixels.astype(np.uint16)):
        with pytest.raises(ValueError, match="shape"):
            BandScan(SHAPE, network, modulation, wrong)
    with pytest.raises(ValueError, match="contiguous"):
        BandScan(SHAPE, network, modulation, pixels[:, ::-1])


@pytest.mark.parametrize(
    "change, reason",
    [
        *(({"hidden": hidden}, "hidden") for hidden in (24, 0, 1024)),
        *(({"layers": layers}, "layers") for layers in (0, 9)),
        *(({"head": head}, "head") for head in (8, 24, 144)),
        ({"channels": 2}, "channels"),
        *((change, "rows") for change in ({"first_row": -1}, {"first_row": 29}, {"last_row": 31})),
        ({"block": -8}, "block"),
        ({"batch": -1}, "batch"),
        ({"batch": (1 << 20) + 1}, "batch"),
        *(({"update_interval": interval}, "update_interval") for interval in (0, 1025)),
        ({"trunk_after": -1}, "trunk_after"),
        *(({"grid_x": 3, "grid_y": 5, "period": 2, "light": light}, "light") for light in (-1, 17)),
        ({"grid_x": 3, "grid_y": 5, "period": 8, "light": 1}, "light"),
        *(({"correction": correction}, "correction") for correction in (-1, 2)),
        *(({"grid_x": x, "grid_y": y}, "grid") for x, y in ((-1, 0), (3, -1), (16, 0), (0, 16), (-2, -2))),
        ({"period": 8}, "period"),
        *((change, "low_bits") for change in ({"low_bits": 9}, {"low_bits": -1}, {"low_bits": 3, "fraction": 4})),
        *(({"grid_x": 3, "grid_y": 5, "period": period}, "period") for period in (-8, 0, 3, 12, 32)),
    ],
)
def test_a_refusal_names_the_field(change, reason):
    shape = replace(SHAPE, **change)
    pixels = np.zeros((shape.height, shape.width, shape.channels), shape.dtype)
    with pytest.raises(ValueError, match=reason):
        BandScan(shape, *inputs(SHAPE)[:2], pixels)


def test_sides_are_limited():
    for side in ({"width": 0}, {"width": (1 << 18) + 1}, {"height": 0}, {"height": (1 << 28) + 1}):
        with pytest.raises(ValueError, match=next(iter(side))):
            weight_count(replace(SHAPE, **side))


def test_modulation_needs_a_block():
    with pytest.raises(ValueError, match="block"):
        BandScan(replace(SHAPE, block=0), *inputs(SHAPE))


def test_a_scan_that_does_not_learn_has_no_gradient():
    shape = replace(SHAPE, batch=0)
    with pytest.raises(ValueError, match="gradient"):
        BandScan(shape, *inputs(shape)).keep_gradient()


def test_the_size_of_a_call_changes_nothing(monkeypatch):
    """Calls of one diagonal each give what one call gives, learning included."""
    network, modulation, pixels = inputs(SHAPE)

    def code(seconds):
        monkeypatch.setattr(band_scan, "_CALL_SECONDS", seconds)
        reported: list[int] = []
        scan = BandScan(SHAPE, network, modulation, pixels)
        starts, freqs = scan.intervals(2, reported.append)
        message = Message()
        message.push(starts, freqs, PRECISION)
        out = pixels.copy()
        out[4:28] = 0
        BandScan(SHAPE, network, modulation, out).pop(message, 2, reported.append)
        assert np.array_equal(out, pixels) and sum(reported) == 2 * 24 * 40
        return starts.tobytes() + freqs.tobytes() + scan.weights().tobytes(), len(reported)

    (short, many), (long, few) = code(seconds=1e-9), code(seconds=100.0)
    assert short == long and many > 2 * few


def test_threads_are_bounded():
    """None are refused; of more than the core has a team for, so many are taken."""
    with pytest.raises(ValueError, match="threads"):
        BandScan(SHAPE, *inputs(SHAPE)).intervals(0, no_progress)
    many, one = (BandScan(SHAPE, *inputs(SHAPE)).intervals(threads, no_progress) for threads in (65, 1))
    np.testing.assert_array_equal(many, one)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_message_that_ends_early_is_an_error(threads):
    network, modulation, pixels = inputs(SHAPE)
    message = Message()
    message.push(*BandScan(SHAPE, network, modulation, pixels).intervals(1, no_progress), PRECISION)
    short = Message.from_bytes(message.to_bytes()[400:])
    with pytest.raises(UnderflowError):
        BandScan(SHAPE, network, modulation, pixels.copy()).pop(short, threads, no_progress)
    assert issubclass(UnderflowError, CorruptError)


def test_read_only_pixels_can_be_coded():
    network, modulation, pixels = inputs(SHAPE)
    expected = BandScan(SHAPE, network, modulation, pixels).intervals(1, no_progress)
    pixels.flags.writeable = False
    found = BandScan(SHAPE, network, modulation, pixels).intervals(1, no_progress)
    assert np.array_equal(found, expected)


def test_the_network_given_is_not_changed():
    network, modulation, pixels = inputs(SHAPE)
    before = network.copy()
    scan = BandScan(SHAPE, network, modulation, pixels)
    scan.intervals(1, no_progress)
    assert np.array_equal(network, before) and not np.array_equal(scan.weights(), before)
