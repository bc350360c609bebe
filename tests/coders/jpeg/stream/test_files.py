"""Odd JPEG files of cameras, programs and other projects' tests."""

import os
from pathlib import Path

import pytest

from bbans_cli.coders.jpeg.stream.join import join
from bbans_cli.coders.jpeg.stream.jpeg_stream import NotCodableError
from bbans_cli.coders.jpeg.stream.split import split

DATA = Path(os.environ.get("BBC_DATA", ""))

REFUSED = {
    "arith.jpg": "arithmetic coding",
    "bit12_prog.jpg": "12 bits a sample",
    "empty.jpg": "no picture in it",
    "eoi_only.jpg": "no picture in it",
    "trunc_hdr.jpg": "no picture in it",
}


def files(folder):
    if "BBC_DATA" not in os.environ or not (DATA / folder).is_dir():
        pytest.skip(f"needs BBC_DATA, a folder with {folder}")
    return sorted((DATA / folder).iterdir())


def taken_apart(path):
    """The stream, or why it is none; the stream comes back."""
    data = path.read_bytes()
    try:
        stream = split(data)
    except NotCodableError as error:
        return str(error)
    assert join(stream.plain, stream.scans, stream.blocks) == data[: stream.size]
    return stream


def test_odd_files_are_coded_and_take_few_notes():
    refused = {}
    for path in files("jpeg/odd"):
        stream = taken_apart(path)
        if isinstance(stream, str):
            refused[path.name] = stream
        else:
            assert len(stream.scans) < 100, path.name
    assert refused == REFUSED


def test_camera_files_take_no_notes():
    for path in files("jpeg/camera"):
        stream = taken_apart(path)
        assert not isinstance(stream, str) and len(stream.scans) <= 60, path.name


def test_malformed_files_come_back_or_are_refused():
    taken = [taken_apart(path) for path in files("robust/malformed_jpg")]
    assert sum(not isinstance(stream, str) for stream in taken) > len(taken) / 2
