"""Latents of blocks: posterior q(z | x), prior p(z), and the modulation of the likelihood network.

Levels go from the coarsest to the finest. Inference is top-down (HiLLoC: Townsend, Bird, Kunze, Barber, 2020): a level
sees statistics of its block's pixels and the features of the level above. All blocks of all pictures share the weights.
Shapes: b blocks, F = 64 features, H hidden units of the likelihood network.
"""

from __future__ import annotations

import torch
from torch import nn

from bbans_cli.coders.neural.latents import LOG_DEVIATION_RANGE
from bbans_cli.training.config import Size
from bbans_cli.training.network import LEAKY_SLOPE

PATCH = 4  # side of a patch in pixels
PATCH_INPUTS = 3 * PATCH * PATCH + 3
PATCH_FEATURES = 32
FEATURES = 64


def patch_inputs(blocks: torch.Tensor) -> torch.Tensor:
    """Blocks (b, 3, s, s) of values 0..255 -> (b, patches, 51): differences from each patch's means, and the means."""
    b, _, s, _ = blocks.shape
    patches = blocks.reshape(b, 3, s // PATCH, PATCH, s // PATCH, PATCH).permute(0, 2, 4, 1, 3, 5)
    patches = patches.reshape(b, (s // PATCH) ** 2, 3, PATCH * PATCH)
    mean = patches.mean(-1)
    difference = ((patches - mean[..., None]) / 8).clamp(-8, 8)
    return torch.cat([difference.flatten(2), mean / 64 - 2], dim=2)


class Level(nn.Module):
    """One level of latents: its posterior, its prior and its features."""

    def __init__(self, latents: int, top: bool) -> None:
        super().__init__()
        self.latents = latents
        above = 0 if top else FEATURES
        self.prior = None if top else nn.Linear(FEATURES, 2 * latents)
        self.hidden = nn.Linear(2 * PATCH_FEATURES + above, FEATURES)
        self.posterior = nn.Linear(FEATURES, 2 * latents)
        self.features = nn.Linear(latents + above, FEATURES)
        nn.init.zeros_(self.posterior.weight)

    def forward(self, statistics: torch.Tensor, above: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw z from the posterior. Statistics (b, 64), features above (b, F) or None -> features (b, F), KL (b,).

        The KL divergence of the posterior from the prior is in nats.
        """
        hidden = nn.functional.leaky_relu(self.hidden(_beside(statistics, above)), LEAKY_SLOPE)
        mean, log_deviation = self.posterior(hidden).chunk(2, 1)
        log_deviation = log_deviation.clamp(*LOG_DEVIATION_RANGE)
        if self.prior is None:
            prior_mean, prior_log_deviation = torch.zeros_like(mean), torch.zeros_like(mean)
        else:
            prior_mean, prior_log_deviation = self.prior(above).chunk(2, 1)
            prior_log_deviation = prior_log_deviation.clamp(*LOG_DEVIATION_RANGE)
        z = mean + torch.exp(log_deviation) * torch.randn(mean.shape)
        ratio = torch.exp(2 * (log_deviation - prior_log_deviation))
        offset = (mean - prior_mean) * torch.exp(-prior_log_deviation)
        kl = (prior_log_deviation - log_deviation + 0.5 * (ratio + offset**2 - 1)).sum(1)
        return nn.functional.leaky_relu(self.features(_beside(z, above)), LEAKY_SLOPE), kl


def _beside(first: torch.Tensor, second: torch.Tensor | None) -> torch.Tensor:
    return first if second is None else torch.cat([first, second], 1)


class Latents(nn.Module):
    """Statistics of blocks, the levels, and the modulation of the likelihood network's hidden layers."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.embed = nn.Linear(PATCH_INPUTS, PATCH_FEATURES)
        self.mix = nn.Linear(PATCH_FEATURES, PATCH_FEATURES)
        self.levels = nn.ModuleList(Level(n, i == 0) for i, n in enumerate(size.latents))
        self.modulation = nn.Linear(FEATURES, size.layers * 2 * size.hidden)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def statistics(self, blocks: torch.Tensor, mask: torch.Tensor, side: int) -> torch.Tensor:
        """Means and standard deviations of the features of 4x4 patches over blocks of ``side`` pixels.

        blocks: (b, 3, s, s), s a multiple of side. mask: (b, patches) bool, patches that count. Returns
        (b * (s / side)^2, 64), for each of b in raster order.
        """
        b, _ = mask.shape
        features = nn.functional.leaky_relu(self.embed(patch_inputs(blocks)), LEAKY_SLOPE)
        features = nn.functional.leaky_relu(self.mix(features), LEAKY_SLOPE)
        n, k = blocks.shape[-1] // side, side // PATCH
        weight = mask.float()[..., None]
        weighted = torch.cat([features * weight, weight], 2).reshape(b, n, k, n, k, PATCH_FEATURES + 1)
        weighted = weighted.permute(0, 1, 3, 2, 4, 5).reshape(b * n * n, k * k, PATCH_FEATURES + 1)
        values, weight = weighted[..., :-1], weighted[..., -1:]
        count = weight.sum(1).clamp(min=1)
        mean = values.sum(1) / count
        variance = (((values - mean[:, None]) ** 2) * weight).sum(1) / count
        return torch.cat([mean, torch.sqrt(variance + 1e-6)], 1)

    def forward(self, blocks: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Blocks (b, 3, s, s) of the coarsest level, mask (b, patches) -> modulation, KL divergence in nats (b,).

        The modulation is (b, n * n, layers, 2, H), for the n * n finest blocks of each: scales, less 1, and shifts.
        """
        b = blocks.shape[0]
        kl = torch.zeros(b)
        features: torch.Tensor | None = None
        previous = 1
        for level, side in zip(self.levels, self.size.blocks, strict=True):
            n = blocks.shape[-1] // side
            if features is not None:
                k = n // previous
                features = features.reshape(b, previous, 1, previous, 1, FEATURES)
                features = features.expand(-1, -1, k, -1, k, -1).reshape(-1, FEATURES)
            features, level_kl = level(self.statistics(blocks, mask, side), features)
            kl = kl + level_kl.reshape(b, -1).sum(1)
            previous = n
        modulation = self.modulation(features)
        return modulation.reshape(b, -1, self.size.layers, 2, self.size.hidden), kl
