"""The likelihood network p(x | z, causal context): normalised context, regression, modulated trunk, a head per channel.

Sizes and formulas are those of the C core (core/neural/neighbourhood-inl.h, network-inl.h, mixture-inl.h); docs/model.md draws them. Shapes:
n pixels, c = 3 channels in coding order (G, R, B), H hidden units, U head units, K mixture components.
"""

from dataclasses import dataclass

import torch
from torch import nn

from bbans_cli.coders.neural.neighbourhood import MISSING, NEAREST, NORTH, NORTHWEST, PHASE_ROWS, TAPS, WEST

COMPONENTS = 4
HEAD_OUTPUTS = 16  # 4 logits, 4 means, 4 log scales, 2 coefficients, those of both rules
FEATURES = (
    31  # activities, bases; predictions, blames and deviations of the regression; by place (core/neural/band_scan.h)
)
EXTRAS = (0, 4, 6)  # what each head sees of earlier channels
CLIP = 6.0
SLOPE = 0.1
LOG_SCALE_RANGE = (-6.0, 4.0)
FLOOR = 2.0**-20  # what the integer frequencies leave to every symbol, about


@dataclass(frozen=True)
class Size:
    """Widths of one likelihood network and of its latents."""

    hidden: int = 96
    layers: int = 2
    head: int = 32
    latents: tuple[int, ...] = (16,)  # per block, coarsest level first
    blocks: tuple[int, ...] = (64,)  # block sides in pixels, coarsest level first

    @property
    def inputs(self) -> int:
        return 3 * len(TAPS) + FEATURES

    @property
    def macs(self) -> int:
        """Multiply-accumulates per pixel of the forward pass."""
        heads = sum((self.hidden + extra) * self.head + self.head * HEAD_OUTPUTS for extra in EXTRAS)
        return self.inputs * self.hidden + (self.layers - 1) * self.hidden**2 + heads


