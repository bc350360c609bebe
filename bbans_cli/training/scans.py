"""The gradient of what pictures take in the neural coder, which learns from each of them while it codes it.

Start weights are good if the coder, learning from there, takes few bytes. The gradient of these by the start weights is
taken to be the sum of the gradients that the coder finds, by the weights as learned up to there: first-order MAML
(Finn, Abbeel, Levine: *Model-agnostic meta-learning for fast adaptation of deep networks*, ICML 2017), with the updates
and the code length of the coder itself.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.coders.neural import levels
from bbans_cli.coders.neural.band import RowsCodec
from bbans_cli.coders.neural.band_scan import PRECISION, BandScan
from bbans_cli.coders.neural.neighbourhood import BLOCK
from bbans_cli.coders.neural.settings import band_codec
from bbans_cli.coders.neural.weights import Weights, flatten
from bbans_cli.core import ffi, lib
from bbans_cli.training.config import ConfigError, Draw, Stage
from bbans_cli.training.crops import PATCH
from bbans_cli.training.pictures import Pictures, grey, interleaved, planes_of, read, shrunk
from bbans_cli.training.thumbnails import shown
from bbans_cli.training.vae import Vae

# Set by hand: docs/experiments.md, Start weights by the coder's own gradient.
CUT = 0.4  # share of pictures of which a part is coded
LEAST = 72  # the least side of these, and of pictures that are scaled down
LEAST_PIXELS = 8000  # the least part, about
JPEG = 0.2  # share of the pictures by a JPEG decoder that are coded; in files most go by their coefficients
TYPICAL = 1e5  # pixels of a picture whose gradient counts once; others by the root of the ratio
TRIES = 200  # pictures
TRUNK_INTERVAL = 3  # of LEARN_TRUNK_INTERVAL in core/neural/learn_backward-inl.h


class Scan(BandScan):
    """A picture that is coded turn by turn. trunk: how many of the flat weights, the first ones, are the trunk's."""

    def __init__(self, codec: RowsCodec, pixels: np.ndarray, trunk: int) -> None:
        super().__init__(codec.shape, codec.network, codec.modulation, pixels)
        self._gradient, self._trunk = self.keep_gradient(), trunk
        starts = np.empty(codec.shape.symbols * (1 + len(pixels)), np.uint32)
        self._freqs = np.empty_like(starts)
        self._room = [ffi.from_buffer("uint32_t[]", array) for array in (starts, self._freqs)]
        self.coded, self._batch, self._bits = 0, 0, 0.0

    @property
    def ended(self) -> bool:
        """Whether all pixels are coded."""
        return self.coded >= self.pixels

    @property
    def bits(self) -> float:
        """Bits per sub-pixel so far."""
        return self._bits / self.coded / self.shape.channels

    def turn(self, pixels: int) -> np.ndarray:
        """Code so many pixels or a few more: the sum of their gradients in nats, by all weights, flat float32."""
        found, until = np.zeros(self._weights, np.float32), min(self.coded + pixels, self.pixels)
        while self.coded < until:
            count = self._diagonal()
            self.coded, self._batch = self.coded + count, self._batch + count
            if self._batch < self.shape.batch:
                continue
            seen = np.float32(self._batch)  # the gradient is their mean
            some = self.coded > self.shape.trunk_after and self.shape.update_interval == 1
            interval = TRUNK_INTERVAL if some else 1
            found[: self._trunk] += np.float32(interval) * seen * self._gradient[: self._trunk]
            found[self._trunk :] += seen * self._gradient[self._trunk :]
            self._batch = 0
        return found

    def _diagonal(self) -> int:
        """Code a diagonal; returns its pixels."""
        count = int(lib.bbc_scan_encode(self._state, 1, 1, *self._room))
        assert count > 0
        symbols = count * self.shape.symbols
        self._bits += symbols * PRECISION - float(np.log2(self._freqs[:symbols]).sum())
        return count


