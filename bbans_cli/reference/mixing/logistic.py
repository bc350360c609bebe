"""The logistic function and its inverse as tables of integers: docs/format-mixing.md, *Stretch and squash*.

Probabilities are in 2^-16, stretched ones, ln(p / (1 - p)), in 1/256.
"""

from __future__ import annotations

LIMIT = 2839  # 256 ln(65535)
_ONE = 1 << 40
_STEP = 4629735647166717429  # e^(1/256) in 2^-62


def _squash_table() -> list[int]:
    table = [0] * (2 * LIMIT + 1)
    power = _ONE  # e^(x/256) in 2^-40
    for x in range(LIMIT + 1):
        high = min((power >> 12) * 65536 // ((power + _ONE) >> 12), 65535)
        table[LIMIT + x] = high
        table[LIMIT - x] = 65536 - high
        power = power * _STEP >> 62
    return table


def _stretch_table(squashed: list[int]) -> list[int]:
    table, x = [], -LIMIT
    for i in range(65536 // 4):
        while x < LIMIT and squashed[LIMIT + x] < 4 * i + 2:
            x += 1
        table.append(x)
    return table


SQUASH = _squash_table()  # by stretched probability + LIMIT
STRETCH = _stretch_table(SQUASH)  # by probability / 4


def clamp(stretched: int) -> int:
    """A stretched probability within +-LIMIT."""
    return max(-LIMIT, min(stretched, LIMIT))


def squash(stretched: int) -> int:
    """The probability, 1 to 65535, of a stretched one."""
    return SQUASH[LIMIT + clamp(stretched)]
