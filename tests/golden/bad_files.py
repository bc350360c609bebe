"""Golden errors: files that no decoder may take, and the line that `bbc verify` says of each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import stored_files

from bbans_cli import container
from bbans_cli.coders import raw
from bbans_cli.coders.files.tree_part import pack_tree, read_tree
from bbans_cli.container import Container, FilePart, Region, StoredFile
from bbans_cli.container import metadata as kinds
from bbans_cli.container.byte_reader import varint

HERE = Path(__file__).parent
HEADER = 7  # magic, version and the size of a header of less than 128 bytes lie before it
PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)


def good(name: str) -> bytes:
    """A golden file."""
    return (HERE / f"good-{name}.bbc").read_bytes()


def flipped(data: bytes, at: int) -> bytes:
    """With one bit turned."""
    changed = bytearray(data)
    changed[at] ^= 4
    return bytes(changed)


def sealed(data: bytes, at: int, byte: int) -> bytes:
    """With another byte of the header, `at` from the start of the file, whose checksum is right again."""
    changed, end = bytearray(data), HEADER + data[HEADER - 1]
    changed[at] = byte
    changed[end : end + 4] = zlib.crc32(changed[:end]).to_bytes(4, "little")
    return bytes(changed)


def picture(
    items: list | None = None, depth: int = 8, mode: str = "grey", rows: np.ndarray = PIXELS, **part: object
) -> bytes:
    """A file of raw samples, whose part is changed by keywords."""
    made = replace(raw.encode(rows, 8, thorough=False), **part)
    return container.to_bytes(Container(4, 3, mode, depth, [made], items or []))


def with_model(data: bytes, id: bytes) -> bytes:
    """A picture's file with another id of its weights."""
    content = container.picture_from_bytes(data)
    return container.to_bytes(replace(content, parts=[replace(part, model_id=id) for part in content.parts]))


def with_parts(name: str, change: Callable[[list[FilePart]], list[FilePart]]) -> bytes:
    """A stored file with other parts."""
    content = container.from_bytes(good(name))
    assert isinstance(content, StoredFile)
    return container.to_bytes(replace(content, parts=change(content.parts)))


def _payload(part: FilePart, at: int, byte: int) -> FilePart:
    return part._replace(payload=part.payload[:at] + bytes([byte]) + part.payload[at + 1 :])


def _note_repeated() -> bytes:
    """A JPEG file whose third scan has two notes of kind 3 on block 9."""
    stored = container.from_bytes(stored_files.progressive(1)[1])
    assert isinstance(stored, StoredFile)
    tree = read_tree(stored)
    assert tree.first is not None
    notes = bytes([0, 0, 2, 1, 0, 4, 2, 9])  # sizes of the five kinds, and what the record has of kinds 2 and 3
    assert notes in tree.first.scans
    tree.first.scans = tree.first.scans.replace(notes, bytes([0, 0, 2, 2, 0, 4, 2, 9, 0]))
    parts = [stored.parts[0]._replace(payload=pack_tree(tree, 1)), *stored.parts[1:]]
    return container.to_bytes(replace(stored, parts=parts))


def _large() -> bytes:
    return container.to_bytes(Container(30000, 20000, "grey", 8, [replace(raw.encode(PIXELS, 8), band_rows=20000)]))


