"""A wider network that computes what a narrower one did, to train further (Net2WiderNet: Chen et al., 2016)."""

from __future__ import annotations

import torch

from bbans_cli.coders.neural.neighbourhood import PHASE_ROWS
from bbans_cli.coders.neural.network_layout import EXTRA_COUNTS
from bbans_cli.training.network import Size

NOISE = 0.1  # relative spread of the weights of copies, so that they learn to differ; tuned by hand, not recorded


def widen(state: dict[str, torch.Tensor], old: Size, new: Size, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights of a Vae of size ``old`` -> of size ``new``, which may have more hidden units and more in the heads.

    New units are copies of random old ones; what leaves a unit is divided among its copies, with some noise. Inputs and
    phases that the old network did not have get weights of zero.
    """
    generator = torch.Generator().manual_seed(seed)
    hidden, hidden_share = _copies(old.hidden, new.hidden, generator)
    head, head_share = _copies(old.head, new.head, generator)
    out = dict(state)
    for i in range(new.layers):
        weight = state[f"likelihood.trunk.{i}.weight"][hidden]
        out[f"likelihood.trunk.{i}.weight"] = (
            _padded(weight, new.inputs) if i == 0 else _outgoing(weight, hidden, hidden_share, generator)
        )
        out[f"likelihood.trunk.{i}.bias"] = state[f"likelihood.trunk.{i}.bias"][hidden]
    for c, extras in enumerate(EXTRA_COUNTS):
        weight = state[f"likelihood.head.{c}.weight"][head]
        from_hidden = _outgoing(weight[:, : old.hidden], hidden, hidden_share, generator)
        out[f"likelihood.head.{c}.weight"] = torch.cat([from_hidden, _padded(weight[:, old.hidden :], extras)], 1)
        out[f"likelihood.head.{c}.bias"] = state[f"likelihood.head.{c}.bias"][head]
        weight = state[f"likelihood.out.{c}.weight"]
        out[f"likelihood.out.{c}.weight"] = _outgoing(weight, head, head_share, generator)
    phase = state.get("likelihood.phase", torch.zeros(0, old.hidden))[:, hidden]
    out["likelihood.phase"] = torch.nn.functional.pad(phase, (0, 0, 0, PHASE_ROWS - len(phase)))
    for part in ("weight", "bias"):
        value = state[f"latents.modulation.{part}"]
        shape = (old.layers, 2, old.hidden, *value.shape[1:])
        out[f"latents.modulation.{part}"] = value.reshape(shape)[:, :, hidden].flatten(0, 2)
    return out


def _copies(old: int, new: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """For each of ``new`` units the old unit that it copies, and 1 over the number of that unit's copies."""
    source = torch.cat([torch.arange(old), torch.randint(old, (new - old,), generator=generator)])
    return source, 1.0 / torch.bincount(source, minlength=old)[source]


def _outgoing(
    weight: torch.Tensor, source: torch.Tensor, share: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Weights (outputs, old units) from units -> (outputs, new units), those of copies divided by their number."""
    noise = NOISE * torch.randn(weight.shape[0], len(source), generator=generator)
    return weight[:, source] * share * (1 + noise * (share < 1))


def _padded(weight: torch.Tensor, columns: int) -> torch.Tensor:
    """Weights with columns of zeros appended."""
    return torch.nn.functional.pad(weight, (0, columns - weight.shape[1]))
