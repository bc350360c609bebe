"""Which share of a set's pixels has colours that a PhotoCD can hold: nearly all of Kodak's, one in nine elsewhere.

    python -m scripts.experiments.kodak_lattice [--sets kodak,dev/photos,dev/camera]

The Kodak pictures were published on PhotoCD as 8-bit Y, C1, C2, and converted to RGB by

    R = floor(1.3584 Y + 1.8215 (C2 - 137))        B = floor(1.3584 Y + 2.2179 (C1 - 156))
    G = floor(1.3584 Y - 0.194 floor(2.2179 (C1 - 156)) - 0.509 floor(1.8215 (C2 - 137)))

The factors are PhotoCD's; that the conversion rounds where it does is shown by how many pixels the formula reaches. A
coder that adapts to a picture learns some of this lattice, so that Kodak says less about photographs than it seems.
"""

from __future__ import annotations

import click
import numpy as np

from scripts.common import pages, picture_sets

Y, C1, C2 = 1.3584, 2.2179, 1.8215
ZERO_C1, ZERO_C2 = 156, 137


def lattice() -> np.ndarray:
    """(2**24,) bool: whether some Y, C1, C2 becomes the colour 65536 R + 256 G + B without being clipped."""
    reached = np.zeros(1 << 24, bool)
    of_c1 = (C1 * (np.arange(256) - ZERO_C1))[:, None]
    of_c2 = (C2 * (np.arange(256) - ZERO_C2))[None, :]
    for luma in Y * np.arange(256):
        green = luma - 0.194 * np.floor(of_c1) - 0.509 * np.floor(of_c2)
        colours = np.stack(np.broadcast_arrays(np.floor(luma + of_c2), np.floor(green), np.floor(luma + of_c1)))
        inside = ((colours >= 0) & (colours <= 255)).all(0)
        reached[_index(colours[:, inside].astype(np.int64))] = True
    return reached


def _index(colours: np.ndarray) -> np.ndarray:
    return (colours[0] << 16) + (colours[1] << 8) + colours[2]


def shares(reached: np.ndarray, pixels: np.ndarray) -> tuple[int, int, int, int]:
    """(pixels, those on the lattice, pixels without a 0 or 255, those on the lattice) of (h, w, 3) uint8."""
    colours = pixels.reshape(-1, 3).T.astype(np.int64)
    on = reached[_index(colours)]
    inside = ((colours > 0) & (colours < 255)).all(0)
    return on.size, int(on.sum()), int(inside.sum()), int((on & inside).sum())


@click.command()
@click.option("--sets", default="kodak,dev/photos,dev/camera", help="Folders, or their names below $BBC_DATA.")
def main(sets: str) -> None:
    """Print the shares, set by set."""
    reached = lattice()
    click.echo(f"{reached.mean():.2%} of all colours are on the lattice.\n")
    rows = [["set", "pictures", "pixels on the lattice", "of those without a 0 or 255"]]
    for name in sets.split(","):
        found = picture_sets.find(name)
        pictures = [picture for picture in map(picture_sets.read, found.files) if picture.shape[2] == 3]
        every, on, inside, inside_on = np.sum([shares(reached, picture) for picture in pictures], axis=0)
        rows.append([name, str(len(pictures)), f"{on / every:.2%}", f"{inside_on / inside:.2%}"])
    click.echo(pages.table(rows))


if __name__ == "__main__":
    main()