def normalise(taps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Context (n, 3, taps) of pixel values 0..255 to network inputs (n, inputs), bases (n, 3) and activities (n, 3)."""
    west, north, northwest = taps[..., WEST], taps[..., NORTH], taps[..., NORTHWEST]
    high, low = torch.maximum(west, north), torch.minimum(west, north)
    base = torch.where(northwest >= high, low, torch.where(northwest <= low, high, west + north - northwest))
    difference = taps - base[..., None]
    activity = 0.7 + difference[..., list(NEAREST)].abs().sum(-1) / 12
    scaled = (difference / activity[..., None]).clamp(-CLIP, CLIP)
    features = torch.cat([(torch.log2(activity) - 2) / 2, base / 128 - 1], dim=1)
    return torch.cat([scaled.flatten(1), features], dim=1), base, activity


def rules(prediction: torch.Tensor, blame: torch.Tensor, base: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
    """The regression's predictions (n, 3), less the bases, once earlier channels are known: their errors count too."""
    wrong = residual - prediction
    green = wrong[:, 0]
    red = wrong[:, 1] - blame[:, 0] * green
    corrections = torch.stack(
        [torch.zeros_like(green), blame[:, 0] * green, blame[:, 1] * green + blame[:, 2] * red], 1
    )
    return (prediction + corrections + base).clamp(0, 255) - base


class Likelihood(nn.Module):
    """p(x | z, context) as mixtures of discretised logistics."""

    def __init__(self, size: Size):
        super().__init__()
        self.size = size
        widths = [size.inputs] + [size.hidden] * size.layers
        self.phase = nn.Parameter(torch.zeros(PHASE_ROWS, size.hidden))
        self.trunk = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:], strict=False))
        self.head = nn.ModuleList(nn.Linear(size.hidden + extra, size.head) for extra in EXTRAS)
        self.out = nn.ModuleList(nn.Linear(size.head, HEAD_OUTPUTS) for _ in range(3))
        for out in self.out:
            nn.init.zeros_(out.weight)
            with torch.no_grad():
                out.bias.zero_()
                out.bias[4:8] = torch.tensor([-0.6, -0.1, 0.1, 0.6])
                out.bias[8:12] = torch.tensor([-0.5, -1.5, -1.5, -0.5])

    def forward(
        self,
        taps: torch.Tensor,
        x: torch.Tensor,
        modulation: torch.Tensor | None,
        phase: torch.Tensor,
        maps: torch.Tensor,
    ) -> torch.Tensor:
        """-log2 p of each sub-pixel, (n, 3). taps (n, 3, taps); x (n, 3); phase (n, 3) rows of self.phase, PHASE_ROWS
        for none; maps (n, 27): what both least squares say (bbc_pass_regress in core/neural/band_scan.c).

        modulation (g, layers, 2, H) or None: pixels come in g groups of equal size, one modulation each.
        """
        h, base, activity = normalise(taps)
        prediction, blame, deviation, periodic, seen = maps.split((3, 3, 3, 3, 15), 1)
        places = (phase[:, :, None] == torch.arange(PHASE_ROWS)).sum(1).float()
        residual = x - base
        rule = rules(prediction, blame, base, residual)
        first = ((prediction + base).clamp(0, 255) - base) / activity
        green = (periodic[:, :1] / activity[:, :1]).clamp(-CLIP, CLIP)
        h = torch.cat([h, first.clamp(-CLIP, CLIP), blame, deviation, green, seen], dim=1)
        pairs = None if modulation is None else [m[:, :, None].unbind(1) for m in modulation.unbind(1)]
        for i, layer in enumerate(self.trunk):
            a = layer(h)
            if i == 0:
                a = a + places @ self.phase
            if pairs is not None:
                scale, shift = pairs[i]
                a = torch.addcmul(shift, a.reshape(len(scale), -1, a.shape[1]), 1 + scale).reshape(a.shape)
            a = nn.functional.leaky_relu(a, SLOPE)
            h = a if i == 0 else h + a
        bits = []
        for c in range(3):
            extra = [residual[:, e] / activity[:, s] for e in range(c) for s in (e, c)]
            extra += [rule[:, c] / activity[:, c], periodic[:, c] / activity[:, c]] if c else []
            weight, hidden = self.head[c].weight, self.size.hidden
            unit = nn.functional.linear(h, weight[:, :hidden], self.head[c].bias)
            if extra:
                unit = unit + torch.stack([e.clamp(-CLIP, CLIP) for e in extra], 1) @ weight[:, hidden:].T
            out = self.out[c](nn.functional.leaky_relu(unit, SLOPE)).float()
            bits.append(
                self.bits(
                    out,
                    x[:, c],
                    base[:, c],
                    activity[:, c],
                    torch.cat([residual[:, :2] * (torch.arange(2) < c), rule[:, c : c + 1], periodic[:, c : c + 1]], 1),
                )
            )
        return torch.stack(bits, dim=1)

    @staticmethod
    def bits(out, x, base, activity, known) -> torch.Tensor:
        """-log2 of the mixture's mass on [x - 1/2, x + 1/2], open at 0 and 255. out (n, 16); known (n, 4): residuals of
        G and R, 0 where not known yet, and both rules; the others (n,)."""
        logits, means, log_scales, coefficients = out.split(4, dim=1)
        centre = base[:, None] + (coefficients * known).sum(1, keepdim=True)
        mean = centre + activity[:, None] * means
        inverse = torch.exp(-log_scales.clamp(*LOG_SCALE_RANGE)) / activity[:, None]
        d = (x[:, None] - mean) * inverse
        half = 0.5 * inverse
        upper = torch.sigmoid(d + half).masked_fill((x > 254.5)[:, None], 1.0)
        lower = torch.sigmoid(d - half).masked_fill((x < 0.5)[:, None], 0.0)
        mass = (torch.softmax(logits, dim=1) * (upper - lower)).sum(1)
        return -torch.log2(mass + FLOOR)


def gather(planes: torch.Tensor, index: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Taps (n, 3, taps) float from planes (3, pixels) in coding order, flat pixel indices (n, taps)."""
    taps = planes[:, index].permute(1, 0, 2).float()
    return torch.where(known[:, None, :], taps, torch.tensor(float(MISSING)))
