"""A wider network that computes what a narrower one did, to go on training from (Net2WiderNet, Chen et al. 2016)."""

import torch

from bbans_cli.coders.neural.neighbourhood import PHASE_ROWS
from bbans_cli.training.network import EXTRAS, HEAD_OUTPUTS, Size


def widen(state: dict[str, torch.Tensor], old: Size, new: Size, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights of a Vae of size ``old`` -> of size ``new``, which may have more hidden and head units.

    Inputs and phases that the old network did not know have weights of zero.

    New units are copies of random old ones; what leaves a unit is divided among its copies, with 10 % of noise so that
    they part ways.
    """
    generator = torch.Generator().manual_seed(seed)

    def copies(before: int, after: int) -> tuple[torch.Tensor, torch.Tensor]:
        source = torch.cat([torch.arange(before), torch.randint(before, (after - before,), generator=generator)])
        return source, 1.0 / torch.bincount(source, minlength=before)[source]

    def leaving(weight: torch.Tensor, source: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
        noise = 0.1 * torch.randn(weight.shape[0], len(source), generator=generator)
        return weight[:, source] * share * (1 + noise * (share < 1))

    def grown(weight: torch.Tensor, columns: int) -> torch.Tensor:
        return torch.nn.functional.pad(weight, (0, columns - weight.shape[1]))

    hidden, hidden_share = copies(old.hidden, new.hidden)
    head, head_share = copies(old.head, new.head)
    out = dict(state)
    for i in range(new.layers):
        weight = state[f"likelihood.trunk.{i}.weight"][hidden]
        out[f"likelihood.trunk.{i}.weight"] = (
            grown(weight, new.inputs) if i == 0 else leaving(weight, hidden, hidden_share)
        )
        out[f"likelihood.trunk.{i}.bias"] = state[f"likelihood.trunk.{i}.bias"][hidden]
    for c in range(3):
        weight = state[f"likelihood.head.{c}.weight"][head]
        trunk, extra = weight[:, : old.hidden], weight[:, old.hidden :]
        out[f"likelihood.head.{c}.weight"] = torch.cat(
            [leaving(trunk, hidden, hidden_share), grown(extra, EXTRAS[c])], 1
        )
        out[f"likelihood.head.{c}.bias"] = state[f"likelihood.head.{c}.bias"][head]
        out[f"likelihood.out.{c}.weight"] = leaving(state[f"likelihood.out.{c}.weight"], head, head_share)
        assert out[f"likelihood.out.{c}.weight"].shape == (HEAD_OUTPUTS, new.head)
    phase = state.get("likelihood.phase", torch.zeros(0, old.hidden))[:, hidden]
    out["likelihood.phase"] = torch.nn.functional.pad(phase, (0, 0, 0, PHASE_ROWS - len(phase)))
    for part in ("weight", "bias"):
        value = state[f"latents.modulation.{part}"]
        shape = (old.layers, 2, old.hidden, *value.shape[1:])
        out[f"latents.modulation.{part}"] = value.reshape(shape)[:, :, hidden].flatten(0, 2)
    return out
