"""Random coefficients of JPEG files: large at low frequencies, small at high ones."""

import numpy as np
import tiny

from bbans_cli.coders.jpeg import coder as jpeg_coder


def made_coefficients(
    height: int, width: int, channels: int, subsampled: tuple[bool, bool], quality: int = 80
) -> jpeg_coder.JpegCoefficients:
    blocks = []
    for c, (rows, columns) in enumerate(jpeg_coder.block_counts(width, height, channels, subsampled)):
        spread = np.maximum(1, 24 >> np.add.outer(np.arange(8), np.arange(8)).reshape(64))
        drawn = tiny.integers(11 + c, 1 << 16, rows, columns, 64)
        blocks.append((drawn % (2 * spread + 1) - spread).astype(np.int16))
    return jpeg_coder.JpegCoefficients(
        subsampled, [jpeg_coder.standard_table(c, quality) for c in range(channels)], blocks
    )
