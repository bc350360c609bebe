"""Stacks: several pages of equal shape, as one picture that has them below each other."""

from __future__ import annotations

from bbans_cli.container import metadata as kinds
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError

Items = list[tuple[int, bytes]]


def join(of_pages: list[Items]) -> Items:
    """The items of all pages: those of the first one, then, behind a PAGE item each, those of pages that differ from
    the page before.
    """
    items, last = list(of_pages[0]), of_pages[0]
    for number, found in enumerate(of_pages[1:], 1):
        if found != last:
            items += [(kinds.PAGE, varint(number)), *found]
            last = found
    return items


def split(items: Items, count: int) -> list[Items]:
    """The items of each of `count` pages. Raises ValueError for a PAGE item that is not behind the page before."""
    pieces: list[tuple[int, Items]] = [(0, [])]
    for kind, data in items:
        if kind == kinds.PAGE:
            number = read_number(data)
            if not pieces[-1][0] < number < count:
                raise ValueError("a page that there is not")
            pieces.append((number, []))
        else:
            pieces[-1][1].append((kind, data))
    starts = dict(pieces)
    of_pages: list[Items] = []
    for number in range(count):
        of_pages.append(starts[number] if number in starts else of_pages[-1])
    return of_pages


def read_number(data: bytes) -> int:
    """The number in a PAGES or PAGE item. Raises ValueError."""
    reader = Reader(data, "the metadata")
    try:
        number = reader.varint()
    except CorruptError as error:
        raise ValueError("a damaged number of pages") from error
    if reader.left:
        raise ValueError("a damaged number of pages")
    return number
