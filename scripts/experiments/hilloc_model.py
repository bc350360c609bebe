"""A small HiLLoC, two levels of latents and a factorised likelihood, as codecs in the exact arithmetic of the C core.

    x, cells of 4x4 pixels -> up -> top -> q(z2 | x)           z2: one vector for each 8x8 pixels
                               |              |
                               v              v
    q(z1 | z2, x)  <-  up + hidden  <-  hidden(z2)  -> p(z1 | z2)      z1: one vector for each 4x4 pixels
                                              |
                                              v
                              p(x | z1, z2): a logistic for each sub-pixel

All layers are convolutions with zeros beyond the border, so the same weights code pictures of every size whose sides
are multiples of 8. A 3x3 convolution is computed as a dense layer over gathered neighbours, without torch and with
equal bits on every machine. The sub-pixels are G, R - G and B - G, a bijection of RGB, and depend on each other only
through the latents.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from bbans_cli.codecs import Codec, Logistic, Message, hierarchy, serial
from bbans_cli.core import current_isa
from bbans_cli.core.kernel_calls import KernelCalls
from scripts.experiments.mnist_model import SLOPE, WEIGHTS, dense

SIDE = 32  # of the patches of training
WIDTH = 48  # channels of the hidden layers; of all layers, a multiple of 16
LATENTS = 16  # channels of either level
CHANNELS = 3
CELL = 16 * CHANNELS
GREEN, DIFFERENCE = (-128, 127), (-255, 255)
MULTIPLE = 8  # of a picture's sides
UNITS = 32.0
LOG_DEVIATION = (-6.0, 2.0)
LOG_SCALE = (-2.0, 5.0)  # of the logistics, in units of sub-pixel values
BITS = 10  # a latent has 2^BITS bins of equal mass
ROWS = 1 << 10  # of one matrix product

__all__ = ["SLOPE", "WEIGHTS", "Model", "cells", "pixels"]

Moments = tuple[np.ndarray, np.ndarray]


def cells(picture: np.ndarray) -> np.ndarray:
    """Pixels (h, w, 3) uint8 -> (h/4, w/4, 48) int16: 16 of G - 128, 16 of R - G, 16 of B - G."""
    red, green, blue = np.moveaxis(picture.astype(np.int16), -1, 0)
    return fold(np.stack([green - 128, red - green, blue - green], axis=-1), 4)


def pixels(folded: np.ndarray) -> np.ndarray:
    """The inverse of `cells`."""
    green, red, blue = np.moveaxis(unfold(folded, 4), -1, 0)
    green = green + 128
    return np.stack([red + green, green, blue + green], axis=-1).astype(np.uint8)


def fold(array: np.ndarray, side: int) -> np.ndarray:
    """(h, w, c) -> (h/side, w/side, c * side^2), as torch's pixel_unshuffle orders them."""
    h, w, c = array.shape
    parts = array.reshape(h // side, side, w // side, side, c).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(parts.reshape(h // side, w // side, c * side * side))


def unfold(array: np.ndarray, side: int) -> np.ndarray:
    """The inverse of `fold`."""
    h, w, c = array.shape
    parts = array.reshape(h, w, c // side**2, side, side).transpose(0, 3, 1, 4, 2)
    return np.ascontiguousarray(parts.reshape(h * side, w * side, c // side**2))


class Model:
    """The autoencoder of a weights file, by default the one in weights/examples/."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or shipped()
        self.record = record_of(self.path)
        with safe_open(self.path, framework="numpy") as file:
            self.tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}
        self.exp = partial(KernelCalls(current_isa()).map, "exp64")

    def codec(self, height: int, width: int, lowest: Callable[[float], None] = lambda bits: None) -> Codec[np.ndarray]:
        """Codec of pictures (height, width, 3) uint8, both sides multiples of 8.

        lowest: called in each push with the bits of the message after the latents were drawn and before pixels are
        pushed.
        """
        if height % MULTIPLE or width % MULTIPLE:
            raise ValueError(f"{width}x{height}: both sides must be multiples of {MULTIPLE}")
        network = _Forward(self)

        def prior(above: list[np.ndarray]) -> Moments:
            top = (height // MULTIPLE, width // MULTIPLE, LATENTS)
            return network.prior(above[0]) if above else (np.zeros(top), np.ones(top))

        def posterior(picture: np.ndarray, above: list[np.ndarray]) -> Moments:
            return network.posterior(picture, above[0]) if above else network.coarse_posterior(picture)

        def likelihood(values: list[np.ndarray]) -> Codec[np.ndarray]:
            return _SubPixels(*network.likelihood(*values), lowest)

        return hierarchy(2, prior, posterior, likelihood, BITS)

    def elbo(self, picture: np.ndarray, seed: int = 0) -> float:
        """The bound in bits, from one sample of the posterior, without bins and integer frequencies."""
        random, network = np.random.default_rng(seed), _Forward(self)
        mean, deviation = network.coarse_posterior(picture)
        nats = divergence(mean, deviation, 0.0, 1.0)
        coarse = mean + deviation * random.standard_normal(mean.shape)
        mean, deviation = network.posterior(picture, coarse)
        nats += divergence(mean, deviation, *network.prior(coarse))
        means, scales = network.likelihood(coarse, mean + deviation * random.standard_normal(mean.shape))
        return (nats + logistic(cells(picture), means, scales)) / math.log(2)


class _Forward:
    """Forward passes for one picture and its latents; results that two codecs need are computed once."""

    def __init__(self, model: Model) -> None:
        self.tensors, self.exp = model.tensors, model.exp
        self.features = last_result(self._features)
        self.hidden = last_result(self._hidden)

    def coarse_posterior(self, picture: np.ndarray) -> Moments:
        features = fold(self.features(picture), 2)
        return self._moments("coarse_posterior", self._blocks("top", self._mix("down", features)))

    def prior(self, coarse: np.ndarray) -> Moments:
        return self._moments("prior", self.hidden(coarse))

    def posterior(self, picture: np.ndarray, coarse: np.ndarray) -> Moments:
        both = self.hidden(coarse) + self.features(picture)
        return self._moments("posterior", self._blocks("merged", both))

    def likelihood(self, coarse: np.ndarray, fine: np.ndarray) -> Moments:
        """Means and scales of the logistics of the sub-pixels, float64 (h/4, w/4, 48)."""
        hidden = self.hidden(coarse) + self._mix("fine", fine.astype(np.float32))
        outputs = self._mix("out", self._blocks("decoder", hidden)).astype(np.float64)
        means, log_scales = np.split(outputs, 2, axis=-1)
        return UNITS * means, self.exp(np.clip(log_scales, *LOG_SCALE))

    def _features(self, picture: np.ndarray) -> np.ndarray:
        return self._blocks("up", self._mix("stem", cells(picture).astype(np.float32) / np.float32(UNITS)))

    def _hidden(self, coarse: np.ndarray) -> np.ndarray:
        middle = self._blocks("middle", self._mix("coarse", coarse.astype(np.float32)))
        return self._blocks("shared", unfold(self._mix("spread", middle), 2))

    def _moments(self, name: str, hidden: np.ndarray) -> Moments:
        mean, log_deviation = np.split(self._mix(name, hidden).astype(np.float64), 2, axis=-1)
        return mean, self.exp(np.clip(log_deviation, *LOG_DEVIATION))

    def _blocks(self, name: str, x: np.ndarray) -> np.ndarray:
        count = len({key.split(".")[1] for key in self.tensors if key.startswith(f"{name}.")})
        for i in range(count):
            x = x + self._mix(f"{name}.{i}.mix", self._near(f"{name}.{i}.near", x))
        return x

    def _mix(self, name: str, x: np.ndarray) -> np.ndarray:
        """A 1x1 convolution of (h, w, c)."""
        weight = self.tensors[f"{name}.weight"]
        rows = dense(x.reshape(-1, x.shape[-1]), weight.reshape(len(weight), -1), self.tensors[f"{name}.bias"], False)
        return rows.reshape(*x.shape[:2], len(weight))

    def _near(self, name: str, x: np.ndarray) -> np.ndarray:
        """A 3x3 convolution of (h, w, c), zeros beyond the border, and a leaky ReLU."""
        height, width, channels = x.shape
        weight = self.tensors[f"{name}.weight"].transpose(0, 2, 3, 1).reshape(-1, 9 * channels)
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        out = np.empty((height, width, len(weight)), np.float32)
        strip = max(1, ROWS // width)
        for top in range(0, height, strip):
            bottom = min(top + strip, height)
            around = [padded[top + dy : bottom + dy, dx : dx + width] for dy in range(3) for dx in range(3)]
            rows = np.concatenate(around, axis=-1).reshape(-1, 9 * channels)
            out[top:bottom] = dense(rows, weight, self.tensors[f"{name}.bias"], True).reshape(-1, width, len(weight))
        return out


class _SubPixels:
    """Codec of a picture, given a logistic for each sub-pixel of its cells."""

    def __init__(self, means: np.ndarray, scales: np.ndarray, lowest: Callable[[float], None]) -> None:
        green, others = (..., slice(16)), (..., slice(16, CELL))
        self.codec = serial([
            Logistic(means[green], scales[green], *GREEN), Logistic(means[others], scales[others], *DIFFERENCE)
        ])  # fmt: skip
        self.lowest = lowest

    def push(self, message: Message, picture: np.ndarray) -> None:
        self.lowest(message.bits)
        self.codec.push(message, np.split(cells(picture), [16], axis=-1))

    def pop(self, message: Message) -> np.ndarray:
        return pixels(np.concatenate(self.codec.pop(message), axis=-1))


def last_result(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """The function with its last result cached, by the identity of the array."""
    last: list[np.ndarray] = []

    def call(array: np.ndarray) -> np.ndarray:
        if not last or last[0] is not array:
            last[:] = [array, function(array)]
        return last[1]

    return call


def divergence(mean: np.ndarray, deviation: np.ndarray, prior_mean: Any, prior_deviation: Any) -> float:
    """The KL divergence, in nats, of one array of Gaussians from another."""
    ratio, distance = deviation / prior_deviation, (mean - prior_mean) / prior_deviation
    return float(np.sum(0.5 * (distance**2 + ratio**2 - 1) - np.log(ratio)))


def logistic(x: np.ndarray, means: np.ndarray, scales: np.ndarray) -> float:
    """-log p of the sub-pixels of cells in nats, each with the mass within 1/2 of it; the ends also have the tails."""
    low, high = (np.repeat([green, other, other], 16) for green, other in zip(GREEN, DIFFERENCE, strict=True))
    above = np.where(x >= high, np.inf, (x + 0.5 - means) / scales)
    below = np.where(x <= low, -np.inf, (x - 0.5 - means) / scales)
    # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a))
    return float(np.sum(np.logaddexp(0, -above) + np.logaddexp(0, below) - np.log1p(-np.exp(below - above))))


def shipped() -> Path:
    """The weights in weights/examples/."""
    (path,) = WEIGHTS.glob("hilloc-*.safetensors")
    return path


def record_of(path: Path) -> dict:
    """The record of the training in a weights file."""
    with safe_open(path, framework="numpy") as file:
        return json.loads(file.metadata()["record"])
