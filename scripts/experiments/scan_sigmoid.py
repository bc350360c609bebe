"""Measures ex_sigmoid on all float32 arguments: the largest error, and the largest decrease between arguments.

    python -m scripts.experiments.scan_sigmoid

Below 2^-25 in magnitude the result is 1/2, and below -88 and above 88 it is constant. The 526 million other arguments
take about a minute. docs/exactness.md uses the figures.
"""

from collections.abc import Iterator

import numpy as np

from bbans_cli.core import current_isa
from bbans_cli.core.kernel_calls import KernelCalls

PIECE = 1 << 22
FIRST, LAST = (int(np.float32(x).view(np.uint32)) for x in (2.0**-25, 88.0))


def pieces() -> Iterator[np.ndarray]:
    """All arguments in ascending order, in arrays."""
    starts = range(FIRST, LAST + 1, PIECE)

    def magnitudes(start: int) -> np.ndarray:
        return np.arange(start, min(start + PIECE, LAST + 1), dtype=np.uint32).view(np.float32)

    for start in reversed(starts):
        yield -magnitudes(start)[::-1]
    yield np.zeros(1, np.float32)
    for start in starts:
        yield magnitudes(start)


def main() -> None:
    kernels = KernelCalls(current_isa())
    top, fall, error, count = 0.0, 0.0, 0.0, 0
    for x in pieces():
        s = kernels.map("sigmoid", x).astype(np.float64)
        highest = np.maximum.accumulate(np.maximum(s, top))
        fall = max(fall, float((highest - s).max()))
        error = max(error, float(np.abs(s - 1 / (1 + np.exp(-x.astype(np.float64)))).max()))
        top, count = float(highest[-1]), count + len(x)
    print(f"{count:,} arguments, {kernels.isa}: error {error * 2**24:.3f} * 2^-24, fall {fall * 2**24:.3f} * 2^-24")


if __name__ == "__main__":
    main()
