"""The code length of pixels in float64, which gradients are compared with."""

from __future__ import annotations

import numpy as np

from bbans_cli.reference import mixture
from bbans_cli.reference.network import Forward
from bbans_cli.reference.online_learning import earlier


def nats(done: Forward, value: np.ndarray, channels: int) -> float:
    """The mean over n pixels of -ln p, p as the gradient understands it, from float64 sums of the mixture's masses.

    value (n, 3) of 8 bits, in coding order; done is what the network made of the pixels.
    """
    total = 0.0
    for c in range(channels):
        mix = mixture.mixture(done.output[c], done.base[:, c], done.activity[:, c], earlier(done, c))
        weight, mean, inverse = (np.asarray(a, np.float64) for a in (mix.weight, mix.mean, mix.inverse))
        v = value[:, c, None]
        low = np.where(v == 0, 0, 1 / (1 + np.exp(-(v - 0.5 - mean) * inverse)))
        high = np.where(v == 255, 1, 1 / (1 + np.exp(-(v + 0.5 - mean) * inverse)))
        total -= np.log((weight * (high - low)).sum(1) + 2.0**-20).mean()
    return total
