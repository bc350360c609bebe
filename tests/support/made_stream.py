"""JPEG streams of random coefficients, with any sampling factors and scans, written by the scan writer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import tiny

from bbans_cli.coders.jpeg.stream.jpeg_stream import Component
from bbans_cli.coders.jpeg.stream.layout import layout
from bbans_cli.coders.jpeg.stream.optimal_tables import optimal_table
from bbans_cli.coders.jpeg.stream.scan import ScanCoder
from bbans_cli.coders.jpeg.stream.scan_records import KINDS, Policy
from bbans_cli.coders.jpeg.stream.segments import Frame, ScanHeader

# Codes for every category of DC, of 5 bits; for every symbol of AC: 254 of 8 bits, 2 of 9.
DC_CODE = bytes([0] * 4 + [16] + [0] * 11) + bytes(range(16))
AC_CODE = bytes([0] * 7 + [254, 2] + [0] * 7) + bytes(range(256))
CODES = DC_CODE, AC_CODE  # one table of each kind for all components
SOI, EOI = b"\xff\xd8", b"\xff\xd9"


@dataclass(frozen=True)
class Scan:
    """Components by their indices; Ss, Se, Ah, Al; restart interval that DRI says; what else the writer takes."""

    components: Sequence[int]
    first: int = 0
    last: int = 63
    high: int = 0
    low: int = 0
    interval: int = 0
    policy: dict[str, int] = field(default_factory=dict)
    notes: dict[int, bytes] = field(default_factory=dict)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def make_frame(process: int, width: int, height: int, factors: Sequence[tuple[int, int]]) -> Frame:
    return Frame(process, width, height, [Component(h, v, 10 + i) for i, (h, v) in enumerate(factors)])


def random_blocks(frame: Frame, seed: int = 3) -> list[np.ndarray]:
    """Sparse coefficients, larger at low frequencies."""
    found = []
    for index, (rows, columns) in enumerate(layout(frame, frame.height).sizes):
        spread = np.maximum(1, 40 >> np.add.outer(np.arange(8), np.arange(8)).reshape(64))
        drawn = tiny.integers(seed + index, 1 << 20, rows, columns, 64)
        sparse = drawn // 1024 % 4 == 0
        values = np.where(sparse, drawn % (2 * spread + 1) - spread, 0).astype(np.int16)
        values[tiny.integers(seed + 50, 8, rows, columns) < 3, 1:] = 0  # blocks without AC coefficients
        found.append(values)
    return found


def header(frame: Frame, height: int | None = None, codes: tuple[bytes, bytes] = CODES) -> bytes:
    """SOI, DQT, SOF and DHT; `height`: what the frame header says, if not the truth."""
    lines = frame.height if height is None else height
    parts = b"".join(bytes([c.identifier, c.horizontal << 4 | c.vertical, 0]) for c in frame.components)
    sof = b"\x08" + lines.to_bytes(2, "big") + frame.width.to_bytes(2, "big") + bytes([len(frame.components)]) + parts
    return (
        SOI
        + segment(0xDB, b"\0" + bytes(range(1, 65)))
        + segment(0xC0 + frame.process, sof)
        + segment(0xC4, b"\0" + codes[0])
        + segment(0xC4, b"\x10" + codes[1])
    )


def coder_of(frame: Frame, scan: Scan, codes: tuple[bytes, bytes] = CODES) -> tuple[ScanCoder, list[bytes], Policy]:
    """What writes a scan, its notes and its policy."""
    parts = [(index, *codes) for index in scan.components]
    parameters = (scan.first, scan.last, scan.high, scan.low)
    coder = ScanCoder(frame, ScanHeader(0, parts, *parameters, scan.interval, {}), layout(frame, frame.height))
    notes = [scan.notes.get(kind, b"") for kind in range(KINDS)]
    return coder, notes, Policy(**{"interval": scan.interval, **scan.policy})


def scan_head(frame: Frame, scan: Scan) -> bytes:
    """DRI and SOS."""
    names = b"".join(bytes([frame.components[index].identifier, 0]) for index in scan.components)
    spectral = bytes([scan.first, scan.last, scan.high << 4 | scan.low])
    sos = bytes([len(scan.components)]) + names + spectral
    return segment(0xDD, scan.interval.to_bytes(2, "big")) + segment(0xDA, sos)


def scan_bytes(frame: Frame, blocks: Sequence[np.ndarray], scan: Scan, codes: tuple[bytes, bytes] = CODES) -> bytes:
    """DRI, SOS and entropy-coded data."""
    coder, notes, policy = coder_of(frame, scan, codes)
    data = coder.write(notes, policy, blocks, 1 << 20)
    assert data is not None
    return scan_head(frame, scan) + data


def optimal_codes(frame: Frame, blocks: Sequence[np.ndarray], scans: Sequence[Scan]) -> tuple[bytes, bytes]:
    """The tables that an encoder makes that optimises them for all scans together."""
    uses = np.zeros((2, 256), np.uint64)
    for scan in scans:
        coder, notes, policy = coder_of(frame, scan, CODES)
        counts = coder.count_symbols()
        assert coder.write(notes, policy, blocks, 1 << 20) is not None
        for own in counts:
            uses += np.array(own)
    return optimal_table(uses[0]), optimal_table(uses[1])


def make(
    frame: Frame, blocks: Sequence[np.ndarray], scans: Sequence[Scan], codes: tuple[bytes, bytes] = CODES
) -> bytes:
    return header(frame, codes=codes) + b"".join(scan_bytes(frame, blocks, scan, codes) for scan in scans) + EOI


def progressive_scans(components: int, interval: int = 0) -> list[Scan]:
    """All components' DC, then AC in two bands, with two refinements of each."""
    every = range(components)
    scans = [Scan(every, 0, 0, 0, 2, interval)]
    scans += [Scan([c], *band, 0, 2, interval) for c in every for band in ((1, 5), (6, 63))]
    for low in (1, 0):
        scans.append(Scan(every, 0, 0, low + 1, low, interval))
        scans += [Scan([c], *band, low + 1, low, interval) for c in every for band in ((1, 5), (6, 63))]
    return scans
