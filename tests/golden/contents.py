"""What a .bbc file holds, as a checksum; and the features of the format that a file makes use of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import numpy as np

from bbans_cli import container
from bbans_cli.coders.files import file_coder
from bbans_cli.coders.files.jpeg_tree import Copy, CutContent, Node, PngData
from bbans_cli.container import StoredFile
from bbans_cli.container.byte_reader import Reader
from bbans_cli.container.coder_ids import CODER_NAMES
from bbans_cli.pictures.picture import Picture


def digest(content: Picture | bytes) -> str:
    """SHA-256 of a file's bytes; or of a picture's mode, depth and shape as JSON, its samples (row by row, of more than
    8 bits the high byte first), and the kind, size and value of each item of its metadata."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    found = hashlib.sha256(json.dumps([content.mode, content.depth, *content.pixels.shape]).encode())
    found.update(np.ascontiguousarray(content.pixels, ">u2" if content.depth > 8 else np.uint8).tobytes())
    for kind, value in content.items():
        found.update(f"{kind} {len(value)} ".encode() + value)
    return found.hexdigest()


def features(data: bytes) -> set[str]:
    """What a .bbc file makes use of: coders, modes, settings, kinds of metadata, options of the header."""
    content = container.from_bytes(data)
    found = {f"metadata kind {kind}" for kind, _ in content.metadata}
    if content.metadata:
        front = container.read_head(data), container.metadata_bytes(data)
        section = data[-sum(map(len, _payloads(content))) - front[1] :][: front[1]]
        found.add(f"metadata method {section[0]}")
    if isinstance(content, StoredFile):
        return found | set(_of_stored_file(content))
    found |= {f"mode {content.mode}", f"depth {content.depth}"}
    channels = sum(part.channels for part in content.parts if part.region is None)
    if channels < content.channels:
        found.add("a grey part for three channels")
    return found.union(*(_of_part(part, content.depth) for part in content.parts))


def _payloads(content: container.Container | StoredFile) -> list[bytes]:
    if isinstance(content, StoredFile):
        return [part.payload for part in content.parts]
    return [band.payload for part in content.parts for band in part.bands]


def _of_part(part: container.Part, depth: int) -> Iterator[str]:
    name = CODER_NAMES[part.coder]
    yield f"coder {name}"
    yield f"coder {name}, {part.channels} channels"
    if part.region is not None:
        yield "a region"
    if part.depth != depth:
        yield "a part's own depth"
    if len(part.bands) > 1:
        yield f"coder {name}, bands"
    if part.model_id:
        yield f"coder {name}, weights {part.model_id.hex()}"
    yield from {
        container.RAW: lambda: (f"raw method {band.payload[0]}" for band in part.bands),
        container.NEURAL: lambda: _of_neural(part),
        container.FITTED: lambda: [f"fitted flags {part.settings[0]}"],
        container.JPEG: lambda: _of_jpeg(part),
    }.get(part.coder, lambda: ())()


def _of_neural(part: container.Part) -> Iterator[str]:
    settings = part.settings
    yield f"neural settings of {len(settings)} bytes"
    yield f"neural rate {settings[0] & 7}"
    yield f"neural interval {settings[0] >> 3 & 1}"
    yield f"neural mini-batch {settings[0] >> 6}"
    kind = {1: "neural mosaic", 2: "neural Y, Cb, Cr", 3: "neural mosaic in linear light"}.get(settings[0] >> 4 & 3)
    if kind:
        yield kind
    if settings[0] >> 4 & 3 == 3:
        yield "neural tone curve" if settings[-1] else "neural curve of sRGB alone"
        settings = settings[:-1]
    if len(settings) == 3:
        yield f"neural low bits {(settings[2] & 7) + 1}"
        yield "neural fraction " + ("of all low bits" if (settings[2] >> 3 & 15) == (settings[2] & 7) + 1 else "less")
    if any(band.split for band in part.bands):
        yield "neural latents"


def _of_jpeg(part: container.Part) -> Iterator[str]:
    yield f"jpeg subsampling {part.settings[0]}"
    kinds = {0: "explicit", 101: "that before"}
    at = 1
    for _ in range(part.channels):
        yield f"jpeg quantisers: {kinds.get(part.settings[at], 'standard')}"
        at += 65 if part.settings[at] == 0 else 1


def _of_stored_file(stored: StoredFile) -> Iterator[str]:
    yield "format any" if stored.jpeg is None else f"format jpeg, process {stored.jpeg.process}"
    if stored.jpeg is not None:
        yield f"jpeg components {stored.jpeg.components}"
    yield f"bytes method {stored.parts[0].payload[0]}"
    for part in stored.parts[1:]:
        yield f"jpeg-stream level {part.settings[0]}"
        if part.payload[0] & 15:
            yield f"jpeg-stream level {part.settings[0]}, segments"
    yield from (f"coder {CODER_NAMES[part.coder]}" for part in stored.parts)
    yield from _of_node(file_coder.read_tree(stored), 0)


def _of_node(node: Node, depth: int) -> Iterator[str]:
    for item in node.items:
        if isinstance(item, Copy):
            yield "structure: a copy"
        elif isinstance(item, PngData):
            yield "structure: data of a PNG picture"
        elif isinstance(item, CutContent):
            yield "structure: segments"
            yield from _of_node(item.content, depth + 1)
        else:
            yield "structure: a stream within another" if depth else "structure: a stream"
            if item.tables:
                yield "structure: tables that plain bytes lack"
            yield from _of_scans(item.scans)
            yield from _of_node(item.plain, depth + 1)


def _of_scans(scans: bytes) -> Iterator[str]:
    """The flags of the records, and the kinds of their notes: docs/format.md, *Scans*."""
    reader = Reader(scans, "scans")
    yield "scans: another height" if reader.varint() else "scans: the frame's height"
    while reader.left:
        flags = reader.varint()
        yield from (f"scans: flag {bit}" for bit in range(8) if flags >> bit & 1)
        if not flags:
            yield "scans: not coded"
            continue
        for bit in (1, 3):
            if flags >> bit & 1:
                reader.varint()
        if flags >> 5 & 1:
            sizes = [reader.varint() for _ in range(5)]
            yield from (f"scans: note {kind}" for kind, size in enumerate(sizes) if size)
            yield from _of_intervals(Reader(reader.take(sizes[0]), "notes"))
            reader.take(sum(sizes[1:]))
        for bit in (6, 7):
            for _ in range(2 * reader.varint() if flags >> bit & 1 else 0):
                reader.varint()
        reader.varint()


def _of_intervals(notes: Reader) -> Iterator[str]:
    """The flags of the notes of kind 0: docs/format.md, *Data of a scan*."""
    while notes.left:
        notes.varint()
        flags = notes.varint()
        yield from (f"scans: interval flag {flag}" for flag in (1, 2, 4, 8, 16) if flags & flag)
        for flag in (1, 2, 4, 8, 16):
            if flags & flag:
                notes.varint()