class Scans:
    """Pictures that are coded beside each other, from the model's weights as they were when each began.

    weights: the name of those that are trained; a level has to code with them.

    All begin anew after each line of the log, so that a training that was stopped goes on to the same bits.
    """

    def __init__(self, pictures: Pictures, draw: Draw, seed: int, weights: str, model: Vae) -> None:
        self._pictures, self._draw, self._seed, self._weights, self._model = pictures, draw, seed, weights, model
        self._positions = positions(model.likelihood, model.size.layers)
        self._level = next(level for level, each in levels.LEVELS.items() if weights in each.networks())
        self._scans: list[Scan] = []
        self._stage: Stage | None = None

    def loss(self, step: int, stage: Stage) -> tuple[torch.Tensor, torch.Tensor]:
        """Go on by `stage.pixels` pixels in each of `stage.blocks` pictures.

        Returns a number whose gradient by the likelihood's weights is that of their bits, each picture's in ratio to
        all its bits so far; and the mean of bits per sub-pixel since each began.
        """
        if stage is not self._stage or step % stage.measure_interval == 0:
            self._scans, self._stage = [], stage
        gradient: np.ndarray = np.zeros((), np.float32)
        for i in range(stage.blocks):
            if i == len(self._scans) or self._scans[i].ended:
                self._scans[i : i + 1] = [self._begun(np.random.default_rng([self._seed, step, i]))]
            scan = self._scans[i]
            found = scan.turn(stage.pixels)
            weight = (TYPICAL / scan.pixels) ** 0.5 / (scan.bits * scan.shape.channels * np.log(2) * stage.pixels)
            gradient = gradient + np.float32(weight / stage.blocks) * found
        ordered = np.empty_like(gradient)
        ordered[self._positions] = gradient
        start = torch.cat([tensor.reshape(-1) for tensor in self._model.likelihood.parameters()])
        return start @ torch.from_numpy(ordered), torch.tensor(np.mean([scan.bits for scan in self._scans]))

    def _begun(self, random: np.random.Generator) -> Scan:
        """A random picture that the level codes with these weights, or a part of one. Raises ConfigError."""
        for _ in range(TRIES):
            samples, settings, weights = levels.prepare(self._picture(random), self._level)
            if weights == self._weights and (not settings.ycbcr or random.random() < JPEG):
                break
        else:
            raise ConfigError(f"none of {TRIES} pictures is coded with the weights {self._weights}")
        model = self._model
        tensors = {f"likelihood.{name}": each.detach().numpy() for name, each in model.likelihood.named_parameters()}
        trunk = sum(each.size for name, each in tensors.items() if ".head." not in name and ".out." not in name)
        network, size = flatten(tensors, model.size.layers), model.size
        sizes = size.hidden, size.layers, size.head, size.latents, size.blocks
        started = Weights("", b"", *sizes, tensors={}, network=network, record={})
        pixels = np.ascontiguousarray(samples)
        latent = self._draw.kind == "crops" and random.random() >= self._draw.without_latents
        modulation = modulation_of(pixels, model) if latent else None
        rows = band_codec(pixels.shape, started, settings).initial_bits_rows(0)  # all of them
        return Scan(replace(rows, modulation=modulation), pixels, trunk)

    def _picture(self, random: np.random.Generator) -> np.ndarray:
        """Pixels (height, width, 1 or 3) of a picture, scaled, cut, mirrored and turned at random; some in grey."""
        path, folder = self._pictures.draw(random)
        if self._draw.kind == "thumbnails":
            planes = shown(read(path), self._draw.side, random)
        else:
            picture = read(path)
            planes = planes_of(shrunk(picture, LEAST, random) if random.random() < folder.scaled else picture)
            planes = _cut(planes, random) if random.random() < CUT else planes
        if random.random() < self._draw.grey:
            planes = grey(planes)[None]
        pixels = interleaved(planes) if len(planes) == 3 else planes.transpose(1, 2, 0)
        pixels = pixels.transpose(1, 0, 2) if random.random() < 0.5 else pixels
        pixels = pixels[::-1] if random.random() < 0.5 else pixels
        return np.ascontiguousarray(pixels[:, ::-1] if random.random() < 0.5 else pixels)


def _cut(planes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A random part of planes, of about the same shape; the logarithm of its area is uniform."""
    height, width = planes.shape[1:]
    factor = np.exp(random.uniform(min(0, np.log(LEAST_PIXELS / (height * width))), 0) / 2)
    rows, columns = (min(side, max(LEAST, int(factor * side))) for side in (height, width))
    top, left = int(random.integers(height - rows + 1)), int(random.integers(width - columns + 1))
    return planes[:, top : top + rows, left : left + columns]


def modulation_of(pixels: np.ndarray, model: Vae) -> np.ndarray:
    """What latents drawn from the posterior make of the network's layers, as BandScan has it.

    pixels: (height, width, 1 or 3), samples as they are coded.
    """
    planes = np.broadcast_to(pixels, (*pixels.shape[:2], 3)).transpose(2, 0, 1)[list(CHANNELS)]
    height, width = planes.shape[1:]
    down, across = -(-height // BLOCK), -(-width // BLOCK)
    margin = [(0, down * BLOCK - height), (0, across * BLOCK - width)]
    padded = np.pad(planes, [(0, 0), *margin], mode="edge").reshape(3, down, BLOCK, across, BLOCK)
    whole = np.zeros((down * BLOCK, across * BLOCK), bool)
    whole[: height // PATCH * PATCH, : width // PATCH * PATCH] = True
    n = BLOCK // PATCH
    mask = whole[::PATCH, ::PATCH].reshape(down, n, across, n).transpose(0, 2, 1, 3).reshape(-1, n * n)
    blocks = np.ascontiguousarray(padded.transpose(1, 3, 0, 2, 4)).reshape(-1, 3, BLOCK, BLOCK)
    with torch.no_grad():
        modulation = model.latents(torch.from_numpy(blocks).float(), torch.from_numpy(mask.copy()))[0][:, 0].numpy()
    modulation[:, :, 0] += 1
    return np.ascontiguousarray(modulation)


def positions(likelihood: nn.Module, layers: int) -> np.ndarray:
    """Where each of the flat weights, as `weights.flatten` has them, lies in the tensors one after the other."""
    at, numbers = 0, {}
    for name, tensor in likelihood.named_parameters():
        numbers[f"likelihood.{name}"] = np.arange(at, at + tensor.numel(), dtype=np.float32).reshape(tensor.shape)
        at += tensor.numel()
    return flatten(numbers, layers).astype(np.int64)  # float32 holds them: there are less than 2^24
