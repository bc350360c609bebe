"""The whole model: latents and likelihood, its ELBO, and its weights as a file."""

import json
from dataclasses import asdict

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from bbans_cli.training.data import REACH, SIDE
from bbans_cli.training.latents import Latents
from bbans_cli.training.network import Likelihood, Size, gather


class Vae(nn.Module):
    """p(x | z, context) p(z) and q(z | x) for blocks of a picture."""

    def __init__(self, size: Size):
        super().__init__()
        self.size = size
        self.latents = Latents(size)
        self.likelihood = Likelihood(size)

    def forward(
        self, batch: dict[str, np.ndarray], use_latents: bool = True, fast: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch of model.data -> (bits (crops, pixels, 3) of the sub-pixels, KL in bits per sub-pixel (crops,)).

        fast: the likelihood's matrix products in bfloat16.
        """
        crops = len(batch["area"])
        n = len(batch["x"])
        planes = torch.from_numpy(batch["planes"])
        index = torch.from_numpy(batch["index"])
        taps = gather(planes, index, torch.from_numpy(batch["known"]))
        centre = torch.from_numpy(batch["x"])
        x = planes[:, centre].T.float()
        modulation, kl = None, torch.zeros(crops)
        if use_latents:
            latent = torch.from_numpy(batch["latent"])
            modulation, nats = self.latents(torch.from_numpy(batch["blocks"]).float(), torch.from_numpy(batch["mask"]))
            kl = nats / np.log(2) / (3 * torch.from_numpy(batch["area"]).float()) * latent
            modulation = modulation * latent[:, None, None, None, None]
            if modulation.shape[1] == 1:
                modulation = modulation[:, 0]
            else:
                modulation = modulation[torch.arange(n) // (n // crops), self.block_of(centre)]
        phase, maps = (torch.from_numpy(batch[name]) for name in ("phase", "maps"))
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            bits = self.likelihood(taps, x, modulation, phase, maps)
        return bits.reshape(crops, n // crops, 3), kl

    def block_of(self, centre: torch.Tensor) -> torch.Tensor:
        """Index of the finest block that holds each flat position of a training patch."""
        side = self.size.blocks[-1]
        row, column = centre // SIDE % SIDE - REACH, centre % SIDE - REACH
        return row // side * (self.size.blocks[0] // side) + column // side


def save(path, model: Vae, record: dict) -> None:
    """Writes the weights as safetensors, float32, with the sizes and a training record in the metadata."""
    tensors = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, str(path), {"size": json.dumps(asdict(model.size)), "record": json.dumps(record)})


def load(path) -> tuple[dict[str, torch.Tensor], Size]:
    """A weights file's state and sizes."""
    with safe_open(path, framework="pt") as file:
        size = json.loads(file.metadata()["size"])
        state = {name: file.get_tensor(name) for name in file.keys()}
    return state, Size(**{name: tuple(value) if isinstance(value, list) else value for name, value in size.items()})
