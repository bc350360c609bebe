"""Some rows of a picture without the others: the container cut down to the bands that hold them.

Bands are messages of their own (docs/bands.md), so that what is left of the container is that of a smaller picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import log2

from bbans_cli.coders.registry import CODERS, Coder
from bbans_cli.container import FITTED, NEURAL, Container, Part
from bbans_cli.errors import InputError

# Rows A to B - 1; B None: to the last one.
Rows = tuple[int, int | None]

# Pixels of a band below which it was asked for: an eighth of those that coders make.
ASKED_PIXELS = 1 << 19
# What bands of 2^20, 2^19, ... pixels cost the neural coder, in per cent of the bytes: the table of docs/bands.md.
LOSSES, LARGEST_LOG2 = (0.49, 0.81, 1.57, 2.71, 4.50), 20
# What a band costs the fitted coder, in per cent of the bytes of a row: measured on samples/roman-colosseum.png, where
# bands of 64 rows take 1.08 % more than one band, and bands of 256 rows 0.32 %.
FITTED_LOSS = 75


def resolved(rows: Rows, height: int) -> tuple[int, int]:
    """The first row and the one behind the last. Raises InputError for rows that a picture does not have."""
    first, end = rows[0], height if rows[1] is None else rows[1]
    if not 0 <= first < end <= height:
        raise InputError(f"rows {first}:{'' if rows[1] is None else end} are not all in a picture of {height:,} rows")
    return first, end


def cut(container: Container, first: int, end: int, coders: Mapping[int, Coder] = CODERS) -> tuple[Container, int]:
    """The container with only those bands that hold rows `first` to `end` - 1, and the row that it begins with.

    It is the whole container where a part has no bands there, or bands that do not end with those of other parts.
    Of regions the bands with these rows are left, so that other rows may lack what they have there.
    """
    spans = [_span(part, container.height, first, end) for part in container.parts]
    top, bottom = min(begin for begin, _ in spans), max(behind for _, behind in spans)
    while True:
        wider = top, bottom
        for part in container.parts:
            if part.region is None:
                top, bottom = _span(part, container.height, top, bottom)
        if wider == (top, bottom):
            break
    parts = []
    for part, span in zip(container.parts, spans, strict=True):
        if part.region is None:
            parts.append(_cut_part(part, container.height, (top, bottom), top, coders))
        elif span[0] < span[1]:
            parts.append(_cut_part(part, container.height, span, top, coders))
    return replace(container, height=bottom - top, parts=parts), top


def _rows(part: Part, height: int) -> tuple[int, int]:
    """The first row of a part, and the one behind its last, in a picture of that height."""
    return (0, height) if part.region is None else (part.region.top, part.region.top + part.region.height)


def _span(part: Part, height: int, first: int, end: int) -> tuple[int, int]:
    """The rows of the part's bands that hold rows `first` to `end` - 1; none, at `first`, if it has none of these."""
    begin, behind = _rows(part, height)
    if end <= begin or behind <= first:
        return first, first
    first, end = max(first, begin) - begin, min(end, behind) - begin
    return begin + first // part.band_rows * part.band_rows, min(
        behind, begin - -end // part.band_rows * part.band_rows
    )


def _cut_part(part: Part, height: int, span: tuple[int, int], top: int, coders: Mapping[int, Coder]) -> Part:
    """The bands of a part that have the rows of a span, in a picture that begins at row `top`."""
    skipped, end = (row - _rows(part, height)[0] for row in span)
    return replace(
        part,
        bands=part.bands[skipped // part.band_rows : -(-end // part.band_rows)],
        settings=coders[part.coder].settings_below(part.settings, skipped) if part.coder in coders else part.settings,
        region=None if part.region is None else part.region._replace(top=span[0] - top, height=end - skipped),
    )


def asked_for(container: Container) -> int:
    """The rows of bands that were made for some rows to be decoded alone; 0 if they suited the coder.

    Known by their size: without being asked, no coder makes bands of fewer pixels, but for the last.
    """
    rows = [part.band_rows for part in container.parts if part.region is None and part.band_rows < container.height]
    return min(rows) if rows and min(rows) * container.width < ASKED_PIXELS else 0


def cost(container: Container) -> str:
    """In words how many bands there are, and about what they cost."""
    part = max(container.parts, key=lambda part: part.approximate_bytes)
    count = len(part.bands)
    if count == 1:
        return "one band"
    words = f"{count:,} bands of {part.band_rows:,} rows, {8 * count:,} bytes of tables"
    if part.coder == FITTED:
        return f"{words}, and about {FITTED_LOSS / part.band_rows:.1f} % for rows without others above them"
    if part.coder != NEURAL:
        return words
    return f"{words}, and about {_loss(part.band_rows * container.width):.1f} % for learning afresh in each"


def _loss(pixels: int) -> float:
    """Per cent that bands of so many pixels cost, between and beyond the entries of the table."""
    place = LARGEST_LOG2 - log2(pixels)
    if place <= 0:
        return max(0.0, LOSSES[0] * (1 + place / 2))
    index = min(int(place), len(LOSSES) - 2)
    return LOSSES[index] + (place - index) * (LOSSES[index + 1] - LOSSES[index])
