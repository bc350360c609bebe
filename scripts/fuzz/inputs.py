"""Inputs of the C targets: numbers of two bytes each, then a payload. c/fuzz.h reads the same."""

from __future__ import annotations

from collections.abc import Sequence


def number(value: int, least: int) -> bytes:
    """The bytes by which `fuzz_take` with that lower bound finds the value."""
    return (value - least).to_bytes(2, "little")


def joined(numbers: Sequence[tuple[int, int]], payload: bytes = b"") -> bytes:
    """An input of numbers, each with its lower bound, and a payload."""
    return b"".join(number(*pair) for pair in numbers) + payload


def random_numbers(seed: int, count: int) -> list[int]:
    """What `fuzz_random` gives."""
    found = []
    for _ in range(count):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        found.append(seed >> 33)
    return found


class Input:
    """Takes numbers and bytes off the front, as c/fuzz.h does."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, least: int, most: int) -> int:
        """The next number; `least` where the input has ended."""
        if len(self.data) < 2:
            self.data = b""
            return least
        value, self.data = int.from_bytes(self.data[:2], "little"), self.data[2:]
        return least + value % (most - least + 1)

    def fill(self, size: int) -> bytes:
        """The next bytes, zeros where the input has ended."""
        taken, self.data = self.data[:size], self.data[size:]
        return taken.ljust(size, b"\0")
