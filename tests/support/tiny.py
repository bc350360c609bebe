"""Small random networks and pictures for tests, the same on every machine: made of raw integers of numpy's PCG64."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bbans_cli.coders.neural.neighbourhood import PHASE_ROWS
from bbans_cli.coders.neural.network_layout import EXTRA_COUNTS, INPUTS, OUTPUTS

LEAST = {"hidden": 16, "layers": 1, "head": 16, "latents": [16], "blocks": [64]}
TWO_LEVELS = {"hidden": 16, "layers": 2, "head": 16, "latents": [16, 16], "blocks": [64, 16]}


def uniform(seed: int, *shape: int) -> np.ndarray:
    """float32 multiples of 2^-23 in [-1, 1), of a shape."""
    raw = np.random.PCG64(seed).random_raw(int(np.prod(shape))) >> np.uint64(40)
    return (raw.astype(np.float64) / 2**23 - 1).astype(np.float32).reshape(shape)


def integers(seed: int, limit: int, *shape: int) -> np.ndarray:
    """int64 numbers below a limit, which is a power of two, of a shape."""
    raw = np.random.PCG64(seed).random_raw(int(np.prod(shape))) >> np.uint64(32)
    return (raw % np.uint64(limit)).astype(np.int64).reshape(shape)


def tensors(size: Mapping[str, Any], seed: int = 1) -> dict[str, np.ndarray]:
    """Weights by name, as training saves them. Every output depends on every input, and predictions are fair.

    size: as in the metadata of a weights file.
    """
    found: dict[str, np.ndarray] = {}

    def layer(name: str, inputs: int, outputs: int, gain: float, bias: np.ndarray | None = None) -> None:
        spread = np.float32(gain * (3 / inputs) ** 0.5)
        here = seed * 1000 + len(found)
        found[name + ".weight"] = uniform(here, outputs, inputs) * spread
        mean = np.zeros(outputs, np.float32) if bias is None else bias.astype(np.float32)
        found[name + ".bias"] = mean + uniform(here + 1, outputs) * np.float32(0.1)

    hidden, layers, head = size["hidden"], size["layers"], size["head"]
    for i in range(layers):
        layer(f"likelihood.trunk.{i}", hidden if i else INPUTS.size, hidden, 1.0)
    mixture = np.zeros(OUTPUTS.size)
    mixture[OUTPUTS["means"]] = -0.6, -0.1, 0.1, 0.6
    mixture[OUTPUTS["log_scales"]] = -0.5, -1.5, -1.5, -0.5
    for c, extra in enumerate(EXTRA_COUNTS):
        layer(f"likelihood.head.{c}", hidden + extra, head, 1.0)
        layer(f"likelihood.out.{c}", head, OUTPUTS.size, 0.3, mixture)
    layer("latents.embed", 51, 32, 1.0)
    layer("latents.mix", 32, 32, 1.0)
    for i, n in enumerate(size["latents"]):
        above = 64 if i else 0
        name = f"latents.levels.{i}."
        if i:
            layer(name + "prior", 64, 2 * n, 0.5)
        layer(name + "hidden", 64 + above, 64, 1.0)
        layer(name + "posterior", 64, 2 * n, 0.5, np.repeat([0, -1.5], n))
        layer(name + "features", n + above, 64, 1.0)
    layer("latents.modulation", 64, layers * 2 * hidden, 0.2)
    found["likelihood.phase"] = uniform(seed * 1000 + len(found), PHASE_ROWS, hidden) * np.float32(0.3)
    return found


def save(folder: Path, size: Mapping[str, Any], names: list[str], seed: int = 1) -> bytes:
    """Write the same weights as <name>-<id>.safetensors for each name; returns the id."""
    data = to_bytes(tensors(size, seed), size)
    id = hashlib.sha256(data).digest()[:4]
    for name in names:
        (folder / f"{name}-{id.hex()}.safetensors").write_bytes(data)
    return id


def to_bytes(named: Mapping[str, np.ndarray], size: Mapping[str, Any]) -> bytes:
    """A safetensors file. The library's own writer shuffles the metadata; this gives the same bytes every time."""
    header: dict[str, dict[str, Any]] = {"__metadata__": {"size": json.dumps(size), "record": "{}"}}
    at = 0
    for name, array in named.items():
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(array.astype("<f4").tobytes() for array in named.values())


def picture(height: int, width: int, channels: int, seed: int = 1) -> np.ndarray:
    """(height, width, channels) uint8, somewhat like a photograph: soft shapes, edges, a little noise."""
    out = np.empty((height, width, channels), np.int64)
    y, x = np.mgrid[:height, :width]
    edge = (x * 3 + y * 5) // 40 % 2 * 24
    light = _clouds(seed, height, width)
    for c in range(channels):
        noise = integers(seed + 20 + c, 4, height, width)
        colour = _clouds(seed + 10 + c, height, width) // 3
        out[:, :, c] = 116 + light + colour + edge * (3 - c) // 3 + noise
    return out.clip(0, 255).astype(np.uint8)


def deep_picture(height: int, width: int, channels: int, low_bits: int = 0) -> np.ndarray:
    """The same with noise in further bits below, uint16; uint8 without any."""
    pixels = picture(height, width, channels)
    if low_bits == 0:
        return pixels
    noise = integers(3, 1 << low_bits, *pixels.shape)
    return (pixels.astype(np.int64) << low_bits | noise).astype(np.uint16)


def _clouds(seed: int, height: int, width: int) -> np.ndarray:
    field = _soft(_soft(16 * integers(seed, 256, height + 40, width + 40), 16), 16)
    return (_soft(field, 6)[:height, :width] - 16 * 127) // 2


def _soft(field: np.ndarray, side: int) -> np.ndarray:
    """Means over squares of ``side`` pixels."""
    sums = np.zeros((field.shape[0] + 1, field.shape[1] + 1), np.int64)
    sums[1:, 1:] = field.cumsum(0).cumsum(1)
    return (sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]) // side**2
