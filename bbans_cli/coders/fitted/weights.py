"""The weights of the fitted coder: where every fit starts, and the grid of its changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bbans_cli.coders.fitted.layout import TENSORS, padded
from bbans_cli.coders.weights_folder import file_id, find, find_name
from bbans_cli.errors import ModelMismatchError

NAME = "fitted"


@dataclass(frozen=True)
class Weights:
    """A weights file: the core's arrays of the weights and of their scales, 0 where there is no weight.

    A weight's scale is 1 over the root of its Fisher information in a pixel, nats: changes are sent in steps of it.
    """

    id: bytes  # 4 bytes
    start: NDArray[np.float32]
    scale: NDArray[np.float32]

    @property
    def information(self) -> NDArray[np.float32]:
        """The Fisher information of a pixel on each weight, 0 where there is no weight."""
        scale = self.scale
        found: NDArray[np.float32] = np.divide(1, scale * scale, out=np.zeros_like(scale), where=scale > 0)
        return found

    @property
    def typical_scale(self) -> np.float32:
        """The median of the scales."""
        used = np.sort(self.scale[self.scale > 0])
        median: np.float32 = used[len(used) // 2]
        return median


def shipped() -> Weights:
    """The weights to encode with. Raises ModelMismatchError if they are not there or damaged."""
    return _load(find_name(NAME))


def by_id(id: bytes) -> Weights:
    """The weights of that id, to decode with. Raises ModelMismatchError, naming the id, if they are not there."""
    return _load(find(f"*-{id.hex()}.safetensors", f"the weights {id.hex()} that this file was written with"))


@cache
def _load(path: Path) -> Weights:
    from safetensors.numpy import load

    data = path.read_bytes()
    if not path.stem.endswith(file_id(data).hex()):
        raise ModelMismatchError(f"the weights file {path.name} is damaged: its hash is {file_id(data).hex()}")
    tensors = load(data)
    if (
        any(tensors[name].shape != shape for name, shape in TENSORS.items() if name in tensors)
        or "trunk" not in tensors
        or any(f"{name}.scale" not in tensors for name in TENSORS)
    ):
        raise ModelMismatchError(f"the weights file {path.name} is not of the fitted coder")
    scales = {name: tensors[f"{name}.scale"] for name in TENSORS}
    return Weights(file_id(data), padded(tensors), padded(scales))
