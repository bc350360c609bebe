"""Latents of a picture: posterior q(z | x), prior p(z), and the modulation that they give the likelihood network.

Levels run from the coarsest to the finest; inference is top-down as in HiLLoC (Townsend et al. 2020): level l sees the
block's own statistics and the features of the level above. Everything is fully convolutional: one set of weights for
every block of a picture of any size. b blocks, L latents per block, F features.
"""

import torch
from torch import nn

from bbans_cli.training.network import SLOPE, Size

PATCH = 4
PATCH_INPUTS = 3 * PATCH * PATCH + 3
WIDTH = 32
FEATURES = 64
LOG_SCALE_RANGE = (-7.0, 2.0)


def patches(blocks: torch.Tensor) -> torch.Tensor:
    """Blocks (b, 3, s, s) of values 0..255 to patch inputs (b, patches, 51): deviations from the patch mean, means."""
    b, _, s, _ = blocks.shape
    p = blocks.reshape(b, 3, s // PATCH, PATCH, s // PATCH, PATCH).permute(0, 2, 4, 1, 3, 5)
    p = p.reshape(b, (s // PATCH) ** 2, 3, PATCH * PATCH)
    mean = p.mean(-1)
    deviation = ((p - mean[..., None]) / 8).clamp(-8, 8)
    return torch.cat([deviation.flatten(2), mean / 64 - 2], dim=2)


class Level(nn.Module):
    """One level of latents: posterior from statistics and the level above, prior from the level above, features."""

    def __init__(self, latents: int, top: bool):
        super().__init__()
        self.latents = latents
        above = 0 if top else FEATURES
        self.prior = None if top else nn.Linear(FEATURES, 2 * latents)
        self.hidden = nn.Linear(2 * WIDTH + above, FEATURES)
        self.posterior = nn.Linear(FEATURES, 2 * latents)
        self.features = nn.Linear(latents + above, FEATURES)
        nn.init.zeros_(self.posterior.weight)

    def forward(self, statistics, above, generator=None):
        """(b, 2*WIDTH) statistics, (b, F) features above or None -> features (b, F), KL in nats (b,)."""
        inputs = statistics if above is None else torch.cat([statistics, above], 1)
        mean, log_scale = self.posterior(nn.functional.leaky_relu(self.hidden(inputs), SLOPE)).chunk(2, 1)
        log_scale = log_scale.clamp(*LOG_SCALE_RANGE)
        if self.prior is None:
            prior_mean, prior_log_scale = torch.zeros_like(mean), torch.zeros_like(mean)
        else:
            prior_mean, prior_log_scale = self.prior(above).chunk(2, 1)
            prior_log_scale = prior_log_scale.clamp(*LOG_SCALE_RANGE)
        z = mean + torch.exp(log_scale) * torch.randn(mean.shape, generator=generator)
        ratio = torch.exp(2 * (log_scale - prior_log_scale))
        offset = (mean - prior_mean) * torch.exp(-prior_log_scale)
        kl = (prior_log_scale - log_scale + 0.5 * (ratio + offset**2 - 1)).sum(1)
        inputs = z if above is None else torch.cat([z, above], 1)
        return nn.functional.leaky_relu(self.features(inputs), SLOPE), kl


class Latents(nn.Module):
    """Encoder statistics, the levels, and the modulation of the likelihood network's hidden layers."""

    def __init__(self, size: Size):
        super().__init__()
        self.size = size
        self.embed = nn.Linear(PATCH_INPUTS, WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.levels = nn.ModuleList(Level(n, i == 0) for i, n in enumerate(size.latents))
        self.modulation = nn.Linear(FEATURES, size.layers * 2 * size.hidden)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def statistics(self, blocks: torch.Tensor, mask: torch.Tensor, side: int) -> torch.Tensor:
        """Means and deviations (b * (s/side)^2, 2*WIDTH) of patch features over sub-blocks; mask (b, patches) bool."""
        b, patch_count = mask.shape
        h = nn.functional.leaky_relu(self.embed(patches(blocks)), SLOPE)
        h = nn.functional.leaky_relu(self.mix(h), SLOPE)
        n, k = blocks.shape[-1] // side, side // PATCH
        weight = mask.float()[..., None]
        grid = torch.cat([h * weight, weight], 2).reshape(b, n, k, n, k, WIDTH + 1).permute(0, 1, 3, 2, 4, 5)
        grid = grid.reshape(b * n * n, k * k, WIDTH + 1)
        values, weight = grid[..., :-1], grid[..., -1:]
        count = weight.sum(1).clamp(min=1)
        mean = values.sum(1) / count
        variance = (((values - mean[:, None]) ** 2) * weight).sum(1) / count
        return torch.cat([mean, torch.sqrt(variance + 1e-6)], 1)

    def forward(self, blocks: torch.Tensor, mask: torch.Tensor, generator=None):
        """Crops (b, 3, S, S), S the coarsest side -> modulation (b, n*n, layers, 2, H) per finest block, KL (b,)."""
        b = blocks.shape[0]
        above, kl, previous = None, 0.0, None
        for level, side in zip(self.levels, self.size.blocks, strict=True):
            n = blocks.shape[-1] // side
            if above is not None:
                k = n // previous
                above = (
                    above.reshape(b, previous, 1, previous, 1, FEATURES)
                    .expand(-1, -1, k, -1, k, -1)
                    .reshape(-1, FEATURES)
                )
            above, level_kl = level(self.statistics(blocks, mask, side), above, generator)
            kl = kl + level_kl.reshape(b, -1).sum(1)
            previous = n
        modulation = self.modulation(above)
        return modulation.reshape(b, -1, self.size.layers, 2, self.size.hidden), kl
