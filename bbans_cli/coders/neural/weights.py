"""The neural coder's weights files: found by name or id, checked by their hash, laid out for the C core."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

import numpy as np

from bbans_cli.coders.weights_folder import file_id, find, find_name
from bbans_cli.errors import ModelMismatchError


@dataclass(frozen=True)
class Weights:
    """The weights and sizes of one likelihood network and of the networks of its latents."""

    name: str
    id: bytes  # 4 bytes
    hidden: int  # units of a hidden layer
    layers: int  # number of hidden layers
    head: int  # hidden units of each channel's head
    latents: tuple[int, ...]  # latents of a block, by level, coarsest first
    blocks: tuple[int, ...]  # sides of the levels' blocks in pixels
    tensors: dict[str, np.ndarray]  # float32, as trained, but 1 is added to the bias of the modulation's scales
    network: np.ndarray  # the likelihood network's weights, flat float32, as core/neural/band_scan.h reads them
    record: dict[str, object]  # of the training, as scripts/training/train.py wrote it

    def layer(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """A dense layer's weights (inputs, outputs) and bias (outputs,), float32, C-contiguous."""
        return np.ascontiguousarray(self.tensors[name + ".weight"].T), self.tensors[name + ".bias"]


def by_name(name: str) -> Weights:
    """The weights of that name, to encode with. Raises ModelMismatchError if they are not there or damaged."""
    return _load(find_name(name))


def by_id(id: bytes) -> Weights:
    """The weights of that id, to decode with. Raises ModelMismatchError, naming the id, if they are not there."""
    return _load(find(f"*-{id.hex()}.safetensors", f"the weights {id.hex()} that this file was written with"))


class _Size(TypedDict):
    """Of a network and its latents, as in the metadata of a weights file."""

    hidden: int
    layers: int
    head: int
    latents: list[int]
    blocks: list[int]


@cache
def _load(path: Path) -> Weights:
    from safetensors import safe_open

    id = file_id(path.read_bytes())
    if not path.stem.endswith(id.hex()):
        raise ModelMismatchError(f"the weights file {path.name} is damaged: its hash is {id.hex()}")
    with safe_open(path, framework="numpy") as file:
        tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}
        metadata = file.metadata()
    try:
        return _laid_out(path, id, tensors, json.loads(metadata["size"]), json.loads(metadata["record"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelMismatchError(f"the weights file {path.name} is not of the neural coder") from error


def _laid_out(path: Path, id: bytes, tensors: dict[str, np.ndarray], size: _Size, record: dict[str, object]) -> Weights:
    """Raises KeyError, TypeError or ValueError where tensors and sizes do not fit."""
    # Hidden units are multiplied by 1 + scale. The 1 is added here, once, to the bias of the layer that makes scales.
    bias = tensors["latents.modulation.bias"].reshape(size["layers"], 2, size["hidden"]).copy()
    bias[:, 0] += np.float32(1)
    tensors["latents.modulation.bias"] = bias.reshape(-1)
    return Weights(
        name=path.stem.rsplit("-", 1)[0],
        id=id,
        hidden=size["hidden"],
        layers=size["layers"],
        head=size["head"],
        latents=tuple(size["latents"]),
        blocks=tuple(size["blocks"]),
        tensors=tensors,
        network=flatten(tensors, size["layers"]),
        record=record,
    )


def flatten(tensors: dict[str, np.ndarray], layers: int) -> np.ndarray:
    """The likelihood network's tensors as one flat float32 array, in the order of core/neural/band_scan.c."""
    names = [f"likelihood.trunk.{i}" for i in range(layers)]
    names += [f"likelihood.{kind}.{c}" for c in range(3) for kind in ("head", "out")]
    pieces = [piece for name in names for piece in (tensors[name + ".weight"].T.ravel(), tensors[name + ".bias"])]
    pieces.insert(2, tensors["likelihood.phase"].ravel())
    return np.concatenate(pieces).astype(np.float32)
