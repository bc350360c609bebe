"""The two functions of the Python API: the same bytes and the same errors as the command."""

import io
import os
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import bbans_cli
from bbans_cli.errors import CorruptError, InputError, LimitError, LossyError, TruncatedError, UnsupportedError

BBC = os.path.join(sysconfig.get_path("scripts"), "bbc")


def picture(height: int, width: int, channels: int) -> np.ndarray:
    y, x, c = np.mgrid[:height, :width, :channels]
    return ((3 * x + 2 * y + 50 * c) % 256).astype(np.uint8)


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 1, 3), (1, 7, 3), (17, 33, 3), (20, 30, 1)])
def test_arrays_come_back(shape: tuple[int, int, int]) -> None:
    array = picture(*shape)
    data = bbans_cli.compress(array)
    assert isinstance(data, bytes)
    back = bbans_cli.decompress(data)
    assert back.dtype == np.uint8
    assert np.array_equal(back, array[:, :, 0] if shape[2] == 1 else array)


def test_grey_has_two_dimensions() -> None:
    array = picture(9, 5, 1)[:, :, 0]
    assert np.array_equal(bbans_cli.decompress(bbans_cli.compress(array)), array)


def test_views_are_as_good_as_arrays() -> None:
    array = picture(20, 30, 3)
    for view in (array[::-1, ::2], array.transpose(1, 0, 2), np.asfortranarray(array)):
        assert np.array_equal(bbans_cli.decompress(bbans_cli.compress(view)), view)


def test_paths_give_the_bytes_that_the_command_gives(tmp_path: Path) -> None:
    file = tmp_path / "a.ppm"
    file.write_bytes(b"P6 30 20 255\n" + picture(20, 30, 3).tobytes())
    subprocess.run([BBC, "compress", "-9", file], check=True)
    data = bbans_cli.compress(file, level=9)
    assert data == (tmp_path / "a.bbc").read_bytes() == bbans_cli.compress(str(file), level=9, threads=3)
    assert np.array_equal(bbans_cli.decompress(tmp_path / "a.bbc"), picture(20, 30, 3))
    assert np.array_equal(bbans_cli.decompress(os.fspath(tmp_path / "a.bbc"), threads=2), picture(20, 30, 3))


@pytest.mark.parametrize(
    "array",
    [np.zeros((3, 3, 5), np.uint8), np.zeros((0, 3, 3), np.uint8), np.zeros((3, 3)), np.zeros(3, np.uint8)],
)
def test_what_is_no_picture_is_refused(array: np.ndarray) -> None:
    with pytest.raises(InputError):
        bbans_cli.compress(array)


def test_errors_are_the_commands(tmp_path: Path) -> None:
    data = bbans_cli.compress(picture(20, 30, 3))
    with pytest.raises(TruncatedError):
        bbans_cli.decompress(data[:-1])
    with pytest.raises(CorruptError):
        bbans_cli.decompress(data + b"x")
    with pytest.raises(LimitError):
        bbans_cli.decompress(data, max_pixels=599)
    with pytest.raises(LimitError):
        (tmp_path / "a.ppm").write_bytes(b"P6 30 20 255\n" + picture(20, 30, 3).tobytes())
        bbans_cli.compress(tmp_path / "a.ppm", max_pixels=599)
    with pytest.raises(FileNotFoundError):
        bbans_cli.compress(tmp_path / "missing.png")
    with pytest.raises(FileNotFoundError):
        bbans_cli.decompress(tmp_path / "missing.bbc")
    with pytest.raises(ValueError, match="level"):
        bbans_cli.compress(picture(2, 2, 3), level=4)
    assert issubclass(UnsupportedError, bbans_cli.BbcError)


def test_files_of_no_use_are_not_read_whole(tmp_path: Path) -> None:
    film, other = tmp_path / "film.mp4", tmp_path / "other.bbc"
    film.write_bytes(b"\0\0\0\x18ftypisom\0\0\2\0isomiso2")
    other.write_bytes(bytes(9))
    for path in (film, other):
        os.truncate(path, 1 << 40)
    with pytest.raises(UnsupportedError, match="MP4"):
        bbans_cli.compress(film)
    with pytest.raises(InputError, match="not a picture"):
        bbans_cli.compress(other)
    for read in (bbans_cli.decompress, bbans_cli.restore):
        with pytest.raises(CorruptError, match="not a .bbc file"):
            read(other)
    film.write_bytes(b"P6 9 9 255\n")
    os.truncate(film, 1 << 40)
    with pytest.raises(LimitError, match="more than"):
        bbans_cli.compress(film)


def test_jpeg_files_come_back_and_have_pixels(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "a.JPG"
    Image.fromarray(picture(16, 16, 3)).save(path)
    with Image.open(path) as image:
        expected = np.asarray(image)
    packed = bbans_cli.compress(path)
    assert bbans_cli.restore(packed) == (path.read_bytes(), ".JPG")
    assert bbans_cli.restore(bbans_cli.compress(path.read_bytes()))[1] == ".jpg"
    assert np.array_equal(bbans_cli.decompress(packed), expected)
    assert np.array_equal(bbans_cli.decompress(bbans_cli.compress(path, pixels=True)), expected)


def test_pictures_are_restored_as_png(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "a.bbc").write_bytes(bbans_cli.compress(picture(9, 7, 3)))
    file, suffix = bbans_cli.restore(tmp_path / "a.bbc")
    assert suffix == ".png" and np.array_equal(np.asarray(Image.open(io.BytesIO(file))), picture(9, 7, 3))


def test_lossy_files_are_refused_unless_their_pixels_are_wanted(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(picture(16, 16, 3)).save(tmp_path / "a.webp")
    with pytest.raises(LossyError):
        bbans_cli.compress(tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as image:
        expected = np.asarray(image)
    assert np.array_equal(bbans_cli.decompress(bbans_cli.compress(tmp_path / "a.webp", pixels=True)), expected)


def test_every_byte_matters() -> None:
    array = picture(6, 7, 3)
    data = bbans_cli.compress(array)
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 0x10
        with pytest.raises(ValueError):
            bbans_cli.decompress(bytes(damaged))


def test_version_is_that_of_the_distribution() -> None:
    assert bbans_cli.__version__ == version("bbans-cli")


def test_typed(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    assert (Path(bbans_cli.__file__).parent / "py.typed").exists()
    (tmp_path / "use.py").write_text(
        "import numpy as np\nimport bbans_cli\n"
        "data: bytes = bbans_cli.compress('a.png', level=9)\n"
        "array: np.ndarray = bbans_cli.decompress(data)\n"
        "wrong: int = bbans_cli.compress(array)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", tmp_path / "use.py"],  # with the settings and the cache of `make lint`
        cwd=Path(bbans_cli.__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert "use.py:5:" in done.stdout and "Found 1 error" in done.stdout, done.stdout
