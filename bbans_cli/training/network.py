"""The likelihood network p(x | z, causal neighbourhood): normalised inputs, hidden layers, a head for each channel.

docs/model.md draws it and says why it is so; docs/format.md has the same formulas for the coder, whose exact arithmetic
is in core/neural (neighbourhood-inl.h, network-inl.h, mixture-inl.h). Shapes: n pixels; T taps; 3 channels in coding
order (G, R, B); H hidden units; U units in each head; tensors are float32 unless stated.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from bbans_cli.coders.neural.neighbourhood import MISSING, NEAREST, NORTH, NORTHWEST, PHASE_ROWS, WEST
from bbans_cli.coders.neural.network_layout import EXTRA_COUNTS, LEAST_SQUARES, OUTPUTS
from bbans_cli.training.config import Size

LEAKY_SLOPE = 0.1
FLOOR = 2.0**-20  # probability that the coder's integer frequencies leave to every value, about
# Tuned by hand, not recorded.
CLIP = 6.0  # inputs are clipped to plus and minus this
LOG_SCALE_RANGE = (-6.0, 4.0)  # of the logistics, natural logarithms, in units of the activity


@dataclass(frozen=True)
class LeastSquares:
    """What both least squares say of n pixels, split by meaning.

    prediction (n, 3): of the residuals, by the local least squares. gain (n, 3): how much of the error of G to expect
    in R, of G in B, of R in B. half_log_sigma (n, 3): half the logarithm of the error to expect. phase_prediction
    (n, 3): of the residuals given the pixel's earlier channels, by the phase-conditioned least squares. errors (n, 15):
    half the logarithms of the errors to expect of those, 3, and the errors of both at coded pixels nearby, 12.
    """

    prediction: torch.Tensor
    gain: torch.Tensor
    half_log_sigma: torch.Tensor
    phase_prediction: torch.Tensor
    errors: torch.Tensor

    @classmethod
    def of(cls, columns: torch.Tensor) -> LeastSquares:
        """From the LS_COLUMNS of the C core, (n, 27)."""
        return cls(
            prediction=columns[:, LEAST_SQUARES["local_prediction"]],
            gain=columns[:, LEAST_SQUARES["local_gain"]],
            half_log_sigma=columns[:, LEAST_SQUARES["local_half_log_sigma"]],
            phase_prediction=columns[:, LEAST_SQUARES["phase_prediction"]],
            errors=columns[:, LEAST_SQUARES["phase_half_log_sigma"].start :],
        )

    def inputs(self, base: torch.Tensor, activity: torch.Tensor) -> torch.Tensor:
        """The network's inputs from these, (n, 25). base, activity: (n, 3)."""
        local = (_valid(self.prediction, base) / activity).clamp(-CLIP, CLIP)
        green = (self.phase_prediction[:, :1] / activity[:, :1]).clamp(-CLIP, CLIP)
        return torch.cat([local, self.gain, self.half_log_sigma, green, self.errors], dim=1)

    def conditional(self, base: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        """Conditional predictions of the residuals (n, 3): each channel's once the earlier ones are known.

        The errors of earlier channels, times their gains, are added to the local prediction.
        """
        error = residual - self.prediction
        green = error[:, 0]
        red = error[:, 1] - self.gain[:, 0] * green
        corrections = (
            torch.zeros_like(green),
            self.gain[:, 0] * green,
            self.gain[:, 1] * green + self.gain[:, 2] * red,
        )
        return _valid(self.prediction + torch.stack(corrections, dim=1), base)


def _valid(residual: torch.Tensor, base: torch.Tensor) -> torch.Tensor:
    """Residuals whose sum with the base is brought into 0..255."""
    return (residual + base).clamp(0, 255) - base


def normalise(taps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Taps (n, 3, T) of values 0..255 -> the first inputs up to base, bases (n, 3), activities (n, 3).

    The base is the median edge predictor of LOCO-I (Weinberger, Seroussi, Sapiro, 2000). The activity is 0.7, which was
    tuned by hand (not recorded), plus the mean absolute difference of the 12 nearest taps from the base.
    """
    west, north, northwest = taps[..., WEST], taps[..., NORTH], taps[..., NORTHWEST]
    high, low = torch.maximum(west, north), torch.minimum(west, north)
    base = torch.where(northwest >= high, low, torch.where(northwest <= low, high, west + north - northwest))
    difference = taps - base[..., None]
    activity = 0.7 + difference[..., list(NEAREST)].abs().mean(-1)
    scaled = (difference / activity[..., None]).clamp(-CLIP, CLIP)
    features = torch.cat([(torch.log2(activity) - 2) / 2, base / 128 - 1], dim=1)
    return torch.cat([scaled.flatten(1), features], dim=1), base, activity


class Likelihood(nn.Module):
    """p(x | z, causal neighbourhood) as mixtures of discretised logistics (PixelCNN++: Salimans et al., 2017)."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        widths = [size.inputs] + [size.hidden] * size.layers
        self.phase = nn.Parameter(torch.zeros(PHASE_ROWS, size.hidden))
        self.trunk = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:], strict=False))
        self.head = nn.ModuleList(nn.Linear(size.hidden + extra, size.head) for extra in EXTRA_COUNTS)
        outs = [nn.Linear(size.head, OUTPUTS.size) for _ in range(3)]
        for out in outs:
            nn.init.zeros_(out.weight)
            with torch.no_grad():
                out.bias.zero_()
                out.bias[OUTPUTS["means"]] = torch.tensor([-0.6, -0.1, 0.1, 0.6])
                out.bias[OUTPUTS["log_scales"]] = torch.tensor([-0.5, -1.5, -1.5, -0.5])
        self.out = nn.ModuleList(outs)

    def forward(
        self,
        taps: torch.Tensor,
        values: torch.Tensor,
        modulation: torch.Tensor | None,
        phase: torch.Tensor,
        least_squares: torch.Tensor,
    ) -> torch.Tensor:
        """-log2 p of each sub-pixel, (n, 3).

        taps: (n, 3, T). values: (n, 3), 0..255. modulation: (g, layers, 2, H), scales (less 1) and shifts, or None
        without latents; the pixels are g groups of equal size. phase: (n, 3) int64, rows of self.phase, PHASE_ROWS for
        none. least_squares: (n, 27), LS_COLUMNS of bbans_cli.coders.neural.band_scan.
        """
        inputs, base, activity = normalise(taps)
        ls = LeastSquares.of(least_squares)
        residual = values - base
        conditional, by_phase = ls.conditional(base, residual), ls.phase_prediction
        inputs = torch.cat([inputs, ls.inputs(base, activity)], dim=1)
        hidden = self.hidden_units(inputs, phase, modulation)
        bits = []
        for c in range(3):
            extras = [residual[:, e] / activity[:, a] for e in range(c) for a in (e, c)]
            extras += [each[:, c] / activity[:, c] for each in (conditional, by_phase)] if c else []
            earlier = residual[:, :2] * (torch.arange(2) < c)
            shifts = torch.cat([earlier, conditional[:, c : c + 1], by_phase[:, c : c + 1]], dim=1)
            outputs = self.outputs(c, hidden, extras)
            bits.append(mixture_bits(outputs, values[:, c], base[:, c], activity[:, c], shifts))
        return torch.stack(bits, dim=1)

    def hidden_units(self, inputs: torch.Tensor, phase: torch.Tensor, modulation: torch.Tensor | None) -> torch.Tensor:
        """The last hidden layer, (n, H), from inputs (n, INPUTS.size); phase and modulation as in `forward`."""
        hidden = inputs
        count_of_row = (phase[:, :, None] == torch.arange(PHASE_ROWS)).sum(1).float()
        by_layer = None if modulation is None else [m[:, :, None].unbind(1) for m in modulation.unbind(1)]
        for i, layer in enumerate(self.trunk):
            active = layer(hidden)
            if i == 0:
                active = active + count_of_row @ self.phase
            if by_layer is not None:
                scale, shift = by_layer[i]
                grouped = active.reshape(len(scale), -1, active.shape[1])
                active = torch.addcmul(shift, grouped, 1 + scale).reshape(active.shape)
            active = nn.functional.leaky_relu(active, LEAKY_SLOPE)
            hidden = active if i == 0 else hidden + active
        return hidden

    def outputs(self, channel: int, hidden: torch.Tensor, extras: list[torch.Tensor]) -> torch.Tensor:
        """The 16 outputs of a channel's head, (n, 16), from hidden units (n, H) and extras, (n,) each."""
        head = self.head[channel]
        assert isinstance(head, nn.Linear)
        weight, count = head.weight, self.size.hidden
        units = nn.functional.linear(hidden, weight[:, :count], head.bias)
        if extras:
            units = units + torch.stack([e.clamp(-CLIP, CLIP) for e in extras], 1) @ weight[:, count:].T
        outputs: torch.Tensor = self.out[channel](nn.functional.leaky_relu(units, LEAKY_SLOPE)).float()
        return outputs


