"""What each part of the model is worth: coded bits per sub-pixel with it and without, on the dev sets.

    python -m scripts.experiments.ablation [--level 5] [--limit 4] [--markdown]

The weights are those that ship, trained with all parts; what a part is worth when a network is trained without it can
only be smaller. Latents are left out by coding whole bands as tails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import levels, weights
from bbans_cli.coders.neural.network_layout import EXTRAS, INPUTS, OUTPUTS
from bbans_cli.coders.neural.settings import band_codec
from scripts.common import pages, picture_sets

PAGE = Path(__file__).resolve().parents[2] / "docs" / "experiments.md"
Change = Callable[[bands.BandCodec], bands.BandCodec]


def without_least_squares(band: bands.BandCodec, kind: str) -> bands.BandCodec:
    """A band whose network has weights of 0 for all that one of the least squares gives; kind: local or phase."""
    inputs = INPUTS.columns(*(field.name for field in INPUTS if field.name.startswith(kind)))
    output = OUTPUTS[f"{kind}_coefficient"]
    tensors = {name: value.copy() for name, value in band.weights.tensors.items()}
    tensors["likelihood.trunk.0.weight"][:, inputs] = 0
    for c in range(3):
        tensors[f"likelihood.out.{c}.weight"][output] = tensors[f"likelihood.out.{c}.bias"][output] = 0
        if c:
            extra = EXTRAS[c][f"{kind}_conditional"]
            tensors[f"likelihood.head.{c}.weight"][:, band.weights.hidden :][:, extra] = 0
    network = weights.flatten(tensors, band.weights.layers)
    return replace(band, weights=replace(band.weights, tensors=tensors, network=network))


# name: what is changed, and whether there are latents
VARIANTS: dict[str, tuple[Change, bool]] = {
    "all": (lambda band: band, True),
    "without latents": (lambda band: band, False),
    "without a grid": (lambda band: replace(band, grid=(-1, -1)), True),
    "without local least squares": (lambda band: without_least_squares(band, "local"), True),
    "without phase-conditioned least squares": (lambda band: without_least_squares(band, "phase"), True),
    "mini-batches of 128 pixels": (lambda band: replace(band, batch=128), True),
    "without learning": (lambda band: replace(band, batch=0, learning_rate=0.0), True),
    "without learning and latents": (lambda band: replace(band, batch=0, learning_rate=0.0), False),
    "without learning and grid": (lambda band: replace(band, batch=0, learning_rate=0.0, grid=(-1, -1)), True),
}


def bits(pixels: np.ndarray, level: int, change: Change, latents: bool) -> float:
    """Bits of a picture (h, w, 1 or 3) as one band of a level, changed."""
    pixels, settings, name = levels.prepare(pixels, level)
    model = weights.by_name(name)
    band = change(band_codec(pixels.shape, model, settings))
    return bands.encode(pixels, band, latents)[0].bits


def row(name: str, sets: dict[str, list[np.ndarray]], level: int) -> list[float]:
    """Bits per sub-pixel of each set under a variant."""
    change, latents = VARIANTS[name]
    return [
        sum(bits(image, level, change, latents) for image in images) / sum(image.size for image in images)
        for images in sets.values()
    ]


@click.command()
@click.option("--sets", "names", default="dev/photos,dev/imagenet,dev/small64,kodak", show_default=True)
@click.option("--level", default=5, show_default=True)
@click.option("--limit", default=4, show_default=True, help="Pictures of each set; ten times as many of dev/small64.")
@click.option("--markdown", is_flag=True, help="Write the table into docs/experiments.md.")
def main(names: str, level: int, limit: int, markdown: bool) -> None:
    """Code pictures with parts of the model left out."""
    sets = {}
    for name in names.split(","):
        files = picture_sets.find(name, limit * (10 if "small" in name else 1)).files
        sets[name] = [picture_sets.read(path) for path in files]
    lines = [["", *sets]]
    full: list[float] = []
    for name in VARIANTS:
        found = row(name, sets, level)
        full = full or found
        cells = [f"{b:.4f}" + f" ({100 * (b / a - 1):+.2f} %)" * (b != a) for a, b in zip(full, found, strict=True)]
        lines.append([name, *cells])
        click.echo("  ".join(cell.ljust(30 if i == 0 else 19) for i, cell in enumerate(lines[-1])))
    if markdown:
        counts = ", ".join(f"{len(images)} of {name}" for name, images in sets.items())
        pages.write(PAGE, "make ablation", f"Level {level}; {counts}.\n\n{pages.table(lines)}")


if __name__ == "__main__":
    main()
