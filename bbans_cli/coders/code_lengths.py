"""Where the bits of a .bbc file went: the code length of every pixel, and totals. Decodes the file, and takes as long.

The map of pixels shares what blocks and whole parts took out evenly among their pixels (part_lengths.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bbans_cli import container
from bbans_cli.coders import decode_picture, memory, part_lengths
from bbans_cli.coders.part_lengths import BLOCK, PART, PartLengths
from bbans_cli.container import BYTES, CODER_NAMES, Container, Region, StoredFile
from bbans_cli.container.bounds import Bounds
from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures.picture import Picture
from bbans_cli.progress import ShareProgress, no_progress

if TYPE_CHECKING:
    from bbans_cli.coders.files import file_coder


@dataclass(frozen=True)
class CodeLengths:
    """Where the bits of a .bbc file went: fields in bytes where they say so, else in bits.

    kind       "picture", "jpeg" (a JPEG file), "file" (a JPEG file that was only stored)
    picture    its pixels
    bits       float32 (height, width): code length of each pixel in bits, of all parts together. Its sum is the payload
               of all parts that have pixels, but for their `other` bits
    parts      in the file's order
    metadata   bytes of the metadata section
    header     bytes of header and checksums
    """

    kind: str
    picture: Picture
    bits: np.ndarray
    parts: list[PartLengths]
    metadata: int
    header: int

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.metadata + self.header + sum(part.size for part in self.parts)

    @property
    def foreign(self) -> bool:
        """Whether no pixel has a value of its own: every part with pixels is one value."""
        return all(part.unit == PART for part in self.parts if part.bits is not None)

    def totals(self) -> dict[str, object]:
        """All totals as JSON has them, in bits."""
        return {
            "map_bits": round(float(self.bits.sum(dtype=np.float64)), 3),
            "metadata_bits": 8 * self.metadata,
            "header_bits": 8 * self.header,
            "parts": [part_lengths.totals(part) for part in self.parts],
        }


def of_file(
    data: bytes,
    threads: int = 1,
    progress: ShareProgress = no_progress,
    max_pixels: int = MAX_PIXELS,
    max_memory: int | None = None,
) -> CodeLengths:
    """Where the bits of a .bbc file went, given its bytes. max_pixels, max_memory: as `api.PictureCodec` has them.

    Raises what decoding does, and InputError where a stored file has no pixels that can be read.
    """
    content = container.from_bytes(data, max_pixels)
    memory.check_content(content, threads, max_memory)
    if isinstance(content, StoredFile):
        picture, parts = _of_stored(content, threads, progress, Bounds(max_pixels, max_memory))
    else:
        picture, parts = _of_picture(content, threads, progress)
    total = np.zeros((picture.height, picture.width), np.float32)
    for part in parts:
        if part.bits is not None:
            area = part.region or Region(0, 0, picture.width, picture.height)
            total[area.top : area.top + area.height, area.left : area.left + area.width] += part.bits
    metadata = container.metadata_bytes(data)
    header = len(data) - metadata - sum(part.size for part in parts)
    kind = content.kind if isinstance(content, StoredFile) else "picture"
    progress(1.0)
    return CodeLengths(kind, picture, total, parts, metadata, header)


def _of_picture(content: Container, threads: int, progress: ShareProgress) -> tuple[Picture, list[PartLengths]]:
    recorder = part_lengths.Recorder(content)
    picture = decode_picture.decode(content, threads, progress, recorder.coders())
    return picture, recorder.parts


def _of_stored(
    stored: StoredFile, threads: int, progress: ShareProgress, bounds: Bounds
) -> tuple[Picture, list[PartLengths]]:
    from bbans_cli.coders.files import file_coder, jpeg_pixels

    streams: dict[int, file_coder.StreamBits] = {}
    decoder = file_coder.Decoder(stored, threads, progress, streams, bounds.max_memory)
    picture, _ = jpeg_pixels.of_decoder(decoder, bounds)
    first = decoder.tree.first
    shown = None if first is None else decoder.numbers[id(first)]
    parts = []
    for number, part in enumerate(stored.parts, -1):
        name, size, bits = CODER_NAMES[part.coder], len(part.payload), None
        if number == shown and number in streams:
            parts.append(_of_stream(streams[number], name, size, picture))
            continue
        if shown is None and part.coder == BYTES:
            # What was only stored is one value for the whole.
            bits = np.full(picture.pixels.shape[:2], 8 * size / (picture.width * picture.height), np.float32)
        parts.append(PartLengths(name, size, PART, bits=bits))
    return picture, parts


def _of_stream(stream: file_coder.StreamBits, name: str, size: int, picture: Picture) -> PartLengths:
    factors = [component.factors for component in stream.frame.components]
    bits, channels = part_lengths.of_blocks(stream.blocks, factors, picture.height, picture.width)
    return PartLengths(name, size, BLOCK, channels, (), bits, 8 * size - sum(channels.values()))
