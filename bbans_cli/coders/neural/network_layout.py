"""The layout of what the likelihood network reads and writes: the one source of its sizes and offsets.

Reference, training and tests take their slices from these tables. ``python -m scripts.release.make_network_layout``
writes the same numbers into core/neural/network_layout_types.h and the tables into docs/model.md; a test holds both to
this module. To add an input, add a row here, run that command, and compute the input in core/neural/neighbourhood-inl.h
and in reference/.

Arrays over channels are in coding order: G, R, B.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

TAPS = 28  # neighbours that the network sees of a channel; neighbourhood.TAPS says which


@dataclass(frozen=True)
class Field:
    """`count` columns from `offset` on, and what is in them."""

    name: str
    offset: int
    count: int
    meaning: str

    @property
    def slice(self) -> slice:
        return slice(self.offset, self.offset + self.count)


class Layout:
    """Fields beside each other in the last axis of an array; ``layout["name"]`` is the slice of one."""

    def __init__(self, *rows: tuple[str, int, str]) -> None:
        self.fields: dict[str, Field] = {}
        self.size = 0
        for name, count, meaning in rows:
            self.fields[name] = Field(name, self.size, count, meaning)
            self.size += count

    def __getitem__(self, name: str) -> slice:
        return self.fields[name].slice

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields.values())

    def columns(self, *names: str) -> list[int]:
        """The numbers of the columns of some fields, in the order of the layout."""
        return [column for field in self if field.name in names for column in range(field.offset, field.slice.stop)]


# What both least squares give of a pixel before its own values are known. Errors are those of the conditional
# predictions of pixels that are known already.
_LEAST_SQUARES = (
    ("local_gain", 3, "local least squares: gain of R on the error in G, of B on that in G, of B on that in R"),
    ("local_half_log_sigma", 3, "local least squares: ln(expected error) / 2 of each channel"),
)
_ERRORS = (
    ("phase_half_log_sigma", 3, "phase-conditioned least squares: ln(expected error) / 2 of each channel"),
    ("local_error_size", 3, "ln(mean absolute error nearby / activity) / 2 of the local predictions"),
    ("phase_error_size", 3, "the same of the phase-conditioned predictions"),
    (
        "phase_error_west",
        3,
        "error of the phase-conditioned predictions at the pixel to the west / activity, to ±6",
    ),
    ("phase_error_north", 3, "the same of the pixel to the north"),
)

# What one pixel gives the first layer of the trunk.
INPUTS = Layout(
    ("taps", 3 * TAPS, "neighbours by channel, less the channel's base, / activity, clipped to ±6"),
    ("log_activity", 3, "(log2(activity) - 2) / 2 of each channel"),
    ("base", 3, "base / 128 - 1 of each channel"),
    ("local_prediction", 3, "prediction of the local least squares, less the base, / activity, clipped to ±6"),
    *_LEAST_SQUARES,
    ("phase_prediction", 1, "phase-conditioned prediction of G, less the base, / activity, clipped to ±6"),
    *_ERRORS,
)

# What `BandScan.least_squares` gives of one pixel.
LEAST_SQUARES = Layout(
    ("local_prediction", 3, "prediction of the local least squares from neighbours alone, less the base"),
    *_LEAST_SQUARES,
    ("phase_prediction", 3, "phase-conditioned prediction, given the earlier channels, less the base"),
    *_ERRORS,
)

# What a head gives of one sub-pixel: a mixture of COMPONENTS logistics, and what shifts its means.
COMPONENTS = 4
OUTPUTS = Layout(
    ("logits", COMPONENTS, "of the components' weights"),
    ("means", COMPONENTS, "from the centre, in units of the activity"),
    ("log_scales", COMPONENTS, "in units of the activity"),
    ("residual_coefficients", 2, "of the residuals of G and R, once they are known"),
    ("local_coefficient", 1, "of the conditional prediction of the local least squares"),
    ("phase_coefficient", 1, "of the phase-conditioned prediction"),
)

# What the correction of a sub-pixel's mixture sees, which learns only while coding. Errors are those of the mixture's
# mean before it was corrected; "size" is half a logarithm, clipped to ±3.
CORRECTIONS = Layout(
    ("own_errors", 10, "errors of this channel at 10 pixels nearby / activity, to ±6"),
    ("distances", 2, "of the conditional predictions of both least squares from the mean / activity, to ±6"),
    ("earlier_errors", 2, "of the channels before at this pixel / activity, to ±6; 0 where there is none"),
    ("other_errors", 8, "of the other two channels at the nearest 4 pixels, / activity, to ±6"),
    ("error_size", 1, "size of the mean absolute error of this channel at the nearest 4 pixels / activity"),
    ("earlier_sizes", 2, "sizes of the earlier errors / activity"),
    ("farther_size", 1, "size of the mean absolute error at the 6 pixels farther away / activity"),
    ("error_ratio", 1, "size of the mean absolute error at the nearest 4 pixels / mean expected error there"),
    ("earlier_ratios", 2, "sizes of the earlier errors / expected errors"),
)


def _extras(channel: int) -> Layout:
    if channel == 0:
        return Layout()
    return Layout(
        ("residuals", 2 * channel, "of each earlier channel: residual / its activity, / this channel's activity"),
        ("local_conditional", 1, "conditional prediction of the local least squares / activity"),
        ("phase_conditional", 1, "phase-conditioned prediction, given the earlier channels, / activity"),
    )


# What the head of each channel sees beside the hidden units, all clipped to ±6.
EXTRAS = tuple(_extras(channel) for channel in range(3))
EXTRA_COUNTS = tuple(extra.size for extra in EXTRAS)
