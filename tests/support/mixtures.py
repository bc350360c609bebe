"""Outputs of the network that are hard for the mixture, and the pixels around them, for tests."""

from __future__ import annotations

import itertools

import numpy as np

from bbans_cli.coders.neural.network_layout import OUTPUTS
from bbans_cli.reference.mixture import FLOOR

HOSTILE = np.array(
    [0, -0.0, 1e-45, 1, -1, 29.99, 30, -30, 31, 4, -6, 1e10, -1e10, 3.4e38, -3.4e38, np.inf, -np.inf, np.nan],
    np.float32,
)
GROUPS = [*(field.slice for field in OUTPUTS), slice(0, OUTPUTS.size, 2)]


def surroundings(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bases, activities, earlier residuals, what is expected by both least squares: such as there may be."""
    activity = (0.7 + rng.integers(0, 12 * 255 + 1, n) / 12).astype(np.float32)
    base, residual = rng.integers(0, 256, n), rng.integers(-255, 256, (n, 2))
    expected = rng.uniform(0, 255, (n, 2)) - base[:, None]
    return base, activity, np.column_stack([residual, expected]).astype(np.float32)


def random_outputs(rng: np.random.Generator, n: int) -> np.ndarray:
    """From plausible outputs to any bit pattern, by quarters: scales of all sizes, means far outside, plateaus."""
    out = rng.normal(0, 3, (n, 16)).astype(np.float32)
    q = n // 4
    out[q : 2 * q, OUTPUTS["log_scales"]] = rng.uniform(-7, 5, (q, 4))
    out[2 * q : 3 * q, OUTPUTS["means"]] = rng.normal(0, 500, (q, 4))
    out[2 * q : 3 * q, OUTPUTS["log_scales"]] = rng.uniform(0, 4, (q, 4))
    out[3 * q :] = rng.integers(0, 1 << 32, (n - 3 * q, 16), np.uint32).view(np.float32)
    return out


def hard_cases() -> np.ndarray:
    """Every hostile value in every group of outputs beside every other one, and one of them everywhere."""
    out = []
    for a, b in itertools.product(HOSTILE, HOSTILE):
        for group in GROUPS:
            row = np.full(16, b, np.float32)
            row[group] = a
            out.append(row)
    return np.array(out)


def check_floor(cum: np.ndarray) -> None:
    """All cumulative frequencies (n, 257): ends, and a frequency of at least the floor for every value."""
    assert np.all(cum[:, 0] == 0) and np.all(cum[:, 256] == 1 << 24)
    assert np.diff(cum, axis=1).min() >= FLOOR
