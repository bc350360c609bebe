"""Training, with torch, of the hierarchical autoencoder of hilloc_photos.py, on patches of 32x32 pixels alone."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save
from torch import nn
from torch.nn import functional

from scripts.experiments.hilloc_model import (
    CELL,
    CHANNELS,
    LATENTS,
    LOG_DEVIATION,
    LOG_SCALE,
    SIDE,
    SLOPE,
    UNITS,
    WEIGHTS,
    WIDTH,
    cells,
    record_of,
)

BATCH = 16
LEARNING_RATE = 3e-3
FOLDERS = ("train/photos", "train/imagenet")


def patches(each: int, seed: int = 0, folders: tuple[str, ...] = FOLDERS) -> np.ndarray:
    """Patches (n, 32, 32, 3) uint8 of all pictures below BBC_DATA, half of them from pictures scaled down by 2 to 6."""
    random, found = np.random.default_rng(seed), []
    for folder in folders:
        for path in sorted(Path(os.environ["BBC_DATA"], folder).iterdir()):
            with Image.open(path) as file:
                whole = file.convert("RGB")
            factor = min(random.uniform(2, 6), min(whole.size) / SIDE)
            small = whole.resize([int(side / factor) for side in whole.size], Image.Resampling.LANCZOS)
            for picture in (np.asarray(whole), np.asarray(small)):
                for _ in range(each // 2):
                    y, x = (random.integers(0, side - SIDE + 1) for side in picture.shape[:2])
                    found.append(picture[y : y + SIDE, x : x + SIDE])
    return np.stack(found)


class Block(nn.Module):
    """A residual block: a 3x3 and a 1x1 convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.mix = nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.Conv2d(WIDTH, WIDTH, 1)
        with torch.no_grad():
            self.mix.weight *= 0.3

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.mix(functional.leaky_relu(self.near(x), SLOPE))


def blocks(count: int) -> nn.Sequential:
    return nn.Sequential(*(Block() for _ in range(count)))


