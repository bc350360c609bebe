"""Planes to parts and back: every shape and kind of picture, damage, bands, threads, progress."""

from dataclasses import replace

import numpy as np
import pytest
import tiny

from bbans_cli import container
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural import deep_scale, levels
from bbans_cli.coders.neural.settings import Settings
from bbans_cli.container import Band, Part
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError, ModelMismatchError, UnsupportedError
from bbans_cli.limits import MAX_NEURAL_WIDTH
from bbans_cli.progress import no_progress

LEVELS = sorted(levels.LEVELS)


def checkerboard(height, width):
    return (np.indices((height, width, 3)).sum(0) % 2 * 255).astype(np.uint8)


PICTURES = {
    "1x1": tiny.picture(1, 1, 3),
    "1x7": tiny.picture(1, 7, 3),
    "7x1": tiny.picture(7, 1, 3),
    "3x5": tiny.picture(3, 5, 3),
    "17x33": tiny.picture(17, 33, 3),
    "64x64": tiny.picture(64, 64, 3),
    "grey": tiny.picture(70, 90, 1),
    "grey 1x1": tiny.picture(1, 1, 1),
    "constant": np.full((40, 50, 3), 77, np.uint8),
    "black": np.zeros((9, 30, 1), np.uint8),
    "white": np.full((30, 9, 3), 255, np.uint8),
    "noise": tiny.integers(9, 256, 48, 40, 3).astype(np.uint8),
    "checkerboard": checkerboard(40, 33),
    "wide": tiny.picture(2, 700, 3),
    "high": tiny.picture(700, 2, 1),
}


def deep(height, width, channels, maximum):
    """Soft samples up to `maximum` with noise, uint16."""
    soft = tiny.picture(height, width, channels).astype(np.int64) * maximum // 255
    noisy = soft + tiny.integers(11, 32, height, width, channels) - 16
    return np.clip(noisy, 0, maximum).astype(np.uint16)


DEEP_PICTURES = {
    "deep 1x1": np.full((1, 1, 3), 65535, np.uint16),
    "9 bits": deep(40, 30, 1, 511),
    "10 bits": deep(33, 17, 3, 1023),
    "12 bits": deep(40, 50, 3, 4095),
    "up to 40000": deep(50, 40, 1, 40000),
    "16 bits": deep(96, 90, 3, 65535),
    "deep constant": np.full((20, 30, 1), 300, np.uint16),
    "deep black": np.zeros((20, 30, 3), np.uint16),
    "deep noise": tiny.integers(9, 65536, 24, 40, 3).astype(np.uint16),
    "deep checkerboard": checkerboard(30, 33).astype(np.uint16) * 257,
}


def decoded(part, planes, threads=1, progress=no_progress):
    height, width, channels = planes.shape
    return neural_coder.decode(part, width=width, height=height, channels=channels, threads=threads, progress=progress)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", PICTURES)
def test_round_trips(model, name, level):
    planes = PICTURES[name]
    part = neural_coder.encode(planes, level, threads=1)
    assert np.array_equal(decoded(part, planes), planes)
    assert part.channels == planes.shape[2] and part.depth == 8


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", DEEP_PICTURES)
def test_round_trips_of_deep_samples(model, name, level):
    planes = DEEP_PICTURES[name]
    part = neural_coder.encode(planes, level, threads=1)
    back = decoded(part, planes)
    assert back.dtype == np.uint16 and np.array_equal(back, planes)
    assert part.channels == planes.shape[2] and part.depth == 16 and len(part.settings) == 3


def test_the_unit_follows_the_noise():
    """Of deep samples with next to no noise a unit is fewer steps, where that takes fewer bytes."""
    soft = (np.add.outer(np.arange(60), np.arange(50)) * 300 % 65536)[:, :, None]
    noisy = tiny.integers(9, 1 << 12, 60, 50, 1) + 30_000
    calm = (soft + tiny.integers(9, 4, 60, 50, 1)).astype(np.uint16)
    asked = []

    def size(sample, fraction):
        asked.append(fraction)
        return float(fraction)

    assert deep_scale.fraction(noisy.astype(np.uint16), 8, size) == 8 and asked == []
    assert deep_scale.fraction(calm, 8, size) == min(asked) < 8 and max(asked) == 8


def test_a_part_names_its_coder_and_weights(model):
    part = neural_coder.encode(PICTURES["64x64"], 5, threads=1)
    assert part.coder == container.NEURAL and part.model_id == model.id


