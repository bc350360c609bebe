"""One image that shows where a file's bits went: the picture, its heat map, the scale, and all totals."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bbans_cli.coders.code_lengths import CodeLengths
from bbans_cli.coders.part_lengths import BLOCK
from bbans_cli.heat_map import colours, totals
from bbans_cli.heat_map.panels import MOST, as_text, map_panel, picture_panel, shown_size
from bbans_cli.heat_map.scale import Scale

_GROUND, _INK, _FAINT, _LINE = (252, 252, 250), (28, 30, 36), (104, 108, 118), (222, 223, 226)
# In units of the sheet: margin, between columns, width of a column at least.
_MARGIN, _GAP, _COLUMN = 32, 28, 380
_WIDE = 2.4  # pictures wider than so many times their height are shown above their map
_MOST_WIDE = 1600


def to_png(lengths: CodeLengths, name: str) -> bytes:
    """A PNG file. name: what the sheet is headed with."""
    out = io.BytesIO()
    draw(lengths, name).save(out, "PNG", optimize=True)
    return out.getvalue()


def draw(lengths: CodeLengths, name: str) -> Image.Image:
    """The sheet, in R, G, B."""
    width, height = lengths.picture.width, lengths.picture.height
    wide = width > _WIDE * height
    size = shown_size(width, height, _MOST_WIDE if wide else MOST)
    pen = _Pen(max(1.0, (size[0] if wide else 2 * size[0]) / 1300))
    column = max(size[0], pen.px(_COLUMN))
    columns = 1 if wide else 2
    pen.begin(2 * pen.px(_MARGIN) + columns * column + (columns - 1) * pen.px(_GAP))
    pen.down(_MARGIN)
    _heading(pen, lengths, name)
    panel, scale = map_panel(lengths, size)
    places = [pen.px(_MARGIN), pen.px(_MARGIN) + (0 if wide else column + pen.px(_GAP))]
    top = pen.y
    pen.image(picture_panel(lengths.picture, size), places[0], "Picture")
    if not wide:
        pen.y = top
    else:
        pen.down(20)
    pen.image(panel, places[1], f"Code length of every {'8x8 block' if _in_blocks(lengths) else 'pixel'}")
    if lengths.foreign:
        _mark_foreign(pen, lengths, places[1], size)
    pen.down(12)
    _scale(pen, scale, places[1], size[0])
    pen.down(26)
    _totals(pen, lengths)
    pen.down(_MARGIN - 8)
    return pen.finished()


@dataclass
class _Pen:
    """Draws from the top down; `unit` pixels are one unit of the layout."""

    unit: float
    y: int = 0
    width: int = 0
    steps: list[tuple[int, int, Image.Image]] = field(default_factory=list)
    _draw: ImageDraw.ImageDraw | None = None
    _sheet: Image.Image | None = None

    def px(self, units: float) -> int:
        return round(units * self.unit)

    def begin(self, width: int) -> None:
        # Taller than any sheet; cut at the end.
        self.width = width
        self._sheet = Image.new("RGB", (width, 2 * (_MOST_WIDE + MOST) + self.px(1600)), _GROUND)
        self._draw = ImageDraw.Draw(self._sheet)

    @property
    def on(self) -> ImageDraw.ImageDraw:
        assert self._draw is not None
        return self._draw

    def down(self, units: float) -> None:
        self.y += self.px(units)

    def font(self, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        return ImageFont.load_default(self.px(size))

    def text(
        self, x: int, y: int, text: str, size: float, colour: tuple[int, int, int] = _INK, anchor: str = "ls"
    ) -> int:
        """Write at a baseline; returns where the text ends."""
        shown = _plain(text)
        self.on.text((x, y), shown, colour, self.font(size), anchor)
        return x + round(self.on.textlength(shown, self.font(size)))

    def fitted(self, text: str, size: float, width: int) -> str:
        """The text, cut in the middle where it is wider."""
        shown, kept = _plain(text), min(len(text), 300)
        while self.on.textlength(shown, self.font(size)) > width and kept > 4:
            kept -= 1
            shown = _plain(text[: (kept + 1) // 2] + "..." + text[len(text) - kept // 2 :])
        return shown

    def image(self, image: Image.Image, x: int, caption: str) -> None:
        """An image below its caption."""
        assert self._sheet is not None
        self.down(14)
        self.text(x, self.y, caption, 14, _FAINT)
        self.down(9)
        self._sheet.paste(image, (x, self.y))
        self.on.rectangle((x - 1, self.y - 1, x + image.width, self.y + image.height), outline=_LINE)
        self.y += image.height

    def finished(self) -> Image.Image:
        assert self._sheet is not None
        return self._sheet.crop((0, 0, self.width, self.y))


def _plain(text: str) -> str:
    """The text with a question mark for each character that the font may lack."""
    return "".join(letter if letter.isprintable() and letter < "\u0100" else "?" for letter in text)


def _heading(pen: _Pen, lengths: CodeLengths, name: str) -> None:
    picture, x = lengths.picture, pen.px(_MARGIN)
    pen.down(20)
    pen.text(x, pen.y, pen.fitted(name, 25, pen.width - 2 * x), 25)
    pen.down(25)
    pixels = picture.width * picture.height
    facts = f"{picture.width:,} x {picture.height:,} pixels,  {lengths.size:,} bytes"
    facts += f",  {as_text(8 * lengths.size / pixels)} bits per pixel"
    if lengths.kind != "picture":
        facts = "JPEG file,  " + facts
    pen.text(x, pen.y, facts, 15.5, _FAINT)
    pen.down(24)


def _mark_foreign(pen: _Pen, lengths: CodeLengths, x: int, size: tuple[int, int]) -> None:
    """Say upon the map that it has one value."""
    coders = " and ".join(dict.fromkeys(part.coder for part in lengths.parts if part.bits is not None))
    text = f"one value for the whole part ({coders})"
    text = text if pen.on.textlength(text, pen.font(15)) < size[0] - pen.px(40) else "one value"
    middle, wide = (x + size[0] // 2, pen.y - size[1] // 2), pen.on.textlength(text, pen.font(15)) / 2 + pen.px(14)
    box = (middle[0] - wide, middle[1] - pen.px(16), middle[0] + wide, middle[1] + pen.px(16))
    pen.on.rounded_rectangle(box, pen.px(16), _GROUND)
    pen.text(*middle, text, 15, anchor="mm")


def _scale(pen: _Pen, scale: Scale, x: int, width: int) -> None:
    """The colours in a bar as wide as the map, with ticks, and what they count."""
    width = max(width, pen.px(300))
    high = pen.px(13)
    steps = np.linspace(0, colours.STEPS - 1, width).round().astype(int)
    bar = np.broadcast_to(colours.table()[steps], (high, width, 3))
    assert pen._sheet is not None
    pen._sheet.paste(Image.fromarray(np.ascontiguousarray(bar)), (x, pen.y))
    pen.y += high
    for tick in scale.ticks:
        at = x + round(tick / scale.most * (width - 1))
        pen.on.line((at, pen.y, at, pen.y + pen.px(5)), _FAINT, max(1, pen.px(1)))
        anchor = "ls" if tick == 0 else "rs" if tick > scale.most - scale.step / 2 else "ms"
        pen.text(at, pen.y + pen.px(20), scale.label(tick), 13.5, _INK, anchor)
    pen.down(39)
    pen.text(x, pen.y, "bits per pixel", 13.5, _FAINT)


def _in_blocks(lengths: CodeLengths) -> bool:
    return any(part.unit == BLOCK for part in lengths.parts)


def _totals(pen: _Pen, lengths: CodeLengths) -> None:
    """All bytes of the file, as a bar and as a table."""
    rows, left, right = totals.rows(lengths), pen.px(_MARGIN), pen.width - pen.px(_MARGIN)
    pen.down(14)
    pen.text(left, pen.y, "Where the bytes are", 14, _FAINT)
    pen.down(9)
    high, at = pen.px(18), float(left)
    whole = sum(max(0.0, row.size) for row in rows)
    for row in rows:
        end = at + (right - left) * max(0.0, row.size) / whole
        if round(end) > round(at):
            pen.on.rectangle((round(at), pen.y, round(end) - 1, pen.y + high - 1), row.colour)
        at = end
    pen.y += high
    pen.down(12)
    columns = max(1, min(3, (right - left) // pen.px(_COLUMN)))
    lines = -(-len(rows) // columns)
    across = (right - left - (columns - 1) * pen.px(_GAP)) // columns
    top = pen.y
    for index, row in enumerate(rows):
        x = left + index // lines * (across + pen.px(_GAP))
        _row(pen, row, x, across, top + pen.px(24) * (index % lines + 1), lengths.size)
    pen.y = top + pen.px(24) * lines


def _row(pen: _Pen, row: totals.Row, x: int, width: int, y: int, whole: int) -> None:
    side = pen.px(11)
    pen.on.rounded_rectangle((x, y - side, x + side - 1, y - 1), pen.px(2.5), row.colour)
    end = pen.text(x + pen.px(20), y, row.name, 14.5)
    note = row.coder + (", one value" if row.of_whole else "")
    if row.coder and pen.on.textlength(note, pen.font(12.5)) < width - pen.px(170) - (end - x):
        pen.text(end + pen.px(8), y, note, 12.5, _FAINT)
    pen.text(x + width - pen.px(62), y, f"{row.size:,.0f}", 14.5, anchor="rs")
    pen.text(x + width, y, f"{100 * row.size / whole:.2f} %", 14.5, _FAINT, "rs")
    pen.on.line((x, y + pen.px(6), x + width, y + pen.px(6)), _LINE)
