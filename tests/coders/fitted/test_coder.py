"""The fitted coder: planes to a part and back, in any number of threads; damage and unknown settings."""

from dataclasses import replace

import fitted_bands
import numpy as np
import pytest
import tiny

from bbans_cli import container
from bbans_cli.coders import registry
from bbans_cli.coders.fitted import coder, fitting
from bbans_cli.coders.fitted.scan import BandScan, Forecasts
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.errors import CorruptError, ModelMismatchError, UnsupportedError
from bbans_cli.progress import no_progress

SHAPES = [(1, 1, 3), (1, 300, 1), (200, 1, 3), (60, 90, 3), (61, 90, 1)]


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """Random weights, small bands, few steps."""
    fitted_bands.save(tmp_path)
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(coder, "BAND_PIXELS", 2000)
    monkeypatch.setattr(fitting, "LEAST_STEPS", 12)


def forecasts_size(band):
    return BandScan(np.ascontiguousarray(band), fitted_bands.weights(1)).forecasts_size()


def decoded(part, planes, threads=1):
    return coder.decode(part, planes.shape[1], planes.shape[0], planes.shape[2], threads)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_there_and_back(shape):
    planes = tiny.picture(*shape)
    part = coder.encode(planes, 1)
    assert part.coder == container.FITTED and np.array_equal(decoded(part, planes), planes)


def test_threads_change_no_byte():
    planes = tiny.picture(80, 90, 3)
    part = coder.encode(planes, 1)
    assert len(part.bands) == 4 and coder.encode(planes, 3) == part
    assert np.array_equal(decoded(part, planes, 3), planes)


def test_forecasts_that_are_kept_change_no_byte(monkeypatch):
    """Of all four bands, of the first two, or of none."""
    planes = tiny.picture(80, 90, 3)
    part, size = coder.encode(planes, 1), forecasts_size(planes[:20])
    kept = []
    monkeypatch.setattr(coder, "Forecasts", lambda size: kept.append(size) or Forecasts(size))
    for room, bands in ((4 * size, 4), (3 * size - 1, 2), (size - 1, 0)):
        monkeypatch.setattr(coder, "KEPT_FORECASTS", room)
        kept.clear()
        assert coder.encode(planes, 1) == part and kept == [size] * bands


@pytest.mark.parametrize("shape", [*SHAPES, (3, 260, 3), (40, 127, 3), (9, 8, 3)], ids=str)
def test_intervals_by_forecasts_that_were_kept(shape):
    band, (first, second) = tiny.picture(*shape), (fitted_bands.weights(seed) for seed in (1, 2))
    alone = BandScan(band, second)
    expected = alone.intervals(no_progress)
    forecasts = Forecasts(alone.forecasts_size())
    collected, scan = BandScan(band, first, forecasts), BandScan(band, second, forecasts)
    assert np.array_equal(collected.collect(1, no_progress), BandScan(band, second).collect(1, no_progress))
    assert all(map(np.array_equal, scan.intervals(no_progress), expected))
    with pytest.raises(ValueError, match="too small"):
        BandScan(band, second, Forecasts(alone.forecasts_size() - 1))


def test_a_fit_that_does_not_pay_is_left_out(monkeypatch):
    planes = tiny.picture(8, 12, 3)
    assert coder.encode(planes, 1).settings == b"\0"
    monkeypatch.setattr(fitting, "LEAST_STEPS", 200)
    assert coder.encode(tiny.picture(150, 150, 3), 1).settings[0] == coder.CHANGED


def test_a_picture_in_ycbcr():
    """One that a JPEG decoder could have made is coded as Cb, Y, Cr."""
    planes = ycbcr.to_rgb(tiny.picture(40, 50, 3))
    part = coder.encode(planes, 1)
    assert part.settings[0] & coder.YCBCR and np.array_equal(decoded(part, planes), planes)


def test_progress_counts_every_pixel_once():
    planes, told = tiny.picture(60, 90, 3), []
    part = coder.encode(planes, 2, told.append)
    assert 0.95 * 5400 < sum(told) <= 5400 and min(told) > 0
    told.clear()
    coder.decode(part, 90, 60, 3, 2, told.append)
    assert sum(told) == 5400


def test_a_damaged_band_is_named():
    planes = tiny.picture(60, 90, 3)
    part = coder.encode(planes, 1)
    band = part.bands[1]
    for payload in (band.payload[:-1], band.payload[:40], b"", bytes([band.payload[0] ^ 1]) + band.payload[1:]):
        bands = [part.bands[0], band._replace(payload=payload), *part.bands[2:]]
        with pytest.raises(CorruptError):
            decoded(replace(part, bands=bands), planes)
    with pytest.raises(CorruptError, match="latent rows"):
        decoded(replace(part, bands=[part.bands[0]._replace(split=1), *part.bands[1:]]), planes)


def test_unknown_settings_and_weights():
    planes = tiny.picture(8, 12, 3)
    part = coder.encode(planes, 1)
    for settings in (b"\4", b"\0\0"):
        with pytest.raises(UnsupportedError, match="unknown settings"):
            decoded(replace(part, settings=settings), planes)
    with pytest.raises(CorruptError):
        decoded(replace(part, settings=b""), planes)
    with pytest.raises(ModelMismatchError, match="01020304"):
        decoded(replace(part, model_id=b"\1\2\3\4"), planes)


def test_the_fast_level_uses_it_for_all_but_small_pictures(least, tmp_path, monkeypatch):
    fitted_bands.save(tmp_path)
    monkeypatch.setattr(coder, "LEAST_PIXELS", 500)

    def coder_of(height, width, level):
        planes = tiny.picture(height, width, 3)
        request = registry.EncodeRequest(planes, 8, 1 << 20, level, 1, lambda n: None)
        return registry.CODERS[container.NEURAL].encode(request).coder

    assert [coder_of(20, 30, 1), coder_of(20, 20, 1), coder_of(20, 30, 5)] == [
        container.FITTED,
        container.NEURAL,
        container.NEURAL,
    ]


def test_steps_grow_more_slowly_beyond_half_a_million_pixels(monkeypatch):
    monkeypatch.undo()
    found = [fitting.steps_of(pixels) for pixels in (1, 1 << 16, 1 << 19, (1 << 19) + 12800, 1 << 20, 1 << 30)]
    assert found == [400, 435, 3481, 3481 + 55, 3481 + 2253, 1 << 14]