@pytest.mark.parametrize("level", [1, 5, 9])
@pytest.mark.parametrize("side, has_latents", [(64, False), (80, True)])
def test_thumbnails_have_no_latents(least, level, side, has_latents):
    part = neural_coder.encode(tiny.picture(side, side, 3), level, threads=1)
    assert (part.bands[0].split > 0) == has_latents


@pytest.mark.parametrize("planes", [tiny.picture(80, 90, 3), deep(40, 50, 3, 4095)], ids=["8 bits", "12 bits"])
def test_round_trip_on_every_instruction_set(isa, model, planes):
    """Learning, with latents: the part is the same bytes everywhere and reads back."""
    part = neural_coder.encode(planes, 5, threads=1)
    assert part.depth == 16 or sum(band.split for band in part.bands) > 0
    assert np.array_equal(decoded(part, planes), planes)
    assert part == _first.setdefault((model.id, part.depth), part)


_first: dict[tuple[bytes, int], Part] = {}


def test_the_input_is_left_alone(least):
    planes = tiny.picture(30, 40, 3)
    planes.flags.writeable = False
    assert np.array_equal(decoded(neural_coder.encode(planes, 5, threads=1), planes), planes)
    turned = tiny.picture(30, 40, 3)[::-1, ::-1]
    assert np.array_equal(decoded(neural_coder.encode(turned, 5, threads=1), turned), turned)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_byte(model, threads):
    planes = tiny.picture(100, 130, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    assert neural_coder.encode(planes, 5, threads=threads) == part
    assert np.array_equal(decoded(part, planes, threads), planes)


@pytest.fixture
def small_bands(monkeypatch):
    monkeypatch.setattr(neural_coder, "BAND_PIXELS", 3000)
    monkeypatch.setattr(levels, "THUMBNAIL", 0)


@pytest.mark.parametrize("height", [60, 61, 97, 100, 129])
def test_several_bands(model, small_bands, height):
    planes = tiny.picture(height, 100, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    heights = container.band_heights(height, part.band_rows)
    assert len(part.bands) == len(heights) > 1 and min(heights) > max(heights) // 2
    assert np.array_equal(decoded(part, planes), planes)


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_bands_beside_each_other_change_no_byte(model, small_bands, threads):
    planes = tiny.picture(100, 100, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    assert neural_coder.encode(planes, 5, threads=threads) == part and len(part.bands) == 4
    assert np.array_equal(decoded(part, planes, threads), planes)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_first_damaged_band_is_named(least, small_bands, threads):
    planes = tiny.picture(100, 100, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    for number in (1, 3):
        part.bands[number] = part.bands[number]._replace(payload=part.bands[number].payload[:-40])
    with pytest.raises(CorruptError, match="band 1 is damaged"):
        decoded(part, planes, threads)


def test_a_band_is_coded_as_if_it_were_alone(least, small_bands, monkeypatch):
    """With the settings of the picture."""
    monkeypatch.setattr(levels.mosaic, "found", lambda samples: False)
    planes = tiny.picture(100, 100, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    rows = part.band_rows
    alone = neural_coder.encode(planes[rows : 2 * rows], 5, threads=1)
    assert part.bands[1] == alone.bands[0]


def damaged(part, index, payload):
    bands = list(part.bands)
    bands[index] = bands[index]._replace(payload=payload)
    return replace(part, bands=bands)


@pytest.mark.parametrize("planes", [tiny.picture(12, 11, 3), tiny.picture(40, 20, 1), deep(12, 11, 3, 4095)])
def test_every_flipped_byte_is_detected(model, planes):
    part = neural_coder.encode(planes, 5, threads=1)
    payload = part.bands[0].payload
    for at in range(len(payload)):
        flipped = payload[:at] + bytes([payload[at] ^ (1 << at % 8)]) + payload[at + 1 :]
        with pytest.raises(CorruptError, match=r"^corrupt: (band 0 is damaged|the checksum of a band)") as caught:
            decoded(damaged(part, 0, flipped), planes)
        assert caught.value.code == "corrupt"


def test_flips_under_latents_are_detected(model):
    """With latent rows, whose latents are popped from the top of the message and pushed back."""
    planes = tiny.picture(80, 70, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    payload = part.bands[0].payload
    assert part.bands[0].split > 0
    for at in [*range(0, len(payload), 211), *range(len(payload) - 30, len(payload))]:
        flipped = payload[:at] + bytes([payload[at] ^ 0x10]) + payload[at + 1 :]
        with pytest.raises(CorruptError):
            decoded(damaged(part, 0, flipped), planes)


@pytest.mark.parametrize("planes", [tiny.picture(12, 11, 3), tiny.picture(40, 20, 1), deep(12, 11, 3, 4095)])
def test_every_prefix_and_every_extension_is_refused(model, planes):
    part = neural_coder.encode(planes, 5, threads=1)
    payload = part.bands[0].payload
    for length in range(len(payload)):
        with pytest.raises(CorruptError):
            decoded(damaged(part, 0, payload[:length]), planes)
    for more in (b"\0", b"\1", b"\0\0\0\1", bytes(range(1, 9))):
        with pytest.raises(CorruptError):
            decoded(damaged(part, 0, payload + more), planes)
        with pytest.raises(CorruptError):
            decoded(damaged(part, 0, more + payload), planes)


def test_another_split_is_detected(model):
    planes = tiny.picture(80, 70, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    for split in {0, 1, part.bands[0].split - 1, part.bands[0].split + 1, 80} - {part.bands[0].split}:
        with pytest.raises(CorruptError):
            decoded(replace(part, bands=[part.bands[0]._replace(split=split)]), planes)
    with pytest.raises(CorruptError, match="more latent rows"):
        decoded(replace(part, bands=[part.bands[0]._replace(split=81)]), planes)


def test_the_checksum_is_of_the_pixels(least):
    planes = tiny.picture(20, 20, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    wrong = replace(part, bands=[part.bands[0]._replace(crc=part.bands[0].crc ^ 1)])
    with pytest.raises(CorruptError, match="checksum"):
        decoded(wrong, planes)


def test_random_payloads_never_crash(model):
    rng = np.random.default_rng(4)
    planes = np.zeros((30, 20, 3), np.uint8)
    part = neural_coder.encode(planes, 5, threads=1)
    for _ in range(60):
        payload = Message.random(int(rng.integers(0, 900)), rng).to_bytes()
        stored = Band(payload, int(rng.integers(0, 31)), 0)
        with pytest.raises(CorruptError):
            decoded(replace(part, bands=[stored]), planes)


def test_unknown_settings_need_a_newer_version(least):
    planes = tiny.picture(20, 20, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    deep_settings = neural_coder.encode(deep(20, 20, 3, 4095), 5, threads=1).settings
    for settings in (b"", b"\x04\x00\x00", part.settings + bytes(200), deep_settings):
        with pytest.raises(UnsupportedError):
            decoded(replace(part, settings=settings), planes)
    with pytest.raises(UnsupportedError):
        decoded(replace(part, depth=16), planes)


def test_unknown_weights_are_named(least):
    planes = tiny.picture(20, 20, 3)
    part = replace(neural_coder.encode(planes, 5, threads=1), model_id=b"\xde\xad\xbe\xef")
    with pytest.raises(ModelMismatchError, match="deadbeef"):
        decoded(part, planes)


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_counts_every_pixel_once(model, small_bands, threads):
    planes = tiny.picture(100, 100, 3)
    reported: list[int] = []
    part = neural_coder.encode(planes, 5, threads=threads, progress=reported.append)
    assert sum(reported) == 100 * 100 and min(reported) > 0 and len(reported) > 3
    reported.clear()
    decoded(part, planes, threads, reported.append)
    assert sum(reported) == 100 * 100 and min(reported) > 0 and len(reported) > 3


def test_an_error_in_progress_ends_the_work(least):
    """Signals arrive as exceptions there."""

    class Stopped(Exception):
        pass

    def stop(pixels):
        raise Stopped

    planes = tiny.picture(60, 60, 3)
    with pytest.raises(Stopped):
        neural_coder.encode(planes, 5, threads=2, progress=stop)
    with pytest.raises(Stopped):
        decoded(neural_coder.encode(planes, 5, threads=2), planes, threads=2, progress=stop)


def test_settings_hold_the_grid_and_the_colours():
    for grid in ((-1, -1), (0, 0), (3, 15)):
        for ycbcr in (False, True):
            settings = Settings(rate_index=3, interval_log4=1, batch_index=3, grid=grid, ycbcr=ycbcr)
            assert Settings.from_bytes(settings.to_bytes()) == settings
    for low_bits, fraction in ((1, 0), (1, 1), (8, 8), (8, 3)):
        for grid in ((-1, -1), (0, 0), (3, 15)):
            settings = Settings(rate_index=3, grid=grid, low_bits=low_bits, fraction=fraction)
            assert Settings.from_bytes(settings.to_bytes()) == settings
            for light in (0, 1, 16) if grid[0] >= 0 else ():
                settings = replace(settings, mosaic=True, light=light)
                assert Settings.from_bytes(settings.to_bytes()) == settings
    camera = Settings(rate_index=3, grid=(3, 15), mosaic=True, light=1)
    assert camera.to_bytes() == bytes([0x73, 0xF3, 0])
    assert replace(camera, low_bits=4, fraction=2, light=16).to_bytes() == bytes([0x73, 0xF3, 0x13, 15])
    without_a_grid = bytes([19]), bytes([19, 0, 128])
    for unknown in (
        b"",
        *without_a_grid,
        bytes([3, 0, 16]),
        bytes([35, 0, 0]),
        bytes([3, 1, 128]),
        bytes([3, 0, 0, 0]),
        bytes([51]),
        bytes([51, 0]),  # linear light without a curve
        bytes([51, 0, 16]),
        bytes([51, 0, 0, 16]),
        bytes([51, 0, 0, 0, 0]),
    ):
        with pytest.raises(UnsupportedError):
            Settings.from_bytes(unknown)


def test_settings_follow_the_grid_down():
    settings = Settings(rate_index=3)
    assert replace(settings, grid=(5, 9)).shifted_down(40).grid == (5, 1)
    assert settings.shifted_down(40).grid == (-1, -1)


def test_bands_have_the_grid_of_the_picture(model, monkeypatch):
    """A band further down is coded as those rows of the picture are, wherever the band begins."""
    monkeypatch.setattr(neural_coder, "BAND_PIXELS", 40 * 20)
    monkeypatch.setattr(levels, "THUMBNAIL", 0)
    monkeypatch.setattr(levels.block_grid, "origin", lambda planes: (3, 7))
    planes = tiny.picture(50, 40, 3)
    part = neural_coder.encode(planes, 5, threads=1)
    grids = [band.codec.grid for band in neural_coder.open_bands(part, np.empty_like(planes), 1, no_progress)]
    assert part.band_rows == 17 and grids == [(3, 7), (3, (7 + 17) % 16), (3, (7 + 34) % 16)]
    assert np.array_equal(decoded(part, planes), planes)


def test_too_wide_a_picture_is_refused(model):
    with pytest.raises(UnsupportedError):
        decoded(neural_coder.encode(tiny.picture(2, 9, 3), 1, threads=1), np.empty((2, MAX_NEURAL_WIDTH + 1, 3)))


@pytest.mark.parametrize("number, name", [(5, "thumbnails"), (9, "thumbnails-large")])
def test_thumbnails_have_weights_of_their_own(number, name):
    level, most = levels.LEVELS[number], levels.THUMBNAIL - 1
    assert level.weights_for(most, level.settings, demosaiced=False) == level.thumbnail_weights == name
    for pixels, settings in (
        (most + 1, level.settings),
        (most, replace(level.settings, ycbcr=True)),
        (most, replace(level.settings, low_bits=2)),
    ):
        assert level.weights_for(pixels, settings, demosaiced=False) == level.weights
    level = levels.LEVELS[1]
    assert level.weights_for(most, level.settings, demosaiced=False) == level.weights == "small"


@pytest.mark.parametrize("number", levels.LEVELS)
def test_thumbnails_with_weights_of_their_own_are_learned_slowly(number):
    level, picture = levels.LEVELS[number], tiny.picture(9, 9, 3)
    found = levels.prepare(picture, number)
    assert found.weights == (level.thumbnail_weights or level.weights)
    assert found.settings.learning_rate == (1e-4 if level.thumbnail_weights else level.settings.learning_rate)
    assert levels.prepare(picture.astype(np.uint16) << 2, number).weights == level.weights


@pytest.mark.parametrize("low_bits", [0, 4])
@pytest.mark.parametrize("number, name", [(5, "camera"), (9, "camera-large")])
def test_pictures_from_a_cameras_mosaic_have_weights_of_their_own(number, name, low_bits):
    level = levels.LEVELS[number]
    settings = replace(level.settings, grid=(0, 0), mosaic=True, low_bits=low_bits)
    assert level.weights_for(1 << 20, settings, demosaiced=True) == level.mosaic_weights == name
    assert level.weights_for(1 << 20, settings, demosaiced=False) == level.weights
