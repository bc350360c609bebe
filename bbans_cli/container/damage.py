"""What was lost of a damaged file that is read as far as it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class LostRows(NamedTuple):
    """Rows `first` to `end` - 1 of a picture that could not be decoded, and have other samples in place of theirs.

    columns   the leftmost and the one behind the rightmost; None: all
    channels  names of those that are lost, such as "alpha"; None: all
    """

    first: int
    end: int
    columns: tuple[int, int] | None = None
    channels: tuple[str, ...] | None = None


@dataclass
class Damage:
    """Filled in by what reads a file on past damage; a reader that is given none raises CorruptError instead.

    reasons   why bytes of the file are not used, in words
    rows      what is lost of the picture, in the order in which it was found
    metadata  whether the metadata section is lost: palette, values and maximum of samples, pages, ICC, EXIF, ...
    notes     what else is lost, in words
    """

    reasons: list[str] = field(default_factory=list)
    rows: list[LostRows] = field(default_factory=list)
    metadata: bool = False
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.reasons or self.rows or self.metadata or self.notes)

    def words(self) -> list[str]:
        """What is lost, a line for each range of rows and for each other thing."""
        lines = []
        for rows in self.merged_rows():
            columns = f" in columns {rows.columns[0]}:{rows.columns[1]}" if rows.columns else ""
            channels = f" of {', '.join(rows.channels)}" if rows.channels else ""
            lines.append(f"rows {rows.first}:{rows.end}{columns}{channels} are lost")
        return lines + ["the metadata are lost"] * self.metadata + self.notes

    def is_of_all(self, height: int) -> bool:
        """Whether nothing holds of so many rows."""
        merged = self.merged_rows()
        return len(merged) == 1 and merged[0] == LostRows(merged[0].first, merged[0].first + height)

    def keep_rows(self, first: int, end: int) -> None:
        """Leave out what is lost of other rows than `first` to `end` - 1."""
        ranges = [(rows, max(first, rows.first), min(end, rows.end)) for rows in self.rows]
        self.rows = [rows._replace(first=start, end=stop) for rows, start, stop in ranges if start < stop]

    def merged_rows(self) -> list[LostRows]:
        """The lost rows from the top, ranges that touch joined."""
        merged: list[LostRows] = []
        for rows in sorted(self.rows, key=lambda rows: (rows.columns or (0, 0), rows.channels or (), rows)):
            last = merged[-1] if merged else None
            if last and (last.columns, last.channels) == (rows.columns, rows.channels) and rows.first <= last.end:
                merged[-1] = LostRows(last.first, max(last.end, rows.end), rows.columns, rows.channels)
            else:
                merged.append(rows)
        return sorted(merged, key=lambda rows: (rows.first, rows.end))
