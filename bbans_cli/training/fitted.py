"""The fitted coder's network in torch, and the samples of pictures that it is trained on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from bbans_cli.coders.fitted import layout
from bbans_cli.coders.fitted.scan import BandScan, unpacked
from bbans_cli.progress import no_progress
from bbans_cli.training.config import Draw
from bbans_cli.training.pictures import Pictures, grey, interleaved, planes_of, read, shrunk, to_ycbcr
from bbans_cli.training.pool import Pool

LEAST_SIDE = 48  # of what a picture is scaled down to
_CROP, _BATCH = range(2)  # what random numbers are for
# Of the squared gradient of a weight, in nats a pixel: below it the picture does not depend on the weight.
LEAST_FISHER = 1e-8


class Samples:
    """Batches of samples from crops of pictures, as `crops.Crops` draws blocks."""

    def __init__(self, pictures: Pictures, draw: Draw, seed: int, workers: ThreadPoolExecutor) -> None:
        self._pictures, self._draw, self._seed = pictures, draw, seed
        self._crops = Pool(self._samples, draw.kept, workers)

    def batch(self, step: int, blocks: int, pixels: int) -> np.ndarray:
        """`pixels` samples of each of `blocks` random crops: (blocks * pixels, ROW) float32."""
        self._crops.grow(self._draw.first + step // self._draw.interval)
        random = np.random.default_rng([self._seed, _BATCH, step])
        drawn = [self._crops[int(i)] for i in random.integers(len(self._crops), size=blocks)]
        return np.concatenate([samples[random.integers(len(samples), size=pixels)] for samples in drawn])

    def _samples(self, number: int) -> np.ndarray:
        """About `drawn` samples of a random crop, mirrored and turned at random; some in grey, some as Cb, Y, Cr."""
        random = np.random.default_rng([self._seed, _CROP, number])
        path, folder = self._pictures.draw(random)
        scaled = random.random() < folder.scaled
        planes = planes_of(shrunk(read(path), LEAST_SIDE, random) if scaled else read(path))
        if not scaled and random.random() < folder.ycbcr:
            planes = to_ycbcr(planes)
        if random.random() < 0.5:
            planes = planes.transpose(0, 2, 1)
        planes = planes[:, :: random.choice([1, -1]), :: random.choice([1, -1])]
        if random.random() < self._draw.grey:
            planes = np.broadcast_to(grey(planes), planes.shape)
        side = self._draw.side
        top, left = (random.integers(max(1, each - side + 1)) for each in planes.shape[1:])
        cut = np.ascontiguousarray(planes[:, top : top + side, left : left + side])
        return samples_of(interleaved(cut), self._draw.drawn)


def samples_of(pixels: np.ndarray, drawn: int) -> np.ndarray:
    """About `drawn` samples of pixels (h, w, 3) uint8: (n, ROW) float32."""
    scan = BandScan(pixels, np.zeros(layout.WEIGHTS, np.float32))
    interval = max(1, scan.chunks() * layout.LANES // drawn)
    return unpacked(scan.collect(interval, no_progress))


def held_out(paths: list[Path], drawn: int) -> np.ndarray:
    """Samples of pictures as they are, to measure on."""
    return np.concatenate([samples_of(interleaved(planes_of(read(path))), drawn) for path in paths])


class Network(nn.Module):
    """p(pixel | causal neighbourhood), as core/fitted/fitted_network-inl.h computes it."""

    def __init__(self) -> None:
        super().__init__()
        self.tensors = nn.ParameterDict()
        for name, shape in layout.TENSORS.items():
            key, scale = name.replace(".", "_"), 0.5 if name == "trunk" else 0.1
            self.tensors[key] = nn.Parameter(torch.randn(shape) * scale / shape[0] ** 0.5)
            if name != "trunk":  # at first three components of different widths around half the local prediction
                with torch.no_grad():
                    self.tensors[key][0, 3:6] = torch.linspace(-0.3, 0.3, 3)
                    self.tensors[key][0, 6:9] = torch.linspace(-2.0, 0.0, 3)
                    self.tensors[key][0, 11] = 0.5

    def forward(self, samples: np.ndarray) -> torch.Tensor:
        """Samples (n, ROW) -> nats of each pixel, all channels together (n,)."""
        rows = torch.from_numpy(samples)
        units = rows[:, : layout.INPUTS] @ self.tensors["trunk"]
        bent = layout.UNITS - layout.LINEAR
        units = torch.cat([nn.functional.leaky_relu(units[:, :bent], 0.1), units[:, bent:]], 1)
        one, nats = torch.ones(len(rows), 1), torch.zeros(len(rows))
        residual = rows[:, layout.VALUE] - rows[:, layout.BASE]
        for c in range(3):
            seen = torch.cat([one, units, rows[:, layout.EXTRA[c]]], 1)
            known = torch.stack([residual[:, e] if e < c else torch.zeros(len(rows)) for e in range(2)], 1)
            terms = torch.cat([known, rows[:, layout.CONDITIONAL][:, c : c + 1]], 1)
            nats = nats - _log_mass(seen @ self.tensors[f"head_{c}"], rows, c, terms)
        return nats

    def named(self) -> dict[str, torch.Tensor]:
        """The tensors by their names in layout.TENSORS."""
        return {name: self.tensors[name.replace(".", "_")] for name in layout.TENSORS}


def _log_mass(outputs: torch.Tensor, rows: torch.Tensor, c: int, terms: torch.Tensor) -> torch.Tensor:
    """ln of the probability of channel c's values (n,); outputs (n, OUTPUTS), terms (n, 3)."""
    activity, value = rows[:, layout.ACTIVITY][:, c : c + 1], rows[:, layout.VALUE][:, c : c + 1]
    centre = rows[:, layout.BASE][:, c : c + 1] + (outputs[:, 9:12] * terms).sum(1, keepdim=True)
    weight = torch.softmax(outputs[:, 0:3].clamp(-30, 30), 1)
    mean, inverse = centre + activity * outputs[:, 3:6], torch.exp(-outputs[:, 6:9].clamp(-6, 4)) / activity
    low = torch.sigmoid((value - 0.5 - mean) * inverse).masked_fill(value <= 0, 0.0)
    high = torch.sigmoid((value + 0.5 - mean) * inverse).masked_fill(value >= 255, 1.0)
    mass = (weight * (high - low)).sum(1)
    return torch.log(mass * (1 - 2**-12) + 2**-20)


