"""What the totals of a file are made of: rows for a table, each with its bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bbans_cli.coders.code_lengths import CodeLengths
from bbans_cli.coders.part_lengths import PART, PartLengths

# Colours of rows, by the first word of their names; others get grey.
_COLOURS = {
    "red": (214, 72, 66),
    "green": (76, 154, 82),
    "blue": (66, 110, 200),
    "grey": (120, 124, 132),
    "Y": (120, 124, 132),
    "Cb": (66, 110, 200),
    "Cr": (214, 72, 66),
    "alpha": (150, 118, 190),
    "index": (76, 154, 140),
    "cyan": (40, 160, 190),
    "magenta": (196, 70, 150),
    "yellow": (214, 176, 40),
    "black": (60, 62, 68),
    "latents": (236, 150, 50),
    "corrections": (236, 150, 50),
    "metadata": (140, 110, 80),
}
_OTHER = (186, 188, 194)


@dataclass(frozen=True)
class Row:
    """name: of a channel, the latents, a part; size: bytes, with fractions; of_whole: one value for the whole part."""

    name: str
    coder: str
    size: float
    colour: tuple[int, int, int]
    of_whole: bool = False


def rows(lengths: CodeLengths) -> list[Row]:
    """All that a file consists of; the sizes add up to the file's. Parts of several regions share rows."""
    # What has pixels comes first.
    parts = sorted(lengths.parts, key=lambda part: part.bits is None)
    found = _summed([row for part in parts for row in _rows_of_part(part)])
    if lengths.metadata:
        found.append(Row("metadata", "", lengths.metadata, _COLOURS["metadata"]))
    rest = lengths.header + sum(part.other for part in lengths.parts) / 8
    return [*found, Row("header, checksums, rounding", "", rest, _OTHER)]


def lines(lengths: CodeLengths) -> list[str]:
    """The rows in words, for a terminal."""
    found = []
    for row in rows(lengths):
        note = row.coder + (", one value for all of it" if row.of_whole else "")
        line = f"  {row.size:>12,.0f} bytes  {100 * row.size / lengths.size:6.2f} %  {row.name}"
        found.append(f"{line}  ({note})" if note else line)
    return found


def _rows_of_part(part: PartLengths) -> list[Row]:
    whole = part.unit == PART
    if not part.channels:
        name = "headers and other bytes" if part.coder == "bytes" else "another picture in the file"
        return [Row(name, part.coder, part.size, _COLOURS["metadata"], part.bits is not None)]
    found = [Row(name, part.coder, bits / 8, _colour(name), whole) for name, bits in part.channels.items()]
    for level in part.latents:
        name = f"latents of {level.block}x{level.block} blocks"
        found.append(Row(name, part.coder, level.net / 8, _COLOURS["latents"]))
    return found


def _summed(found: list[Row]) -> list[Row]:
    """The rows, those alike but for their sizes in one."""
    sums: dict[Row, float] = {}
    for row in found:
        alike = replace(row, size=0.0)
        sums[alike] = sums.get(alike, 0.0) + row.size
    return [replace(row, size=size) for row, size in sums.items()]


def _colour(name: str) -> tuple[int, int, int]:
    if "+" in name:
        return (92, 98, 140)
    return _COLOURS.get(name.split(" ")[0], _OTHER)
