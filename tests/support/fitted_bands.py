"""Small weights and pictures for tests of the fitted coder, the same on every machine."""

import hashlib
from pathlib import Path

import numpy as np
import tiny

from bbans_cli.coders.fitted import layout


def tensors(seed: int = 1) -> dict[str, np.ndarray]:
    """Weights by name. Every output depends on every input, and predictions are fair."""
    found = {}
    for i, (name, shape) in enumerate(layout.TENSORS.items()):
        spread = np.float32((0.5 if name == "trunk" else 0.05) * (3 / shape[0]) ** 0.5)
        found[name] = tiny.uniform(seed * 100 + i, *shape) * spread
        if name != "trunk":
            found[name][0, 3:6] += np.array([-0.3, 0, 0.3], np.float32)
            found[name][0, 6:9] += np.array([-1.5, -1, -0.5], np.float32)
            found[name][0, 11] += np.float32(0.5)
    return found


def weights(seed: int = 1) -> np.ndarray:
    """The same as the array of the core."""
    return layout.padded(tensors(seed))


def save(folder: Path, seed: int = 1) -> bytes:
    """Write a weights file of the fitted coder; returns its id."""
    named = tensors(seed)
    scales = {f"{name}.scale": np.abs(tiny.uniform(7 * i + 3, *t.shape)) + np.float32(0.5) for i, (name, t) in
              enumerate(named.items())}  # fmt: skip
    data = tiny.to_bytes(named | scales, {"fitted": 1})
    id = hashlib.sha256(data).digest()[:4]
    (folder / f"fitted-{id.hex()}.safetensors").write_bytes(data)
    return id


def picture(height: int, width: int, channels: int) -> np.ndarray:
    """A picture with edges, slopes and noise, (height, width, channels) uint8."""
    return tiny.picture(height, width, channels)