def mean_bits(network: Network, pool: np.ndarray, batch: int = 4096) -> float:
    """Bits per sub-pixel of samples."""
    with torch.no_grad():
        nats: list[float] = [network(pool[i : i + batch]).sum().item() for i in range(0, len(pool), batch)]
    return sum(nats) / len(pool) / 3 / math.log(2)


def fisher(network: Network, batches: Iterable[np.ndarray]) -> dict[str, torch.Tensor]:
    """The expected squared gradient of a pixel's nats by each weight, from mini-batches, each of as many samples."""
    total, count = {name: torch.zeros_like(tensor) for name, tensor in network.named().items()}, 0
    for batch in batches:
        network.zero_grad()
        network(batch).mean().backward()
        count += 1
        for name, tensor in network.named().items():
            if tensor.grad is not None:
                total[name] += tensor.grad**2 * len(batch)
    return {name: squares / max(count, 1) for name, squares in total.items()}


def save(
    path: Path, tensors: Mapping[str, torch.Tensor], squares: Mapping[str, torch.Tensor], record: Mapping[str, object]
) -> None:
    """Write weights, and beside each tensor `<name>.scale`: what a change of it must be to matter, 1 / sqrt(fisher)."""
    out = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    for name, square in squares.items():
        out[f"{name}.scale"] = 1.0 / torch.sqrt(square.clamp(min=LEAST_FISHER))
    save_file(out, str(path), {"size": json.dumps({"fitted": 1}), "record": json.dumps(record)})
