"""A part of the fitted coder to samples: docs/format.md, *The fitted coder*. fitted.py has the bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbans_cli.coders.weights_folder import file_id, find
from bbans_cli.container import Part
from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError, ModelMismatchError, UnsupportedError
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference import distributions, fitted, ycbcr
from bbans_cli.reference.rans import ReferenceMessage

Array = np.ndarray

# Name and shape (inputs, outputs) of each tensor, in the order of the file
SHAPES = {"trunk": (fitted.INPUTS, fitted.UNITS)} | {
    f"head.{c}": (1 + fitted.UNITS + extra, fitted.OUTPUTS) for c, extra in enumerate(fitted.EXTRAS)
}
YCBCR, CHANGED = 1, 2  # flags
MOST, MOST_SHIFT, CHANGES_PRECISION = 511, 15, 20


@dataclass(frozen=True)
class Settings:
    """Of a part: are the samples Cb, Y, Cr, and the weights by name, (inputs, outputs) float32."""

    ycbcr: bool
    tensors: dict[str, Array]

    @classmethod
    def of(cls, part: Part) -> Settings:
        """Raises CorruptError, ModelMismatchError and UnsupportedError."""
        data = Reader(part.settings, "settings")
        flags = data.byte()
        if flags > (YCBCR | CHANGED) or part.channels not in (1, 3) or part.depth != 8:
            raise UnsupportedError("needs a newer bbc: unknown settings of the fitted coder")
        tensors = _load(part.model_id)
        if flags & CHANGED:
            shift, parameters = data.byte(), data.take(2 * len(SHAPES))
            if shift > MOST_SHIFT:
                raise CorruptError("corrupt: a grid of changes of the weights that there is not")
            steps = _steps(parameters, data.take(data.varint()))
            for name, of_tensor in steps.items():
                grid = tensors[f"{name}.scale"] * np.float32(2.0**-shift)
                tensors[name] = tensors[name] + of_tensor.astype(np.float32) * grid
        if data.left:
            raise UnsupportedError("needs a newer bbc: unknown settings of the fitted coder")
        return cls(bool(flags & YCBCR), tensors)


def decode(part: Part, width: int, height: int, tick: PixelProgress = no_progress) -> Array:
    """The samples (height, width, channels) uint8 of a part."""
    settings, bands = Settings.of(part), []
    for number, band in enumerate(part.bands):
        rows = min(part.band_rows, height - number * part.band_rows)
        message = ReferenceMessage.from_bytes(band.payload, fitted.LANES)
        pixels = fitted.decode(message, rows, width, part.channels, settings.tensors, tick)
        if not message.empty:
            raise CorruptError("corrupt: bits are left over after the last pixel")
        bands.append(ycbcr.to_rgb(pixels) if settings.ycbcr else pixels)
    return np.concatenate(bands)


def _load(id: bytes) -> dict[str, Array]:
    from safetensors.numpy import load

    path = find(f"*-{id.hex()}.safetensors", f"the weights {id.hex()} that this file was written with")
    data = path.read_bytes()
    if file_id(data) != id:
        raise ModelMismatchError(f"the weights file {path.name} is damaged: its hash is {file_id(data).hex()}")
    return dict(load(data))


def _steps(parameters: bytes, data: bytes) -> dict[str, Array]:
    """The integers of each tensor."""
    message, found = ReferenceMessage.from_bytes(data), {}
    for i, (name, shape) in enumerate(SHAPES.items()):
        cum = distributions.from_weights(_weights(*parameters[2 * i : 2 * i + 2]), CHANGES_PRECISION).astype(np.int64)
        symbols = [message.pop_symbol(cum, CHANGES_PRECISION) for _ in range(shape[0] * shape[1])]
        found[name] = np.array(symbols).reshape(shape) - MOST
    if not message.empty:
        raise CorruptError("corrupt: bits are left over after the changes of the weights")
    return found


def _weights(share: int, ratio: int) -> Array:
    """Of the symbols of a tensor, float64: 0 has about share / 256 of the probability, each further magnitude ratio /
    256 of that of the one before."""
    sizes = [1 << 24]
    for _ in range(MOST - 1):
        sizes.append(sizes[-1] * ratio // 256)
    either = [((256 - share) << 24) * size // sum(sizes) for size in sizes]
    return np.array([*reversed(either), share << 25, *either], np.float64)
