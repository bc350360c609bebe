"""MNIST, and the variational autoencoders of bbans_mnist.py as codecs, in the exact arithmetic of the C core."""

from __future__ import annotations

import gzip
import json
import math
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from bbans_cli.codecs import (
    BBANS,
    Bernoulli,
    BetaBinomial,
    Codec,
    Distribution,
    GaussianBins,
    Uniform,
    bin_values,
    serial,
)
from bbans_cli.core import current_isa, ffi, lib
from bbans_cli.core.kernel_calls import KernelCalls

PIXELS = 28 * 28
SLOPE = 0.1  # of the leaky ReLU, that of the dense layers of the C core
LOG_DEVIATION = (-7.0, 2.0)
LOG_SHAPE = (-8.0, 6.0)  # of the two parameters of the beta distribution
BITS = 10  # a latent has 2^BITS bins

FILES = {"train": "train-images-idx3-ubyte.gz", "test": "t10k-images-idx3-ubyte.gz"}
WEIGHTS = Path(__file__).parents[2] / "weights" / "examples"


def images(part: str) -> np.ndarray:
    """The "train" or "test" pictures below BBC_DATA, uint8 (n, 784)."""
    with gzip.open(Path(os.environ["BBC_DATA"], "mnist", FILES[part])) as file:
        return np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, PIXELS).copy()


def binarised(pictures: np.ndarray, seed: int = 0) -> np.ndarray:
    """Each pixel drawn once, 1 with a probability of value / 255; uint8 of the pictures' shape."""
    return (np.random.default_rng(seed).integers(0, 255, pictures.shape) < pictures).astype(np.uint8)


