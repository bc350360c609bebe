"""The account of a part's bits: its items add up to the payload, and each is what its name says."""

from dataclasses import replace

import numpy as np
import pytest
import tiny

from bbans_cli import container
from bbans_cli.cli import info
from bbans_cli.coders.neural import bit_account
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural.latents import BITS, Latents
from bbans_cli.coders.neural.settings import Settings, band_codec
from bbans_cli.container import Container
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError


def account(part, planes, threads=1):
    height, width, channels = planes.shape
    return bit_account.of_part(part, width=width, height=height, channels=channels, threads=threads)


def sum_of(bits):
    latents = bits["latents_under_prior"] - bits["latents_under_posterior"]
    return latents + bits["latent_rows"] + bits["initial_bits_rows"] + bits["overhead"]


@pytest.mark.parametrize("level", [1, 5])
def test_the_items_add_up_to_the_payload(model, monkeypatch, level):
    monkeypatch.setattr(neural_coder, "BAND_PIXELS", 9000)
    planes = tiny.picture(230, 100, 3)
    part = neural_coder.encode(planes, level, threads=1)
    found = account(part, planes, threads=2)
    assert len(found) == len(part.bands) == 3
    for bits, band, rows in zip(found, part.bands, container.band_heights(230, part.band_rows), strict=True):
        assert sum_of(bits) == pytest.approx(8 * len(band.payload), abs=1e-6)
        latents = Latents(model, width=100, rows=band.split)
        assert bits["latents_under_prior"] == pytest.approx(BITS * latents.count, abs=1e-6)
        assert 0 < bits["latents_under_posterior"] < bits["latents_under_prior"]
        assert bits["initial_bits_rows"] > bits["latents_under_posterior"]
        assert 0 <= bits["overhead"] < 64
        spent = bits["latents_under_prior"] - bits["latents_under_posterior"]
        assert bits["kl_per_sample"] == pytest.approx(spent / (rows * 100 * 3))


def test_initial_bits_rows_cost_what_coding_them_alone_does(least):
    planes = tiny.picture(90, 70, 3)
    part = neural_coder.encode(planes, 1, threads=1)
    bits, split = account(part, planes)[0], part.bands[0].split
    message = Message()
    settings = Settings.from_bytes(part.settings)
    band_codec(planes.shape, least, settings).initial_bits_rows(split).push(message, planes)
    assert bits["initial_bits_rows"] == pytest.approx(message.bits, abs=1)


def test_a_picture_without_latent_rows(least):
    planes = tiny.picture(3, 5, 3)
    bits = account(neural_coder.encode(planes, 5, threads=1), planes)[0]
    assert bits["latents_under_prior"] == bits["latents_under_posterior"] == bits["latent_rows"] == 0
    assert bits["kl_per_sample"] == 0 and bits["initial_bits_rows"] > 100


def test_damage_is_an_error(least):
    planes = tiny.picture(20, 20, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    with pytest.raises(CorruptError, match="checksum"):
        account(replace(part, bands=[part.bands[0]._replace(crc=0)]), planes)
    with pytest.raises(CorruptError):
        account(replace(part, bands=[part.bands[0]._replace(payload=b"\xff" * 40)]), planes)


def test_bits_join_the_details_of_a_file(least):
    planes = tiny.picture(20, 20, 3)
    stored = container.Part(container.RAW, 1, 8, b"", b"", 20, [container.Band(bytes(400), 0, 0)])
    file = Container(20, 20, "rgba", 8, [neural_coder.encode(planes, 5, threads=1), stored])
    details = info.details(file, 2000)
    shares: list[float] = []
    info.add_bits(details, bit_account.of_file(file, 1, shares.append))
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] == 1
    assert "bits" not in details["parts"][1]["bands"][0]
    assert details["parts"][0]["bands"][0]["bits"] == account(file.parts[0], planes)[0]
    assert any("initial bits rows, bits: " in line for line in info.table(details))
    assert np.isclose(sum_of(details["parts"][0]["bands"][0]["bits"]), 8 * len(file.parts[0].bands[0].payload))