def mixture_bits(
    outputs: torch.Tensor, value: torch.Tensor, base: torch.Tensor, activity: torch.Tensor, shifts: torch.Tensor
) -> torch.Tensor:
    """-log2 of the mixture's mass on [value - 1/2, value + 1/2], open at 0 and 255, (n,).

    outputs (n, 16) of a head; value, base, activity (n,) of its channel. shifts (n, 4): residuals of G and R, 0 where
    not known yet, conditional prediction and phase-conditioned prediction; the outputs have a coefficient for each, by
    which it shifts all means.
    """
    logits, means, log_scales = (outputs[:, OUTPUTS[name]] for name in ("logits", "means", "log_scales"))
    coefficients = outputs[:, OUTPUTS["residual_coefficients"].start :]
    centre = base[:, None] + (coefficients * shifts).sum(1, keepdim=True)
    mean = centre + activity[:, None] * means
    inverse = torch.exp(-log_scales.clamp(*LOG_SCALE_RANGE)) / activity[:, None]
    distance = (value[:, None] - mean) * inverse
    half = 0.5 * inverse
    upper = torch.sigmoid(distance + half).masked_fill((value > 254.5)[:, None], 1.0)
    lower = torch.sigmoid(distance - half).masked_fill((value < 0.5)[:, None], 0.0)
    mass = (torch.softmax(logits, dim=1) * (upper - lower)).sum(1)
    return -torch.log2(mass + FLOOR)


def gather(planes: torch.Tensor, index: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Taps (n, 3, T) from planes (3, pixels) uint8 in coding order, read at flat positions ``index`` (n, T) int64.

    known (n, T) bool: False where there is no pixel to read; the tap is MISSING there.
    """
    taps = planes[:, index].permute(1, 0, 2).float()
    return torch.where(known[:, None, :], taps, torch.tensor(float(MISSING)))
