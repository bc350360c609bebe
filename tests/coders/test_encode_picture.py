"""Every picture through the choice of coders and back; sizes bounded; damage noticed wherever it is."""

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from jpeg_pictures import photo as noisy_slopes
from jpeg_pictures import through_jpeg
from mixing_pictures import hills, screen
from PIL import Image
from sample_pictures import PNG_KINDS, picture, same

from bbans_cli import container
from bbans_cli.coders import decode_picture, encode_picture, raw, trials
from bbans_cli.coders.registry import CODERS
from bbans_cli.container import histogram_packing, palette_order
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import BbcError, CorruptError, UnsupportedError
from bbans_cli.pictures.picture import Picture, from_array
from bbans_cli.pictures.read_write import read_picture, write_picture

DATA = Path(os.environ.get("BBC_DATA", "."), "dev")


def with_neural(encode):
    """The coders, with a neural one whose encoder is this function of a request."""
    return CODERS | {container.NEURAL: replace(CODERS[container.NEURAL], encode=encode)}


def no_neural(request):
    return None


def pack(given, **more):
    return container.to_bytes(encode_picture.encode(given, **more))


def unpack(data, **more):
    return decode_picture.decode(container.picture_from_bytes(data), **more)


def coders(data):
    return [container.CODER_NAMES[part.coder] for part in container.picture_from_bytes(data).parts]


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (17, 33)])
@pytest.mark.parametrize("kind", PNG_KINDS)
def test_every_mode_comes_back(kind, size, least):
    given = picture(*kind, *size)
    assert same(unpack(pack(given)), given)


def test_metadata_and_transparency_come_back(least):
    items = [(kinds.ICC, b"n\0profile"), (kinds.CHUNK, b"gAMA\0\0\1\0")]
    for given in (
        picture("rgb", 8, transparency=b"\0\1\0\2\0\3", metadata=items),
        picture("palette", 4, transparency=b"\0\x80", metadata=items),
    ):
        assert same(unpack(pack(given)), given)


def photo(height=60, width=80, channels=3):
    """Slopes with noise on them: hardly two neighbours are equal."""
    noise = np.random.default_rng(2).integers(0, 40, (height, width, channels))
    return ((hills(height, width, channels, seed=3) >> 8) + noise).astype(np.uint8)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (from_array(photo()), ["neural"]),
        (from_array(screen()), ["few-colours"]),
        (from_array(np.full((50, 60, 3), 7, np.uint8)), ["raw"]),
        (from_array(hills()), ["neural"]),
        (Picture(screen(channels=1) // 16, "palette", 4, bytes(48)), ["few-colours"]),
        (picture("rgb", 8, 2, 2), ["raw"]),
    ],
    ids=["photo", "screen", "one colour", "deep", "palette", "tiny"],
)
def test_who_codes_what(given, expected, monkeypatch):
    """With a neural coder whose parts take next to nothing, so that it wins wherever it is asked."""
    assert coders(pack(given, coders=with_neural(tiny_part))) == expected


