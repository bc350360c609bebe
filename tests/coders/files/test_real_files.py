"""Every odd and damaged JPEG file of the collections comes back byte for byte, taken for JPEG by its name."""

import lzma
import os
from pathlib import Path

import pytest

from bbans_cli import api, container

DATA = Path(os.environ.get("BBC_DATA", ""))
CODEC, FAST = api.PictureCodec(5, verify=False), api.PictureCodec(1, verify=False)
LARGE = 100_000  # bytes; a few files of more take a third of the time
# 12 bits, arithmetic coding, and too little of a picture
STORED = {"arith.jpg", "bit12_prog.jpg", "empty.jpg", "eoi_only.jpg", "trunc_hdr.jpg"}


def files(folder):
    found = sorted(path for path in (DATA / folder).rglob("*") if path.is_file()) if "BBC_DATA" in os.environ else []
    return found or [pytest.param(None, marks=pytest.mark.skip("BBC_DATA names no folder that has the files"))]


def odd_files():
    for path in files("jpeg/odd"):
        large = isinstance(path, Path) and path.stat().st_size > LARGE
        yield pytest.param(path, marks=pytest.mark.slow) if large else path


def restored(data):
    packed = CODEC.compress_file(data, 1, name="a.jpg").data
    assert CODEC.decompress_file(packed, None, 1).data == data
    assert len(packed) <= len(data) + 64
    return packed


@pytest.mark.parametrize("path", list(odd_files()), ids=lambda path: path.name if path else "none")
def test_odd_files(path):
    data = path.read_bytes()
    packed = restored(data)
    content = container.from_bytes(packed)
    if path.name in STORED:
        assert content.kind == "file"
        return
    assert container.JPEG_STREAM in [part.coder for part in content.parts] and content.kind == "jpeg"
    assert len(packed) <= 0.9 * len(lzma.compress(data))


# Every picture that makes readers stumble, PNG files too, as if it were a JPEG file: in a few tests, since it is quick.
@pytest.mark.slow
@pytest.mark.parametrize("share", range(8))
def test_robust_files(share):
    found = files("robust")
    if not isinstance(found[0], Path):
        pytest.skip("BBC_DATA names no folder that has the files")
    for path in found[share::8]:
        data = path.read_bytes()
        if data and not path.name.endswith((".md", ".txt")):
            content = FAST._compress_jpeg(data, "a.jpg", 1, lambda done: None).data
            assert FAST.decompress_file(content, None, 1).data == data, path.name
