"""The whole model: latents and likelihood, its ELBO, and its weights as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from bbans_cli.coders.neural.neighbourhood import REACH
from bbans_cli.training.config import Size
from bbans_cli.training.crops import Batch
from bbans_cli.training.latents import Latents
from bbans_cli.training.network import Likelihood, gather
from bbans_cli.training.regions import SIDE


class Vae(nn.Module):
    """p(x | z, causal neighbourhood) p(z) and q(z | x) for blocks of a picture."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.latents = Latents(size)
        self.likelihood = Likelihood(size)

    def forward(self, batch: Batch, use_latents: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch -> bits of the sub-pixels (blocks, pixels, 3), KL divergence in bits per sub-pixel (blocks,)."""
        blocks, n = len(batch.area), len(batch.pixels)
        planes, pixels = torch.from_numpy(batch.planes), torch.from_numpy(batch.pixels)
        taps = gather(planes, torch.from_numpy(batch.taps), torch.from_numpy(batch.known))
        values = planes[:, pixels].T.float()
        modulation, kl = None, torch.zeros(blocks)
        if use_latents:
            latent = torch.from_numpy(batch.latent)
            modulation, nats = self.latents(torch.from_numpy(batch.blocks).float(), torch.from_numpy(batch.mask))
            kl = nats / np.log(2) / (3 * torch.from_numpy(batch.area).float()) * latent
            modulation = modulation * latent[:, None, None, None, None]
            if modulation.shape[1] == 1:
                modulation = modulation[:, 0]
            else:
                modulation = modulation[torch.arange(n) // (n // blocks), self._finest_block(pixels)]
        phase, least_squares = torch.from_numpy(batch.phase), torch.from_numpy(batch.least_squares)
        bits = self.likelihood(taps, values, modulation, phase, least_squares)
        return bits.reshape(blocks, n // blocks, 3), kl

    def _finest_block(self, pixels: torch.Tensor) -> torch.Tensor:
        """Number of the finest block, within its coarsest block, that holds each flat position in patches."""
        side = self.size.blocks[-1]
        row, column = pixels // SIDE % SIDE - REACH, pixels % SIDE - REACH
        return row // side * (self.size.blocks[0] // side) + column // side


def save(path: Path, model: Vae, record: Mapping[str, object]) -> None:
    """Write the weights as safetensors, float32, with the sizes and a record of the training in the metadata."""
    tensors = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, str(path), {"size": json.dumps(asdict(model.size)), "record": json.dumps(record)})


def load(path: Path) -> tuple[dict[str, torch.Tensor], Size]:
    """The tensors and sizes of a weights file."""
    with safe_open(path, framework="pt") as file:
        size = json.loads(file.metadata()["size"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    size |= {name: tuple(size[name]) for name in ("latents", "blocks")}
    return tensors, Size(**size)