def test_indices_of_a_palette_that_are_intensities():
    """The neural coder is asked for photographs whose palette goes from dark to light or back, and for no others."""
    indices, ramp = photo(channels=1), np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    shuffled = np.random.default_rng(1).permutation(ramp)
    for palette, expected in (
        (ramp, "neural"),
        (ramp[::-1], "neural"),
        (ramp // 2, "neural"),
        (shuffled, "raw"),
    ):
        given = Picture(indices, "palette", 8, palette.tobytes())
        assert coders(pack(given, coders=with_neural(tiny_part))) == [expected]
    drawing = Picture(screen(channels=1), "palette", 8, ramp.tobytes())
    assert coders(pack(drawing, coders=with_neural(tiny_part))) == ["few-colours"]
    given = Picture(indices, "palette", 8, ramp.tobytes())
    assert same(unpack(pack(given)), given)


def tiny_part(request):
    rows, columns, channels = request.planes.shape
    request.progress(rows * columns)
    return container.Part(
        container.NEURAL, channels, request.depth, b"tiny", b"", rows, [container.Band(b"tiny", 0, 0)]
    )


def test_alpha_of_a_photo_is_a_part_of_its_own():
    alpha = np.zeros((60, 80, 1), np.uint8)
    alpha[20:40, 20:60] = 255
    given = from_array(np.concatenate([photo(), alpha], axis=2))
    assert coders(pack(given, coders=with_neural(tiny_part))) == ["neural", "few-colours"]
    opaque = from_array(np.concatenate([photo(), np.full_like(alpha, 255)], axis=2))
    assert coders(pack(opaque, coders=with_neural(tiny_part))) == ["neural", "raw"]


def test_what_once_was_a_jpeg_is_coded_as_that(least):
    soft = noisy_slopes(160, 200)
    for pixels in (soft, soft[:, :, 0]):
        given = from_array(through_jpeg(pixels, quality=80))
        data = pack(given)
        assert coders(data) == ["jpeg"] and same(unpack(data), given)
    alpha = np.zeros((160, 200, 1), np.uint8)
    alpha[20:40, 20:60] = 255
    given = from_array(np.concatenate([through_jpeg(soft, quality=80), alpha], axis=2))
    data = pack(given)
    assert coders(data) == ["jpeg", "few-colours"] and same(unpack(data), given)


def test_fine_quantisers_leave_it_to_the_sizes(monkeypatch, least):
    monkeypatch.setattr(trials, "COARSE", 9)
    monkeypatch.setattr(trials, "LARGE", 1)
    given = from_array(through_jpeg(noisy_slopes(160, 200), quality=80))
    asked = []

    def neural(request):
        asked.append(request.planes.shape)
        return big_part(request.planes)

    assert coders(pack(given, coders=with_neural(neural))) == ["jpeg"] and asked == [(160, 200, 3)]


def test_grey_in_colour_is_coded_once(least):
    for channels in (3, 4):
        given = from_array(np.repeat(photo(channels=1), channels, axis=2))
        data = pack(given)
        assert sum(part.channels for part in container.picture_from_bytes(data).parts) == channels - 2
        assert same(unpack(data), given)


def test_noise_takes_as_much_as_it_is(least):
    for channels in (1, 3, 4):
        given = picture("grey" if channels == 1 else "rgb" if channels == 3 else "rgba", 8, 64, 64)
        noise = np.random.default_rng(5).integers(0, 256, given.pixels.shape, np.uint8)
        data = pack(Picture(noise, given.mode, 8))
        assert len(data) <= 1.001 * noise.size + 40
        assert np.array_equal(unpack(data).pixels, noise)


def test_sparse_values_are_numbered(least):
    rng = np.random.default_rng(1)
    given = from_array((rng.integers(0, 60, (90, 100)) * 1000).astype(np.uint16))
    data = pack(given)
    packed = container.picture_from_bytes(data)
    assert packed.metadata[0][0] == kinds.VALUES and {part.depth for part in packed.parts} == {8}
    assert len(data) < 1.1 * given.pixels.size * np.log2(60) / 8
    assert same(unpack(data), given)


def quantised(entries):
    """A slope with noise in so many greys, and the place of each in the palette."""
    rng = np.random.default_rng(2)
    order = rng.permutation(entries).astype(np.uint8)
    greys = np.linspace(0, 255, entries).round().astype(np.uint8)
    palette = np.zeros((entries, 3), np.uint8)
    palette[order] = greys[:, None]
    places = np.add.outer(np.arange(90), np.arange(100)) // 8 + rng.integers(0, 3, (90, 100))
    return Picture(order[places % entries][:, :, None], "palette", 8, palette.tobytes())


def test_indices_of_a_palette_in_no_order_become_places(monkeypatch, least):
    given = quantised(40)
    data = pack(given)
    assert kinds.ORDER in dict(container.picture_from_bytes(data).metadata)
    assert same(unpack(data), given)
    monkeypatch.setattr(palette_order, "GAIN", 1e9)
    without = pack(given)
    assert kinds.ORDER not in dict(container.picture_from_bytes(without).metadata)
    assert len(data) < len(without) - 16


def test_an_order_needs_a_palette_of_8_bits():
    coded = encode_picture.encode(quantised(40))
    for broken in (replace(coded, depth=4), replace(coded, metadata=[(kinds.ORDER, b"")])):
        with pytest.raises(CorruptError, match="an order of no palette"):
            decode_picture.decode(broken)


def test_deep_samples_go_to_the_neural_coder_or_to_deep():
    deep = hills(100, 120, 3)
    for encode, expected in ((tiny_part, "neural"), (no_neural, "deep")):
        packed = encode_picture.encode(from_array(deep), coders=with_neural(encode))
        assert [container.CODER_NAMES[part.coder] for part in packed.parts] == [expected]
        assert [part.depth for part in packed.parts] == [16]


@pytest.mark.parametrize("maximum", [511, 1023, 4095, 40000, 65535])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_deep_samples_of_any_maximum(least, maximum, channels):
    noise = np.random.default_rng(1).normal(0.5, 0.05, (24, 30, channels))
    noise[5, 5] = 1
    pixels = (noise.clip(0, 1) * maximum).astype(np.uint16)
    data = pack(from_array(pixels))
    assert maximum < 1000 or coders(data)[0] == "neural"
    assert np.array_equal(unpack(data).pixels, pixels)
    for size in range(len(data) - 40, len(data)):
        with pytest.raises(CorruptError):
            unpack(data[:size])


def test_large_pictures_are_sampled_first(monkeypatch, least):
    monkeypatch.setattr(trials, "LARGE", 1)
    monkeypatch.setattr(trials, "SAMPLE_PIXELS", 1 << 12)
    asked = []

    def neural(request):
        asked.append(request.planes.shape)
        return big_part(request.planes)

    alpha = np.zeros((120, 160, 1), np.uint8)
    alpha[30:60, 30:90] = 200
    given = from_array(np.concatenate([screen(120, 160), alpha], axis=2))
    data = pack(given, coders=with_neural(neural))
    assert coders(data) == ["few-colours"]
    assert same(unpack(data), given)
    assert asked in ([], [(24, 160, 3)])


def big_part(planes):
    band = container.Band(bytes(planes.size), 0, 0)
    return container.Part(container.NEURAL, planes.shape[2], 8, b"big.", b"", planes.shape[0], [band])


def test_progress_rises_to_one():
    seen = []
    pack(from_array(screen()), progress=seen.append, coders=with_neural(no_neural))
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) > 2
    seen.clear()
    unpack(pack(from_array(screen()), coders=with_neural(no_neural)), progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0


SMALL = {
    "raw": picture("rgb", 8, 3, 4),
    "few-colours": from_array(screen(16, 20)),
    "deep": from_array((hills(10, 14) >> 2).astype(np.uint16)),
    "palette": picture("palette", 4, 12, 9, transparency=b"\1"),
    "values": from_array((np.arange(900).reshape(30, 30) % 37 * 257).astype(np.uint16)),
}


@pytest.mark.parametrize("given", SMALL.values(), ids=SMALL.keys())
def test_every_prefix_and_every_flipped_byte_is_noticed(given):
    data = pack(given, coders=with_neural(no_neural))
    for size in range(len(data)):
        with pytest.raises(CorruptError):
            unpack(data[:size])
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        with pytest.raises((CorruptError, UnsupportedError)):
            unpack(bytes(damaged))


def test_flipped_bytes_of_webp_and_neural(least):
    from bbans_cli.coders import webp
    from bbans_cli.coders.neural import coder as neural_coder

    given = photo(12, 10)
    for part in (webp.encode(given, given.size), neural_coder.encode(given, 1, 1)):
        data = container.to_bytes(container.Container(10, 12, "rgb", 8, [part]))
        assert np.array_equal(unpack(data).pixels, given)
        for at in range(len(data)):
            damaged = bytearray(data)
            damaged[at] ^= 1 << at % 8
            with pytest.raises(BbcError):
                unpack(bytes(damaged))


@pytest.mark.parametrize("parts", [[1], [4], [1, 1, 1], [2, 1], [3, 3]])
def test_parts_must_make_up_the_picture(parts):
    from bbans_cli.coders import raw

    made = [raw.encode(np.zeros((4, 5, channels), np.uint8), 8) for channels in parts]
    with pytest.raises(CorruptError, match="do not make up"):
        decode_picture.decode(container.Container(5, 4, "rgba" if parts != [4] else "rgb", 8, made))


def test_depths_must_fit():
    from bbans_cli.coders import raw

    eight, sixteen = (raw.encode(np.zeros((4, 5, 1), dtype), 8 * dtype().itemsize) for dtype in (np.uint8, np.uint16))
    for depth, parts in ((16, [eight]), (8, [sixteen]), (16, [eight, eight])):
        with pytest.raises(CorruptError, match="do not make up"):
            decode_picture.decode(container.Container(5, 4, "grey", depth, parts))


def test_palette_and_values_must_fit():
    packed = encode_picture.encode(picture("palette", 4, 12, 9), coders=with_neural(no_neural))
    without = container.Container(9, 12, "palette", 4, packed.parts, [])
    with pytest.raises(CorruptError, match="palette"):
        decode_picture.decode(without)
    packed = encode_picture.encode(SMALL["values"], coders=with_neural(no_neural))
    short = [(kinds.VALUES, histogram_packing.to_bytes(np.arange(5)))]
    with pytest.raises(CorruptError, match="beyond the list"):
        decode_picture.decode(container.Container(30, 30, "grey", 16, packed.parts, short))


def smaller_of_webp_and_png(given):
    """Sizes of the smaller of both, and of the PNG with the metadata, which WebP could hold only in part."""
    plain, whole = (len(write_picture(each)[0]) for each in (given.stripped(), given))
    image = Image.open(io.BytesIO(write_picture(given.stripped())[0]))
    image.load()
    colour = image.convert("RGBA" if image.mode == "RGBA" or "transparency" in image.info else "RGB")
    png, webp = io.BytesIO(), io.BytesIO()
    image.save(png, "PNG", optimize=True)
    colour.save(webp, "WEBP", lossless=True, exact=True, quality=100, method=6)
    return min(png.tell(), webp.tell()), png.tell() + whole - plain


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "screens").is_dir(), reason="BBC_DATA names no folder with dev/screens")
@pytest.mark.parametrize("folder", ["screens", "alpha"])
def test_never_larger_than_webp_or_png(folder, least):
    """On the small files, of which 64 bytes are the largest share, and with a model that has learned nothing."""
    paths = [path for path in sorted((DATA / folder).glob("*.png")) if path.stat().st_size < 18_000]
    assert paths
    for path in paths:
        given = read_picture(path.read_bytes())
        packed = encode_picture.encode(given)
        bare = replace(packed, metadata=[item for item in packed.metadata if item[0] < kinds.OPTIONAL])
        smaller, whole_png = smaller_of_webp_and_png(given)
        assert len(container.to_bytes(bare)) <= smaller + 64, path.name
        data = container.to_bytes(packed)
        assert len(data) <= whole_png + 64, path.name
        assert same(unpack(data), given)