class VAE(nn.Module):
    """The network of hilloc_model.Model, with the same names of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.up = nn.Conv2d(CELL, WIDTH, 1), blocks(2)
        self.down, self.top = nn.Conv2d(4 * WIDTH, WIDTH, 1), blocks(2)
        self.coarse_posterior = nn.Conv2d(WIDTH, 2 * LATENTS, 1)
        self.coarse, self.middle = nn.Conv2d(LATENTS, WIDTH, 1), blocks(2)
        self.spread, self.shared = nn.Conv2d(WIDTH, 4 * WIDTH, 1), blocks(1)
        self.prior, self.merged = nn.Conv2d(WIDTH, 2 * LATENTS, 1), blocks(1)
        self.posterior = nn.Conv2d(WIDTH, 2 * LATENTS, 1)
        self.fine, self.decoder = nn.Conv2d(LATENTS, WIDTH, 1), blocks(3)
        self.out = nn.Conv2d(WIDTH, 2 * CELL, 1)
        with torch.no_grad():
            for layer in (self.coarse_posterior, self.prior, self.posterior, self.out):
                layer.weight *= 0.3
                layer.bias.zero_()
            self.posterior.bias[LATENTS:] = self.coarse_posterior.bias[LATENTS:] = -1.0
            self.out.bias[CELL:] = 2.5

    def forward(self, cells: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """In nats, (n,) each: -log p(x | z) for a sample of the latents, and the KL divergence from the priors.

        cells: float32 (n, 48, h, w), differences of channels in cells of 4x4 pixels, as hilloc_model.cells makes them.
        """
        fine = self.up(self.stem(cells / UNITS))
        top = self.top(self.down(functional.pixel_unshuffle(fine, 2)))
        mean, log_deviation = moments(self.coarse_posterior(top))
        divergence = (0.5 * (mean**2 + (2 * log_deviation).exp() - 1) - log_deviation).sum((1, 2, 3))
        hidden = self.middle(self.coarse(mean + log_deviation.exp() * torch.randn_like(mean)))
        hidden = self.shared(functional.pixel_shuffle(self.spread(hidden), 2))
        prior_mean, prior_log = moments(self.prior(hidden))
        mean, log_deviation = moments(self.posterior(self.merged(hidden + fine)))
        ratio = log_deviation - prior_log
        distance = (mean - prior_mean) * (-prior_log).exp()
        divergence = divergence + (0.5 * (distance**2 + (2 * ratio).exp() - 1) - ratio).sum((1, 2, 3))
        hidden = hidden + self.fine(mean + log_deviation.exp() * torch.randn_like(mean))
        centres, log_scales = self.out(self.decoder(hidden)).float().chunk(2, 1)
        return logistic(cells, UNITS * centres, log_scales.clamp(*LOG_SCALE)).sum((1, 2, 3)), divergence


def moments(outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    mean, log_deviation = outputs.float().chunk(2, 1)
    return mean, log_deviation.clamp(*LOG_DEVIATION)


def logistic(x: torch.Tensor, mean: torch.Tensor, log_scale: torch.Tensor) -> torch.Tensor:
    """-log of the mass within 1/2 of x, but for the tails beyond the ends: sigmoid(a) sigmoid(-b) (1 - exp(b - a))."""
    width = (-log_scale).exp()
    middle = (x - mean) * width
    above, below = functional.softplus(-middle - 0.5 * width), functional.softplus(middle - 0.5 * width)
    return above + below - torch.log(-torch.expm1(-width))


def train(minutes: float, data: np.ndarray, more: Path | None = None, seed: int = 0) -> Path:
    """Train for the given minutes of wall time, print the loss in bits per sub-pixel, return the path of the weights.

    data: `patches`. more: weights from which to continue, at half the learning rate; their record is kept. Other
    weights of this model in the same folder are removed.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model, sessions = VAE(), []
    if more:
        model.load_state_dict({name: value.float() for name, value in load_file(more).items()})
        sessions = record_of(more)["sessions"]
    model = model.to(memory_format=torch.channels_last)
    peak = LEARNING_RATE / (2 if more else 1)
    optimizer = torch.optim.Adam(model.parameters(), peak, betas=(0.9, 0.99))
    random = np.random.default_rng(seed)
    began, worked, steps, kept, spent, said = time.time(), time.process_time(), 0, [], 0.0, 0.0
    while spent < 1:
        rate = peak * min(1, (steps + 1) / 100) * max(0.01, 0.5 * (1 + math.cos(math.pi * spent)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = np.stack([cells(data[i]) for i in random.integers(0, len(data), BATCH)])
        pixels, divergence = model(torch.from_numpy(batch.astype(np.float32)).permute(0, 3, 1, 2))
        loss = (pixels + (1 if more else min(1, 0.1 + steps / 300)) * divergence).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 300)
        optimizer.step()
        steps, spent = steps + 1, (time.time() - began) / (60 * minutes)
        kept.append(float((pixels + divergence).detach().mean()) / (CHANNELS * SIDE**2 * math.log(2)))
        if spent >= 1 or spent >= said + 0.02:
            line = {"steps": steps, "patches": steps * BATCH, "bits": round(float(np.mean(kept[-200:])), 4)}
            line |= {"minutes": round((time.time() - began) / 60, 1)}
            print(json.dumps(line), flush=True)
            said = spent
    line |= {"cpu_minutes": round((time.process_time() - worked) / 60, 1), "seed": seed, "of": len(data)}
    tensors = {name: value.detach().half().contiguous() for name, value in model.state_dict().items()}
    stored = save(tensors, metadata={"record": json.dumps({"sessions": [*sessions, line]})})
    for earlier in WEIGHTS.glob("hilloc-*.safetensors"):
        earlier.unlink()
    path = WEIGHTS / f"hilloc-{hashlib.sha256(stored).hexdigest()[:8]}.safetensors"
    path.write_bytes(stored)
    return path
