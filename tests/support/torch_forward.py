"""What torch computes for a picture under a small model: for live comparisons and the committed dump. Needs torch."""

from __future__ import annotations

from typing import NamedTuple

import float_model
import numpy as np
import torch

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.coders.neural.latents import LOG_DEVIATION_RANGE
from bbans_cli.coders.neural.neighbourhood import PERIOD, PHASE_ROWS, locate, phase_rows
from bbans_cli.coders.neural.weights import flatten
from bbans_cli.reference import phase_ls
from bbans_cli.reference.band_scan import diagonals
from bbans_cli.training.config import Size
from bbans_cli.training.network import LEAKY_SLOPE, gather
from bbans_cli.training.vae import Vae

BINS = float_model.BINS
PATCH = 4  # side of the posterior's patches


class PixelBits(NamedTuple):
    """-log2 p of pixels in coding order: bits (pixels, 3), and the pixels' columns x and rows y."""

    bits: torch.Tensor
    x: np.ndarray
    y: np.ndarray


def build(size: dict, tensors: dict[str, np.ndarray]) -> Vae:
    """The model with the given weights by name."""
    model = Vae(Size(**{**size, "latents": tuple(size["latents"]), "blocks": tuple(size["blocks"])}))
    model.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    return model


def _planes(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pixels[:, :, list(CHANNELS) if pixels.shape[2] == 3 else [0, 0, 0]].transpose(2, 0, 1))


def pixel_bits(
    model: Vae,
    pixels: np.ndarray,
    modulation: torch.Tensor | None,
    first: int = 0,
    grid_at: tuple[int, int] | None = None,
) -> PixelBits:
    """-log2 p of the pixels of rows from `first` on.

    modulation: (blocks, layers, 2, hidden) as training makes it, or None. grid_at: column and row of the first pixel in
    the grid, or None.
    """
    height, width, channels = pixels.shape
    x, y = (np.concatenate(part) for part in zip(*diagonals(width, first, height), strict=True))
    columns, rows, known = locate(x, y, width, first)
    place = ((-1, -1), 1) if grid_at is None else (grid_at, PERIOD)
    maps = phase_ls.least_squares(_planes(pixels).astype(np.int32), first, height, channels, *place)[y - first, x]
    planes = torch.from_numpy(_planes(pixels).reshape(3, -1))
    taps = gather(planes, torch.from_numpy(rows * width + columns), torch.from_numpy(known.copy()))
    value = planes[:, torch.from_numpy(y * width + x)].T.float()
    if modulation is not None:
        side = model.size.blocks[-1]
        modulation = modulation[torch.from_numpy(y // side * -(-width // side) + x // side)]
    phase = np.full((len(x), 3), PHASE_ROWS)
    if grid_at is not None:
        phase = phase_rows(x + grid_at[0], y + grid_at[1])
    bits = model.likelihood(taps, value, modulation, torch.from_numpy(phase), torch.from_numpy(maps))
    return PixelBits(bits, x, y)


def gradient(model: Vae, bits: torch.Tensor, channels: int) -> np.ndarray:
    """The gradient of -ln p, its mean over pixels, by the likelihood's weights: flat, as weights.flatten has them."""
    model.zero_grad()
    (bits[:, :channels].sum() * np.log(2) / len(bits)).backward()
    named = {
        "likelihood." + name: (torch.zeros_like(p) if p.grad is None else p.grad).numpy()
        for name, p in model.likelihood.named_parameters()
    }
    return flatten(named, model.size.layers)


class LatentLayers(NamedTuple):
    """What the latents' layers compute. By level: statistics (blocks, 64), prior and posterior as (means, deviations),
    (blocks, latents) each. modulation: (finest blocks, layers, 2, hidden)."""

    statistics: list[np.ndarray]
    prior: list[tuple[np.ndarray, np.ndarray]]
    posterior: list[tuple[np.ndarray, np.ndarray]]
    modulation: torch.Tensor


@torch.no_grad()
def latents(model: Vae, pixels: np.ndarray, rows: int, z: list[np.ndarray]) -> LatentLayers:
    """What the layers of bbans_cli.training.latents make of the first rows of a picture and of given bins z."""
    size = model.size
    found = LatentLayers([], [], [], torch.empty(0))
    above = None
    for i, level in enumerate(model.latents.levels):
        statistics = _statistics(model, pixels, rows, size.blocks[i])
        map_shape, statistics = statistics.shape[:2], statistics.reshape(-1, statistics.shape[2])
        mean, log_deviation = torch.zeros(len(statistics), level.latents), torch.zeros(len(statistics), level.latents)
        inputs = statistics
        if above is not None:
            ratio = size.blocks[i - 1] // size.blocks[i]
            above = above.repeat_interleave(ratio, 0).repeat_interleave(ratio, 1)[: map_shape[0], : map_shape[1]]
            above = above.reshape(-1, above.shape[2])
            mean, log_deviation = level.prior(above).chunk(2, 1)
            inputs = torch.cat([statistics, above], 1)
        hidden = torch.nn.functional.leaky_relu(level.hidden(inputs), LEAKY_SLOPE)
        q_mean, q_log_deviation = level.posterior(hidden).chunk(2, 1)
        deviation = log_deviation.clamp(*LOG_DEVIATION_RANGE).exp()
        found.statistics.append(statistics.numpy())
        found.prior.append((mean.numpy(), deviation.numpy()))
        found.posterior.append((q_mean.numpy(), q_log_deviation.clamp(*LOG_DEVIATION_RANGE).exp().numpy()))
        value = mean + deviation * torch.from_numpy(float_model.quantile((z[i] + 0.5) / BINS)).float()
        value = value if above is None else torch.cat([value, above], 1)
        above = torch.nn.functional.leaky_relu(level.features(value), LEAKY_SLOPE).reshape(*map_shape, -1)
    modulation = model.latents.modulation(above.reshape(-1, above.shape[2]))
    return found._replace(modulation=modulation.reshape(-1, size.layers, 2, size.hidden))


def _statistics(model: Vae, pixels: np.ndarray, rows: int, side: int) -> torch.Tensor:
    """Statistics of a level's blocks, (rows of blocks, columns of blocks, 64), by training's function for crops."""
    coarsest, width = model.size.blocks[0], pixels.shape[1]
    down, across = -(-rows // coarsest), -(-width // coarsest)
    padded = np.full((3, down * coarsest, across * coarsest), 77, np.uint8)
    padded[:, :rows, :width] = _planes(pixels[:rows])
    whole = np.zeros((down * coarsest // PATCH, across * coarsest // PATCH), bool)
    whole[: rows // PATCH, : width // PATCH] = True
    blocks = padded.reshape(3, down, coarsest, across, coarsest).transpose(1, 3, 0, 2, 4)
    blocks = blocks.reshape(-1, 3, coarsest, coarsest)
    patches = coarsest // PATCH
    mask = whole.reshape(down, patches, across, patches).transpose(0, 2, 1, 3).reshape(down * across, -1)
    n = coarsest // side
    found = model.latents.statistics(torch.from_numpy(blocks.copy()).float(), torch.from_numpy(mask), side)
    found = found.reshape(down, across, n, n, -1).permute(0, 2, 1, 3, 4).reshape(down * n, across * n, -1)
    return found[: -(-rows // side), : -(-width // side)]
