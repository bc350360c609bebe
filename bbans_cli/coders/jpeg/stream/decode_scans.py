"""All scans of a stream to coefficients: which height the data have, what is usual in each scan, which come back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bbans_cli.coders.jpeg.stream.jpeg_stream import MoreBlocksError, NotCodableError
from bbans_cli.coders.jpeg.stream.layout import MOST_LINES, Layout, layout, mcu_height
from bbans_cli.coders.jpeg.stream.scan import Counts, ScanCoder
from bbans_cli.coders.jpeg.stream.scan_records import NO_LIMIT, Policy
from bbans_cli.coders.jpeg.stream.segments import Frame, ScanHeader
from bbans_cli.coders.jpeg.stream.stuffing import Departures

# Times that all scans are decoded at most.
MAX_ROUNDS = 16
# Literal bits of a complete scan that make it worth to look for more rows. Tuned by hand, not recorded.
MORE_ROWS_BITS = 256

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


@dataclass
class Scan:
    """A scan that may be coded.

    end         of its entropy-coded data, which begin at header.begin of the stream
    data        these, made regular (stuffing.py)
    departures  how they were before
    coded       whether the data come from coefficients; else they stay as they are
    """

    header: ScanHeader
    end: int
    data: bytes
    departures: Departures
    policy: Policy
    coded: bool
    notes: Sequence[bytes] = ()
    counts: Counts | None = None
    _note_size: int = 1  # bytes for notes of each kind, for each byte of data
    _fewest: tuple[int, Policy] | None = None  # end-of-band runs that were noted, under the first policy; and that one

    def read(self, coder: ScanCoder, blocks: Sequence[np.ndarray], threads: int) -> bool:
        """Decode into the blocks; False if notes take more memory than was expected, which next time is there."""
        found = coder.read(self.data, self.policy, blocks, self._note_size * len(self.data) + 1024, threads)
        if found is None:
            self._note_size *= 4
            return False
        self.counts, self.notes = found
        return True

    def adjust(self, has_runs: bool) -> bool:
        """Whether another policy is to be tried."""
        if self.counts is None:
            return False
        policy, counts = self.policy, self.counts
        if counts.zero_padding > counts.one_padding:
            policy = policy._replace(padding=0)
        if has_runs and counts.late_runs:
            policy = policy._replace(run_limit=counts.longest_run, corrections=NO_LIMIT)
        elif has_runs and counts.splits:
            if self._fewest is None:
                self._fewest = counts.splits, policy
                policy = policy._replace(run_limit=counts.longest_run)
            elif counts.splits > self._fewest[0]:
                policy = self._fewest[1]
        changed = policy != self.policy
        self.policy = policy
        return changed

    def comes_back(self, coder: ScanCoder, blocks: Sequence[np.ndarray], alone: bool) -> bool:
        """Whether the data come from the blocks, and not mostly from notes. alone: no other scan changes its blocks."""
        if self.counts is None or not self.counts.mcus or self.counts.literal_bits > 4 * len(self.data):
            return False
        return alone or coder.write(self.notes, self.policy, blocks, len(self.data)) == self.data


def decode(
    frame: Frame, scans: Sequence[Scan], lines: int, max_blocks: int, threads: int = 1
) -> tuple[Layout, list[np.ndarray]]:
    """The layout that the data have, and the blocks; says in `scans` which are coded and how.

    lines: the height that DNL gives, 0 if there is none. Raises NotCodableError.
    """
    height = _first_height(frame, scans, lines, max_blocks)
    tried, blocks = {height}, list[np.ndarray]()
    for _ in range(MAX_ROUNDS):
        place = layout(frame, height)
        coders = _coders(frame, scans, place)
        if not coders:
            raise NotCodableError("no scan that can be coded")
        if not blocks:
            for scan, coder in coders:
                scan.policy = scan.policy._replace(interval=_usual_interval(scan, coder))
        blocks.clear()
        blocks.extend(np.zeros((*size, 64), np.int16) for size in place.sizes)
        if not all(scan.read(coder, blocks, threads) for scan, coder in coders):
            continue
        better = _better_height(frame, coders, place, lines, max_blocks)
        if better not in tried:
            tried.add(better)
            height = better
        elif not any([scan.adjust(coder.has_runs) for scan, coder in coders]):
            alone = _apart([coder for _, coder in coders])
            wrong = [scan for scan, coder in coders if not scan.comes_back(coder, blocks, alone)]
            for scan in wrong:
                scan.coded = False
            if not wrong:
                return place, blocks
    raise NotCodableError("scans that do not come from coefficients")


def _apart(coders: Sequence[ScanCoder]) -> bool:
    """Whether each coefficient is in one scan only."""
    components = [index for coder in coders for index, _, _ in coder.header.components]
    return not coders[0].progressive and len(components) == len({*components})


def _probe(coder: ScanCoder, data: bytes, policy: Policy) -> tuple[Counts, list[bytes]]:
    """What decoding would find."""
    capacity = len(data) + 1024
    while not (found := coder.read(data, policy, None, capacity)):
        capacity *= 4
    return found


def _coders(frame: Frame, scans: Sequence[Scan], place: Layout) -> list[tuple[Scan, ScanCoder]]:
    """The scans that are coded; those that cannot be are marked."""
    coders = []
    for scan in scans:
        if scan.coded:
            try:
                coders.append((scan, ScanCoder(frame, scan.header, place)))
            except ValueError:
                scan.coded = False
    return coders


def _usual_interval(scan: Scan, coder: ScanCoder) -> int:
    """MCUs between restarts: what DRI says, unless the data say otherwise."""
    said = scan.header.interval
    marker = _RESTART.search(scan.data)
    if marker is None:
        candidates = [said, 0] if 0 < said < coder.mcu_rows * coder.mcu_columns else [said]
    elif coder.header.high:  # not to be understood without the scans before
        candidates = [said]
    else:
        first, _ = _probe(coder, scan.data[: marker.start()], Policy(0))
        candidates = [said, first.mcus] if said != first.mcus else [said]
    if len(candidates) == 1 or coder.header.high:
        return candidates[-1]

    def cost(interval: int) -> int:
        counts, notes = _probe(coder, scan.data, Policy(interval))
        return 8 * sum(map(len, notes)) + counts.missing

    return min(candidates, key=cost)


def _first_height(frame: Frame, scans: Sequence[Scan], lines: int, max_blocks: int) -> int:
    """The height of the frame header or of DNL, if the data can have as many blocks."""
    said = frame.height or lines
    if said and layout(frame, said).blocks <= max_blocks:
        return said
    found, _ = _probe_rows(frame, scans, max_blocks)
    if not found or layout(frame, (found + 1) * mcu_height(frame)).blocks > max_blocks:  # there may be more of them
        raise MoreBlocksError("more blocks than are allowed")
    return _height_of(frame, found, lines)


def _height_of(frame: Frame, rows: int, lines: int) -> int:
    """The height that gives this many rows of MCUs; one that the stream says if there is one."""
    for said in (frame.height, lines):
        if said and layout(frame, said).mcu_rows == rows:
            return said
    return rows * mcu_height(frame)


def _better_height(
    frame: Frame, coders: Sequence[tuple[Scan, ScanCoder]], place: Layout, lines: int, max_blocks: int
) -> int:
    """The height after the scans have been decoded in `place`: without rows that no scan has; more if data are left."""
    # Padding gives blocks where each is a bit.
    counted = [(scan.counts, coder) for scan, coder in coders if scan.counts and not coder.refines_dc]
    used = max([_rows(frame, coder, counts) for counts, coder in counted], default=0)
    if used and used < place.mcu_rows:
        return _height_of(frame, used, lines)
    for scan, coder in coders:
        if coder.gives_height and scan.counts:
            if not scan.counts.missing and scan.counts.literal_bits > MORE_ROWS_BITS:
                rows, literal_bits = _probe_rows(frame, [scan], max_blocks)
                if rows > place.mcu_rows and literal_bits < scan.counts.literal_bits // 4:
                    return _height_of(frame, rows, lines)
            break
    return place.height


def _probe_rows(frame: Frame, scans: Sequence[Scan], max_blocks: int) -> tuple[int, int]:
    """Rows of MCUs that the first scan has whose blocks can be counted, 0 if there is none; its literal bits."""
    each = mcu_height(frame)
    rows = min(max_blocks // layout(frame, each).blocks, MOST_LINES // each)
    if rows:
        for scan, coder in _coders(frame, scans, layout(frame, rows * each)):
            if coder.gives_height:
                counts, _ = _probe(coder, scan.data, scan.policy)
                return _rows(frame, coder, counts), counts.literal_bits
    return 0, 0


def _rows(frame: Frame, coder: ScanCoder, counts: Counts) -> int:
    """Rows of the frame's MCUs that hold all blocks of the scan."""
    rows = -(-counts.mcus // coder.mcu_columns)
    if len(coder.header.components) > 1:
        return rows
    return -(-rows // frame.components[coder.header.components[0][0]].vertical)
