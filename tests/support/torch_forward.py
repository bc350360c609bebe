"""What torch makes of a picture under a small model: for live comparisons and for the committed dump. Needs torch."""

from __future__ import annotations

from types import SimpleNamespace

import float_model
import numpy as np
import torch

from bbans_cli.coders.neural.neighbourhood import CHANNELS, PERIOD, PHASE_ROWS, locate, phase_rows
from bbans_cli.coders.neural.weights import flatten
from bbans_cli.reference import phase_ls
from bbans_cli.reference.band_scan import steps
from bbans_cli.training.latents import LOG_SCALE_RANGE, SLOPE
from bbans_cli.training.network import Size, gather
from bbans_cli.training.vae import Vae

BINS = float_model.BINS
LEAST_SIDE = 4  # of a patch


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
) -> SimpleNamespace:
    """-log2 p of the rows from `first` on: bits (pixels, 3), a tensor, and x, y of the pixels in coding order.

    modulation: (blocks, layers, 2, hidden) as the model makes it, or None. grid_at: the grid's x and y, or None.
    """
    height, width, channels = pixels.shape
    x, y = (np.concatenate(part) for part in zip(*steps(width, first, height), strict=True))
    columns, rows, known = locate(x, y, width, first)
    place = ((-1, -1), 1) if grid_at is None else (grid_at, PERIOD)
    maps = phase_ls.maps(_planes(pixels).astype(np.int32), first, height, channels, *place)[y - first, x]
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
    return SimpleNamespace(bits=bits, x=x, y=y)


def gradient(model: Vae, bits: torch.Tensor, channels: int) -> np.ndarray:
    """Of the mean over pixels of -ln p by the likelihood's weights, flat as weights.flatten has them."""
    model.zero_grad()
    (bits[:, :channels].sum() * np.log(2) / len(bits)).backward()
    named = {
        "likelihood." + name: (torch.zeros_like(p) if p.grad is None else p.grad).numpy()
        for name, p in model.likelihood.named_parameters()
    }
    return flatten(named, model.size.layers)


@torch.no_grad()
def latents(model: Vae, pixels: np.ndarray, rows: int, z: list[np.ndarray]) -> SimpleNamespace:
    """What the layers of model.latents make of the first rows of a picture and of given bins z.

    Lists by level: statistics, prior and posterior (means, deviations); modulation (blocks, layers, 2, hidden).
    """
    module, size = model.latents, model.size
    side = size.blocks[0]
    planes = _planes(pixels[:rows])
    down, across = -(-rows // side), -(-planes.shape[2] // side)
    padded = np.full((3, down * side, across * side), 77, np.uint8)
    padded[:, :rows, : planes.shape[2]] = planes
    whole = np.zeros((down * side // LEAST_SIDE, across * side // LEAST_SIDE), bool)
    whole[: rows // LEAST_SIDE, : planes.shape[2] // LEAST_SIDE] = True
    blocks = padded.reshape(3, down, side, across, side).transpose(1, 3, 0, 2, 4).reshape(-1, 3, side, side)
    patches = side // LEAST_SIDE
    mask = whole.reshape(down, patches, across, patches).transpose(0, 2, 1, 3).reshape(down * across, -1)
    out = SimpleNamespace(statistics=[], prior=[], posterior=[])
    above = None
    for i, level in enumerate(module.levels):
        here = size.blocks[i]
        n = side // here
        seen = module.statistics(torch.from_numpy(blocks.copy()).float(), torch.from_numpy(mask), here)
        seen = seen.reshape(down, across, n, n, -1).permute(0, 2, 1, 3, 4).reshape(down * n, across * n, -1)
        seen = seen[: -(-rows // here), : -(-planes.shape[2] // here)]
        grid, seen = seen.shape[:2], seen.reshape(-1, seen.shape[2])
        mean, log_scale = torch.zeros(len(seen), level.latents), torch.zeros(len(seen), level.latents)
        inputs = seen
        if above is not None:
            ratio = size.blocks[i - 1] // here
            above = above.repeat_interleave(ratio, 0).repeat_interleave(ratio, 1)[: grid[0], : grid[1]]
            above = above.reshape(-1, above.shape[2])
            mean, log_scale = level.prior(above).chunk(2, 1)
            inputs = torch.cat([seen, above], 1)
        hidden = torch.nn.functional.leaky_relu(level.hidden(inputs), SLOPE)
        q_mean, q_log_scale = level.posterior(hidden).chunk(2, 1)
        out.statistics.append(seen.numpy())
        out.prior.append((mean.numpy(), log_scale.clamp(*LOG_SCALE_RANGE).exp().numpy()))
        out.posterior.append((q_mean.numpy(), q_log_scale.clamp(*LOG_SCALE_RANGE).exp().numpy()))
        centres = torch.from_numpy(float_model.quantile((z[i] + 0.5) / BINS)).float()
        value = mean + log_scale.clamp(*LOG_SCALE_RANGE).exp() * centres
        value = value if above is None else torch.cat([value, above], 1)
        above = torch.nn.functional.leaky_relu(level.features(value), SLOPE).reshape(*grid, -1)
    out.modulation = module.modulation(above.reshape(-1, above.shape[2])).reshape(-1, size.layers, 2, size.hidden)
    return out