def test_a_region_takes_the_place_of_what_lies_under_it():
    ground, stamp = np.full((20, 30, 3), 7, np.uint8), np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    box = container.Region(9, 16, 5, 4)
    parts = [raw.encode(ground, 8), replace(raw.encode(stamp, 8), region=box)]
    expected = ground.copy()
    expected[16:20, 9:14] = stamp
    picture = container.Container(30, 20, "rgb", 8, parts)
    assert np.array_equal(unpack(container.to_bytes(picture)).pixels, expected)
    grey = replace(raw.encode(stamp[:, :, :1], 8), region=box)
    expected[16:20, 9:14] = stamp[:, :, :1]
    assert np.array_equal(decode_picture.decode(replace(picture, parts=[parts[0], grey])).pixels, expected)
    for wrong in (parts[1:], [parts[0], replace(grey, channels=2)]):
        with pytest.raises(CorruptError, match="do not make up the picture"):
            decode_picture.decode(replace(picture, parts=wrong))


@pytest.mark.parametrize("depth", [3, 10, 12])
def test_parts_have_the_coded_depth(depth):
    part = replace(raw.encode(np.zeros((2, 3, 1), np.uint16), 16), depth=depth)
    with pytest.raises(CorruptError, match="do not make up the picture"):
        decode_picture.decode(container.Container(3, 2, "grey", depth, [part]))
