"""The account of a part's bits: it balances, and tells latents, head and tail apart."""

from dataclasses import replace

import numpy as np
import pytest
import tiny

from bbans_cli import container
from bbans_cli.cli import info
from bbans_cli.coders.neural import bit_account
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural.band import Band
from bbans_cli.coders.neural.latents import BITS
from bbans_cli.container import Container
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError


def account(part, planes, threads=1):
    height, width, channels = planes.shape
    return bit_account.inspect(part, width, height, channels, threads)


def sums_to(bits):
    return (
        bits["pushed_for_latents"]
        - bits["popped_for_latents"]
        + bits["pixels_given_latents"]
        + (bits["pixels_without_latents"] + bits["overhead"])
    )


@pytest.mark.parametrize("level", [1, 5])
def test_the_account_balances(model, monkeypatch, level):
    monkeypatch.setattr(neural_coder, "BAND_PIXELS", 9000)
    planes = tiny.picture(230, 100, 3)
    part = neural_coder.encode(planes, level, 1)
    found = account(part, planes, 2)
    assert len(found) == len(part.bands) == 3
    for bits, band, rows in zip(found, part.bands, container.band_heights(230, part.band_rows), strict=True):
        assert sums_to(bits) == pytest.approx(8 * len(band.payload), abs=1e-6)
        latents = Band(model, rows, 100, 3).latents(band.split)
        assert bits["pushed_for_latents"] == pytest.approx(BITS * latents.count, abs=1e-6)
        assert 0 < bits["popped_for_latents"] < bits["pushed_for_latents"]
        assert bits["pixels_without_latents"] > bits["popped_for_latents"]
        assert 0 <= bits["overhead"] < 64
        spent = bits["pushed_for_latents"] - bits["popped_for_latents"]
        assert bits["kl_per_sample"] == pytest.approx(spent / (rows * 100 * 3))


def test_pixels_cost_what_the_passes_say(least):
    planes = tiny.picture(90, 70, 3)
    part = neural_coder.encode(planes, 1, 1)
    bits, split = account(part, planes)[0], part.bands[0].split
    message = Message()
    how = neural_coder.Settings.from_bytes(part.settings)
    neural_coder.band_of(planes.shape, least, how, 1).tail(split).push(message, planes)
    assert bits["pixels_without_latents"] == pytest.approx(message.bits, abs=1)


def test_a_picture_without_a_head(least):
    planes = tiny.picture(3, 5, 3)
    bits = account(neural_coder.encode(planes, 5, 1), planes)[0]
    assert bits["pushed_for_latents"] == bits["popped_for_latents"] == bits["pixels_given_latents"] == 0
    assert bits["kl_per_sample"] == 0 and bits["pixels_without_latents"] > 100


def test_damage_is_an_error(least):
    planes = tiny.picture(20, 20, 3)
    part = neural_coder.encode(planes, 5, 1)
    with pytest.raises(CorruptError, match="checksum"):
        account(replace(part, bands=[replace(part.bands[0], crc=0)]), planes)
    with pytest.raises(CorruptError):
        account(replace(part, bands=[replace(part.bands[0], payload=b"\xff" * 40)]), planes)


def test_bits_join_the_details_of_a_file(least):
    planes = tiny.picture(20, 20, 3)
    stored = container.Part(container.STORED, 1, 8, b"", b"", 20, [container.Band(bytes(400), 0, 0)])
    file = Container(20, 20, "rgba", 8, [neural_coder.encode(planes, 5, 1), stored])
    shown = info.details(file, 2000)
    told: list[float] = []
    bit_account.add_bits(shown, file, 1, told.append)
    assert told == sorted(told) and told[0] > 0 and told[-1] == 1
    assert "bits" not in shown["parts"][1]["bands"][0]
    assert shown["parts"][0]["bands"][0]["bits"] == account(file.parts[0], planes)[0]
    assert any("pixels without latents, bits: " in line for line in info.table(shown))
    assert np.isclose(sums_to(shown["parts"][0]["bands"][0]["bits"]), 8 * len(file.parts[0].bands[0].payload))
