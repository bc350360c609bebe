"""The fitted coder's network in torch, and the samples of pictures that it is trained on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from bbans_cli.coders.fitted import layout
from bbans_cli.coders.fitted.scan import BandScan, unpacked
from bbans_cli.progress import no_progress
from bbans_cli.training.crops import FILTERS
from bbans_cli.training.pictures import files, grey, interleaved, planes_of, read, to_ycbcr

CROP = 400  # side of what is taken of a picture at a time
# Of each folder: pixels that are drawn from a picture, and the share of pictures that are scaled down before. Tuned by
# hand, not recorded.
DRAWN = {"photos": (3000, 0.3), "imagenet": (2000, 0.6), "camera": (10_000, 0.0)}
# Of the squared gradient of a weight, in nats a pixel: below it the picture does not depend on the weight.
LEAST_FISHER = 1e-8


def crop(path: Path, scaled: bool, random: np.random.Generator) -> np.ndarray:
    """A random part of a picture, mirrored and turned at random, (h, w, 3) uint8; some in grey, some as Cb, Y, Cr."""
    picture = read(path)
    if scaled:
        factor = random.uniform(1.3, 4)
        sides = [max(48, int(side / factor)) for side in picture.size]
        picture = picture.resize((sides[0], sides[1]), FILTERS[random.integers(len(FILTERS))])
    planes = planes_of(picture)
    if not scaled and random.random() < 0.5:
        planes = to_ycbcr(planes)
    if random.random() < 0.5:
        planes = planes.transpose(0, 2, 1)
    planes = planes[:, :: random.choice([1, -1]), :: random.choice([1, -1])]
    if random.random() < 0.05:
        planes = np.broadcast_to(grey(planes), planes.shape)
    top, left = (random.integers(max(1, side - CROP + 1)) for side in planes.shape[1:])
    return interleaved(np.ascontiguousarray(planes[:, top : top + CROP, left : left + CROP]))


def samples_of(
    paths: list[Path], drawn: int, scaled: float, random: np.random.Generator, whole: bool = False
) -> np.ndarray:
    """About `drawn` samples of each picture, a share `scaled` of which are scaled down; (n, ROW) float32.

    whole: of the pictures as they are.
    """
    nothing, found = np.zeros(layout.WEIGHTS, np.float32), []
    for path in paths:
        pixels = interleaved(planes_of(read(path))) if whole else crop(path, random.random() < scaled, random)
        scan = BandScan(pixels, nothing)
        interval = max(1, scan.chunks() * layout.LANES // drawn)
        found.append(unpacked(scan.collect(interval, no_progress)))
    return np.concatenate(found)


def samples(folder: Path, seed: int) -> np.ndarray:
    """Samples of all pictures in the subfolders of `folder` that DRAWN names: (n, ROW) float32."""
    random = np.random.default_rng(seed)
    return np.concatenate([samples_of(files(folder / name), *how, random) for name, how in DRAWN.items()])


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


def fisher(network: Network, batches: Iterator[np.ndarray]) -> dict[str, torch.Tensor]:
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
