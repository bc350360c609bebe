"""Where the blocks of a frame are (T.81, A.1 and A.2)."""

from __future__ import annotations

from typing import NamedTuple

from bbans_cli.coders.jpeg.stream.segments import Frame

MOST_LINES = 1 << 20  # of a frame, by its header or by its data; a frame header has 16 bits for them

# Sampling factors of Y beside (1, 1) of Cb and Cr -> has chroma half the columns, half the rows?
_SUBSAMPLINGS = {(1, 1): (False, False), (2, 1): (True, False), (2, 2): (True, True)}


class Layout(NamedTuple):
    """The blocks of a frame of `height` lines.

    mcu_columns, mcu_rows  MCUs of a scan of several components
    sizes                  (rows, columns) of blocks of each component in them
    own                    (rows, columns) of blocks of each component in a scan of that component alone
    """

    height: int
    mcu_columns: int
    mcu_rows: int
    sizes: list[tuple[int, int]]
    own: list[tuple[int, int]]

    @property
    def blocks(self) -> int:
        return sum(rows * columns for rows, columns in self.sizes)


def layout(frame: Frame, height: int) -> Layout:
    """The blocks of a frame of `height` rows of pixels, with subsampling: ITU-T T.81, A.1 and A.2."""
    across = max(c.horizontal for c in frame.components)
    down = max(c.vertical for c in frame.components)
    columns, rows = -(-frame.width // (8 * across)), -(-height // (8 * down))
    return Layout(
        height,
        columns,
        rows,
        [(rows * c.vertical, columns * c.horizontal) for c in frame.components],
        [(_blocks(height, c.vertical, down), _blocks(frame.width, c.horizontal, across)) for c in frame.components],
    )


def mcu_height(frame: Frame) -> int:
    """Lines of an MCU of several components."""
    return 8 * max(c.vertical for c in frame.components)


def _blocks(size: int, factor: int, most: int) -> int:
    """Blocks that hold a component's samples along one side (T.81, A.1.1)."""
    samples = -(-size * factor // most)
    return -(-samples // 8)


def subsampling(frame: Frame) -> tuple[bool, bool] | None:
    """Whether chroma has half as many columns, and rows; None of frames that are neither grey nor of these kinds."""
    factors = [component.factors for component in frame.components]
    if len(factors) == 1:
        return False, False
    if len(factors) != 3 or factors[1:] != [(1, 1)] * 2:
        return None
    return _SUBSAMPLINGS.get(factors[0])