FILES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "not-bbc": lambda: b"\x89PNG\r\n\x1a\n" + bytes(40),
    "truncated-magic": lambda: good("stack")[:3],
    "truncated-header": lambda: good("stack")[:20],
    "truncated-metadata": lambda: good("metadata")[:60],
    "truncated-payload": lambda: good("few-colours-rgb")[:-10],
    "truncated-neural": lambda: good("tiny-bands")[:-10],
    "truncated-fitted": lambda: good("fitted-ycbcr-bands")[:-10],
    "truncated-file": lambda: good("jpeg-file")[:-10],
    "corrupt-first-bytes": lambda: flipped(good("stack"), 1),
    "corrupt-header": lambda: flipped(good("stack"), 9),
    "corrupt-metadata": lambda: flipped(good("metadata"), 70),
    "corrupt-few-colours": lambda: flipped(good("few-colours-bands"), -9),
    "corrupt-deep": lambda: flipped(good("deep-bands"), -9),
    "corrupt-raw": lambda: flipped(good("depth-4"), -1),
    "corrupt-fitted": lambda: flipped(good("fitted-grey"), -6),
    "corrupt-webp": lambda: flipped(good("webp"), -9),
    "corrupt-neural": lambda: flipped(good("tiny-still"), -20),
    "corrupt-jpeg": lambda: flipped(good("jpeg-grey"), -9),
    "corrupt-jpeg-file": lambda: flipped(good("jpeg-file"), -9),
    "corrupt-notes": _note_repeated,
    "trailing-bytes": lambda: good("stack") + b"\0\0",
    "unsupported-version": lambda: sealed(good("stack"), 5, 3),
    "unsupported-flag": lambda: sealed(good("stack"), HEADER, 5),
    "unsupported-mode": lambda: sealed(good("depth-4"), HEADER + 3, 0x77),
    "unsupported-coder": lambda: sealed(good("depth-4"), HEADER + 4, 9),
    "unsupported-settings": lambda: container.to_bytes(_with_settings("tiny-still", b"\x81\x00\x00\x00")),
    "unsupported-metadata": lambda: picture([(15, b"")]),
    "unsupported-method": lambda: picture(bands=[_band(b"\x09" + PIXELS.tobytes())]),
    "unsupported-format": lambda: sealed(good("noise"), HEADER + 6, 2),
    "unsupported-start": lambda: with_parts("jpeg-four-5", lambda parts: [parts[0], _payload(parts[1], 0, 0x70)]),
    "unsupported-dictionary": lambda: with_parts("no-jpeg", lambda parts: [_payload(parts[0], 2, 9)]),
    "wrong-model": lambda: with_model(good("tiny-still"), bytes.fromhex("0badcafe")),
    "wrong-fitted-model": lambda: with_model(good("fitted-still"), bytes.fromhex("0badcafe")),
    "too-large": _large,
    "no-pixels": lambda: sealed(good("depth-4"), HEADER + 1, 0),
    "region-beyond": lambda: picture(region=Region(2, 0, 4, 3)),
    "channels-missing": lambda: picture(mode="rgba"),
    "depth-of-part": lambda: picture(depth=4),
    "above-maximum": lambda: picture([(kinds.MAXIMUM, varint(130))], rows=200 * PIXELS),
    "beyond-values": lambda: picture([(kinds.VALUES, varint(3) + varint(0))]),
    "order-missing": lambda: picture([(kinds.ORDER, b"")]),
    "palette-missing": lambda: picture(mode="palette"),
    "metadata-parts": lambda: picture([(kinds.COMPRESSED_ITEXT, b"keyword")]),
    "metadata-twice": lambda: picture([(kinds.MAXIMUM, varint(254)), (kinds.MAXIMUM, varint(253))]),
    "pages": lambda: picture([(kinds.PAGES, varint(2))]),
}


def _band(payload: bytes) -> container.Band:
    return container.Band(payload, 0, raw.checksum(PIXELS, payload))


def _with_settings(name: str, settings: bytes) -> Container:
    content = container.picture_from_bytes(good(name))
    return replace(content, parts=[replace(part, settings=settings) for part in content.parts])


# Those that are read under the weights of the tests; the others need none, or those that ship.
TINY = ("corrupt-neural", "truncated-neural", "wrong-fitted-model", "unsupported-settings", "wrong-model")


def lines() -> dict[str, list[str]]:
    """What `bbc verify` says of each bad-*.bbc here, by name of the file."""
    found: dict[str, list[str]] = {}
    tiny = [f"bad-{name}.bbc" for name in TINY]
    names = sorted(path.name for path in HERE.glob("bad-*.bbc") if path.name not in tiny)
    for files, weights in ((names, {}), (tiny, {"BBC_WEIGHTS": str(HERE)})):
        command = [sys.executable, "-m", "bbans_cli", "verify", *files]
        said = subprocess.run(command, cwd=HERE, env=os.environ | weights, capture_output=True, text=True, check=False)
        assert said.returncode == 1 and not said.stdout, said.stderr
        for line in said.stderr.splitlines():
            found.setdefault(line.split(": ")[1], []).append(line)
    return dict(sorted(found.items()))


def write() -> None:
    """bad-*.bbc, of golden files, and bad.json."""
    for path in HERE.glob("bad-*.bbc"):
        path.unlink()
    for name, make in FILES.items():
        (HERE / f"bad-{name}.bbc").write_bytes(make())
    (HERE / "bad.json").write_text(json.dumps(lines(), indent=1) + "\n")
