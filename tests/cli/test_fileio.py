"""Reading: bounded, from whatever can be opened."""

import os
import threading
from pathlib import Path

import pytest

from bbans_cli import reading
from bbans_cli.cli import fileio
from bbans_cli.errors import BbcError, InputError, LimitError, OutputExistsError
from bbans_cli.pictures.detect import JPEG_WITHIN


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_reading_is_bounded() -> None:
    Path("a").write_bytes(b"12345")
    data, status = fileio.read("a", 5)
    assert data == b"12345" and status is not None and status.st_size == 5
    with pytest.raises(LimitError):
        fileio.read("a", 4)
    with pytest.raises(LimitError):
        fileio.read("/dev/zero", 1 << 20)
    with pytest.raises(IsADirectoryError):
        fileio.read(".", 5)


def test_a_file_is_looked_at_before_it_is_read() -> None:
    with Path("film.mp4").open("wb") as file:
        file.truncate(1 << 40)
    seen = []

    def refuse(front: bytes) -> None:
        seen.append(len(front))
        raise InputError("not a picture")

    for path in ("film.mp4", "/dev/zero"):
        with pytest.raises(InputError, match="not a picture"):
            fileio.read(path, 1 << 50, refuse)
    assert seen == [reading.FRONT] * 2 and reading.FRONT >= JPEG_WITHIN + 3
    # A regular file above the limit is not read to find that out.
    with pytest.raises(LimitError):
        fileio.read("film.mp4", 1 << 39)
    Path("a").write_bytes(b"12345")
    assert fileio.read("a", 5, lambda front: seen.append(front))[0] == seen[-1] == b"12345"


def test_pipes_and_devices_have_no_status() -> None:
    assert fileio.read("/dev/null", 5) == (b"", None)


def test_a_pipe_is_read_to_its_end() -> None:
    data = bytes(range(256)) * 1000
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(data,))
    writer.start()
    assert fileio.read("pipe", 1 << 20) == (data, None)
    writer.join()


def test_errors_name_the_right_file() -> None:
    with pytest.raises(FileNotFoundError) as caught, fileio.errors_named("the output"):
        os.link("missing", "temporary")
    assert caught.value.filename == "the output" and caught.value.filename2 is None
    # Errors of our own say what they have to say.
    with pytest.raises(OutputExistsError) as ours, fileio.errors_named("the output"):
        raise OutputExistsError("exists already")
    assert str(ours.value) == "exists already" and isinstance(ours.value, BbcError)
