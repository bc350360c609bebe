"""The shipped weights: found, checked by hash, and laid out for the C core.

A weights file is a safetensors file named ``<name>-<id>.safetensors``; id is the first 8 hex digits of its SHA-256,
which a .bbc file carries, so that no other weights are ever mistaken for those that coded it. Files lie in the folder
that BBC_WEIGHTS names, in the installed package, or, in a checkout, in the top-level folder ``weights``.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bbans_cli.errors import ModelMismatchError

_PACKAGED = Path(__file__).parents[2] / "weights"
_CHECKOUT = Path(__file__).parents[3] / "weights"


@dataclass(frozen=True)
class Weights:
    """One model. ``tensors`` are float32 as trained; ``network`` is the likelihood network flat, for core/neural/band_scan.h."""

    name: str
    id: bytes
    hidden: int
    layers: int
    head: int
    latents: tuple[int, ...]
    blocks: tuple[int, ...]
    tensors: dict[str, np.ndarray]
    network: np.ndarray
    record: dict

    def layer(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """A dense layer as (inputs, outputs) weights and (outputs,) bias, C-contiguous."""
        return np.ascontiguousarray(self.tensors[name + ".weight"].T), self.tensors[name + ".bias"]


def folder() -> Path:
    """The folder that holds the weights files."""
    if os.environ.get("BBC_WEIGHTS"):
        return Path(os.environ["BBC_WEIGHTS"])
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def file_id(data: bytes) -> bytes:
    """The id of a weights file: the first 4 bytes of its SHA-256."""
    return hashlib.sha256(data).digest()[:4]


def by_name(name: str) -> Weights:
    """The weights that new files are written with. Raises ModelMismatchError if they are not there."""
    return _load(_only(f"{name}-*.safetensors", f"weights {name!r}"))


def by_id(id: bytes) -> Weights:
    """The weights that coded a file. Raises ModelMismatchError, naming the id, if they are not there."""
    return _load(_only(f"*-{id.hex()}.safetensors", f"the weights {id.hex()} that this file was written with"))


def _only(pattern: str, what: str) -> Path:
    found = sorted(folder().glob(pattern))
    if not found:
        have = ", ".join(path.stem for path in sorted(folder().glob("*.safetensors"))) or "none"
        raise ModelMismatchError(f"{what} are not here (there are: {have}); another version of bbc has them")
    return found[-1]


@cache
def _load(path: Path) -> Weights:
    from safetensors import safe_open

    id = file_id(path.read_bytes())
    if not path.stem.endswith(id.hex()):
        raise ModelMismatchError(f"the weights file {path.name} is damaged: its hash is {id.hex()}")
    with safe_open(path, framework="numpy") as file:
        tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}
        header = file.metadata()
    size = json.loads(header["size"])
    # The network multiplies by the modulation's scale half as it comes out: 1 + scale, the 1 added to the bias here.
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
        record=json.loads(header["record"]),
    )


def flatten(tensors: dict[str, np.ndarray], layers: int) -> np.ndarray:
    """The likelihood network of named tensors as one float32 array, in the order of band_scan.c."""
    names = [f"likelihood.trunk.{i}" for i in range(layers)]
    names += [f"likelihood.{kind}.{c}" for c in range(3) for kind in ("head", "out")]
    pieces = [piece for name in names for piece in (tensors[name + ".weight"].T.ravel(), tensors[name + ".bias"])]
    pieces.insert(2, tensors["likelihood.phase"].ravel())
    return np.concatenate(pieces).astype(np.float32)
