"""What the trainer needs of a model: its module, batches, loss, figures on held-out pictures, and its weights file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import nn

from bbans_cli.training import crops, fitted, vae
from bbans_cli.training.config import Config, Stage
from bbans_cli.training.crops import Crops
from bbans_cli.training.pictures import Pictures, files
from bbans_cli.training.scans import Scans
from bbans_cli.training.thumbnails import Thumbnails

DEV_BLOCKS, DEV_PIXELS, DEV_SEED = 60, 256, 7
DEV_SAMPLES = 4000  # of a picture
FISHER_BATCHES, FISHER_SIZE = 300, (16, 16)  # blocks and pixels of each


class Model(ABC):
    """What is trained."""

    module: nn.Module

    @abstractmethod
    def loss(self, step: int, stage: Stage, kl_weight: float) -> tuple[torch.Tensor, torch.Tensor]:
        """What is minimised, and bits per sub-pixel, both of the batch of a step."""

    @abstractmethod
    def measure(self, module: nn.Module) -> dict[str, object]:
        """Figures on each held-out set, with other weights of the module."""

    @abstractmethod
    def write(self, path: Path, module: nn.Module, record: Mapping[str, object]) -> None:
        """Write those weights."""


class Neural(Model):
    """The neural coder's network and latents."""

    def __init__(self, config: Config, pictures: Pictures, dev: Path, workers: ThreadPoolExecutor) -> None:
        assert config.network
        self.module: vae.Vae = vae.Vae(config.network)
        kind = Thumbnails if config.draw.kind == "thumbnails" else Crops
        self._source = kind(pictures, config.draw, config.seed, workers)
        self._scans: Scans | None = None
        if any(stage.scans for stage in config.stages):
            self._scans = Scans(pictures, config.draw, config.seed, config.weights, self.module)
        self._sets = {
            name: crops.held_out(files(dev / name), DEV_BLOCKS, DEV_SEED, DEV_PIXELS, config.draw.mosaic)
            for name in config.dev
        }

    def loss(self, step: int, stage: Stage, kl_weight: float) -> tuple[torch.Tensor, torch.Tensor]:
        if stage.scans:
            assert self._scans
            return self._scans.loss(step, stage)
        bits, kl = self.module(self._source.batch(step, stage.blocks, stage.pixels))
        return bits.mean() + kl_weight * kl.mean(), bits.mean()

    @torch.no_grad()
    def measure(self, module: nn.Module) -> dict[str, object]:
        """Bits per sub-pixel with latents (KL divergence included), without, and the KL divergence."""
        result: dict[str, object] = {}
        for name, batch in self._sets.items():
            bits, kl = module(batch)
            without, _ = module(batch, use_latents=False)
            means = ((bits.mean() + kl.mean()).item(), without.mean().item(), kl.mean().item())
            result[name] = [round(mean, 4) for mean in means]
        return result

    def write(self, path: Path, module: nn.Module, record: Mapping[str, object]) -> None:
        assert isinstance(module, vae.Vae)
        vae.save(path, module, record)


class Fitted(Model):
    """The fitted coder's network."""

    def __init__(self, config: Config, pictures: Pictures, dev: Path, workers: ThreadPoolExecutor) -> None:
        self.module: fitted.Network = fitted.Network()
        self._source = fitted.Samples(pictures, config.draw, config.seed, workers)
        self._step = sum(stage.steps for stage in config.stages)
        self._sets = {name: fitted.held_out(files(dev / name), DEV_SAMPLES) for name in config.dev}

    def loss(self, step: int, stage: Stage, kl_weight: float) -> tuple[torch.Tensor, torch.Tensor]:
        nats = self.module(self._source.batch(step, stage.blocks, stage.pixels)).mean()
        return nats, nats.detach() / 3 / np.log(2)

    def measure(self, module: nn.Module) -> dict[str, object]:
        """Bits per sub-pixel, not fitted."""
        assert isinstance(module, fitted.Network)
        return {name: round(fitted.mean_bits(module, pool), 4) for name, pool in self._sets.items()}

    def write(self, path: Path, module: nn.Module, record: Mapping[str, object]) -> None:
        assert isinstance(module, fitted.Network)
        batches = (self._source.batch(self._step + i, *FISHER_SIZE) for i in range(FISHER_BATCHES))
        fitted.save(path, module.named(), fitted.fisher(module, batches), record)


def build(config: Config, pictures: Pictures, dev: Path, workers: ThreadPoolExecutor) -> Model:
    """The model of a configuration, with first weights by torch's random numbers."""
    kind = Fitted if config.model == "fitted" else Neural
    return kind(config, pictures, dev, workers)
