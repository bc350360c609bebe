"""What fuzzing begins with: small files of every kind that the tests have, golden files, and small payloads."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from scripts.fuzz import shapes
from scripts.fuzz.inputs import joined, random_numbers

TESTS = Path(__file__).parents[2] / "tests"
GOLDEN = TESTS / "golden"


def make(folder: Path, names: Sequence[str]) -> None:
    """Write the seeds of targets to folders of their names."""
    for path in (TESTS / "support", GOLDEN):
        if str(path) not in sys.path:
            sys.path.append(str(path))
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for data in _SEEDS.get(name, _random)():
            (folder / name / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)


def weights_folder(folder: Path) -> Path:
    """A folder of small networks under the names of those that ship; the fitted coder's is the one that ships."""
    from bbans_cli.coders import weights_folder as shipped
    from bbans_cli.coders.neural.levels import LEVELS

    folder.mkdir(parents=True, exist_ok=True)
    (tiny,) = GOLDEN.glob("tiny-*.safetensors")
    for name in (name for level in LEVELS.values() for name in level.networks()):
        shutil.copy(tiny, folder / tiny.name.replace("tiny", name, 1))
    for path in shipped.packaged().glob("fitted-*.safetensors"):
        shutil.copy(path, folder)
    return folder


def _random() -> Iterator[bytes]:
    for size in (0, 40, 400, 3000):
        yield bytes(number & 255 for number in random_numbers(size, size))


def _golden() -> Iterator[bytes]:
    for path in GOLDEN.glob("good-*.bbc"):
        yield path.read_bytes()


def _bbc() -> Iterator[bytes]:
    """Golden files that are small enough, and small pictures of every mode at two levels."""
    import bbans_cli

    yield from _golden()
    for channels in (1, 2, 3, 4):
        for dtype in (np.uint8, np.uint16):
            drawn = np.array(random_numbers(channels, 8 * 9 * channels)) % 40
            array = drawn.astype(dtype).reshape(8, 9, channels)
            for level in (1, 5):
                yield bbans_cli.compress(array, level=level, verify=False)


def _pictures() -> Iterator[bytes]:
    import files_of_kinds

    for cases in files_of_kinds.CASES.values():
        for _, files, _ in cases:
            yield from (data for data in files if len(data) <= 1 << 13)


def _jpeg() -> Iterator[bytes]:
    import jpeg_file

    from scripts.experiments import mutate_jpeg

    yield jpeg_file.file()
    yield from mutate_jpeg.small_files().values()


def _trees() -> Iterator[bytes]:
    from bbans_cli.coders.files import jpeg_search, jpeg_tree

    for data in _jpeg():
        structure, gaps = jpeg_tree.to_bytes(jpeg_search.find(data, 1 << 20)[0])
        if len(structure) < 256:
            yield bytes([len(structure)]) + structure + gaps


def _items() -> Iterator[bytes]:
    from bbans_cli.container.byte_reader import varint
    from bbans_cli.errors import BbcError
    from bbans_cli.pictures.read_write import read_picture

    for data in _pictures():
        try:
            items = read_picture(data, pixels=True).items()
        except BbcError:
            continue
        if items:
            yield b"".join(varint(kind) + varint(len(value)) + value for kind, value in items)


def _mixing(name: str) -> Callable[[], Iterator[bytes]]:
    """Payloads of flat, smooth and random samples."""

    def found() -> Iterator[bytes]:
        from scripts.fuzz.replay import Mixing

        for index in range(0, shapes.SHAPES, 5):
            shape, rows = shapes.mixing_shape(index), 1 + index % shapes.MIXING_SIDE
            size = rows, shape.width, shape.channels
            drawn = np.array(random_numbers(index, rows * shape.width * shape.channels)).reshape(size)
            ramp = np.add.outer(np.arange(rows), np.arange(shape.width))[:, :, None] * np.ones(shape.channels, np.int64)
            for samples in (np.zeros_like(drawn), ramp, drawn % 3, drawn):
                planes = (samples & (1 << shape.depth) - 1).astype(np.uint16)
                yield joined([(index, 0), (rows, 1)], Mixing(name).encoded(index, planes, rows))

    return found


def _coefficients(level: int) -> Callable[[], Iterator[bytes]]:
    def found() -> Iterator[bytes]:
        from bbans_cli.coders.jpeg import coefficients

        places = np.arange(64)
        spread = np.maximum(1, 64 >> (places // 8 + places % 8))
        for index in range(0, shapes.SHAPES, 5):
            shape = shapes.coefficients_shape(index)
            blocks = []
            for rows, columns in shape.sizes:
                drawn = np.array(random_numbers(index, rows * columns * 64)).reshape(rows, columns, 64)
                blocks.append((drawn % (2 * spread + 1) - spread).astype(np.int16))
            coded = coefficients.encode(blocks, shape.tables, shape.factors, level)
            yield joined([(index, 0)], coded[1:])

    return found


_SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "container": _bbc,
    "decode": _bbc,
    "pictures": _pictures,
    "jpeg": _jpeg,
    "tree": _trees,
    "metadata": _items,
    "few_colours": _mixing("few_colours"),
    "deep": _mixing("deep"),
    "coefficients_1": _coefficients(1),
    "coefficients_5": _coefficients(5),
    "coefficients_9": _coefficients(9),
}