class Model:
    """A variational autoencoder: p(z), q(z | x) and p(x | z) as codecs of any number of pictures at a time.

    kind: "binarised" (pixels 0 and 1, Bernoulli) or "raw" (0..255, beta-binomial).
    """

    def __init__(self, kind: str, path: Path | None = None) -> None:
        self.kind = kind
        self.path = path or WEIGHTS / f"mnist-{kind}.safetensors"
        with safe_open(self.path, framework="numpy") as file:
            self.tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}
            self.record = json.loads(file.metadata()["record"])
        self.latents = self.record["latents"]
        self.exp = partial(KernelCalls(current_isa()).map, "exp64")

    def prior(self, count: int) -> Codec[np.ndarray]:
        """Codec of the bins of the latents, (count, latents)."""
        return Uniform(1 << BITS, (count, self.latents))

    def posterior(self, pictures: np.ndarray) -> Codec[np.ndarray]:
        return GaussianBins(0.0, 1.0, *self.moments(pictures), BITS)

    def moments(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and deviations of q(z | x), float64 (n, latents)."""
        scale = np.float32(1 if self.kind == "binarised" else 255)
        mean, log_deviation = np.split(self._network("encoder", pictures.astype(np.float32) / scale), 2, axis=1)
        return mean.astype(np.float64), self.exp(np.clip(log_deviation, *LOG_DEVIATION))

    def likelihood(self, symbols: np.ndarray) -> Distribution:
        """Codec of the pictures, (n, 784), given the bins of their latents."""
        parameters = self.parameters(bin_values(symbols, 0.0, 1.0, BITS))
        return Bernoulli(*parameters) if self.kind == "binarised" else BetaBinomial(255, *parameters)

    def parameters(self, latents: np.ndarray) -> list[np.ndarray]:
        """Parameters of the likelihood, float64 (n, 784): the probability of a 1, or alpha and beta."""
        outputs = self._network("decoder", latents.astype(np.float32)).astype(np.float64)
        if self.kind == "binarised":
            return [1 / (1 + self.exp(np.clip(-outputs, -30, 30)))]
        return np.split(self.exp(np.clip(outputs, *LOG_SHAPE)), 2, axis=1)

    def chain(self, count: int) -> Codec[np.ndarray]:
        """Codec of ``count`` pictures in a chain, in groups whose pictures are coded together.

        A group draws the latents of all its pictures before it codes any of them, so its size is limited by the bits
        of the pictures below it. The first group is a single picture, so that initial bits are needed for one only.
        """
        groups = sizes(count)
        codec = serial([BBANS(self.prior(size), self.likelihood, self.posterior) for size in groups])
        return Joined(codec, np.cumsum(groups)[:-1])

    def elbo(self, pictures: np.ndarray, seed: int = 0) -> float:
        """The bound in bits per pixel, with one sample of each posterior and without bins or integer frequencies."""
        noise, nats = np.random.default_rng(seed), 0.0
        for part in np.array_split(pictures, math.ceil(len(pictures) / 500)):
            mean, deviation = self.moments(part)
            parameters = self.parameters(mean + deviation * noise.standard_normal(mean.shape))
            nats += float(np.sum(0.5 * (mean**2 + deviation**2 - 1) - np.log(deviation)))
            nats -= float(np.sum((bernoulli if self.kind == "binarised" else beta_binomial)(part, *parameters)))
        return nats / (math.log(2) * pictures.size)

    def _network(self, name: str, rows: np.ndarray) -> np.ndarray:
        for layer in (0, 2, 4):
            weight, bias = (self.tensors[f"{name}.{layer}.{kind}"] for kind in ("weight", "bias"))
            rows = dense(rows, weight, bias, leaky=layer < 4)
        return rows


class Joined:
    """A codec of a list of arrays as a codec of their concatenation; ends: the ends of all arrays but the last."""

    def __init__(self, codec: Codec[list[np.ndarray]], ends: np.ndarray) -> None:
        self.codec, self.ends = codec, ends

    def push(self, message: Any, array: np.ndarray) -> None:
        self.codec.push(message, np.split(array, self.ends))

    def pop(self, message: Any) -> np.ndarray:
        return np.concatenate(self.codec.pop(message))


def sizes(count: int) -> list[int]:
    """Pictures in each group of a chain; the last group is the first to be pushed."""
    groups: list[int] = []
    while (left := count - sum(groups)) > 0:
        groups.append(min(left, 1 + sum(groups) // 6, 200))
    return groups[::-1]


def dense(rows: np.ndarray, weight: np.ndarray, bias: np.ndarray, leaky: bool) -> np.ndarray:
    """A dense layer with weights (outputs, inputs), as in torch, on float32 (n, inputs); equal bits everywhere."""
    weight, rows = np.ascontiguousarray(weight.T), np.ascontiguousarray(rows)
    out = np.empty((len(rows), len(bias)), np.float32)
    arrays = [ffi.from_buffer("float[]", each) for each in (rows, weight, bias, out)]
    if rows.shape[1] != len(weight) or lib.bbc_latents_dense(*out.shape, len(weight), *arrays[:3], leaky, arrays[3]):
        raise ValueError("the weights of a layer do not fit its inputs")
    return out


def bernoulli(x: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """log P(x)."""
    return np.log(np.where(x, probability, 1 - probability))


def beta_binomial(x: np.ndarray, alpha: np.ndarray, beta: np.ndarray, n: int = 255) -> np.ndarray:
    """log P(x)."""
    choices = log_gamma(n + 1.0) - log_gamma(x + 1.0) - log_gamma(n - x + 1.0)
    above = log_gamma(x + alpha) + log_gamma(n - x + beta) - log_gamma(n + alpha + beta)
    return choices + above - log_gamma(alpha) - log_gamma(beta) + log_gamma(alpha + beta)


def log_gamma(x: Any) -> np.ndarray:
    """log gamma of positive float64, to about 1e-10: Stirling's series at x + 6."""
    y = np.asarray(x) + 6
    product = x * (x + 1) * (x + 2) * (x + 3) * (x + 4) * (x + 5)
    series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * y * y)) / (y * y)) / (y * y)) / y
    return (y - 0.5) * np.log(y) - y + 0.5 * math.log(2 * math.pi) + series - np.log(product)
