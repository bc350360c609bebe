"""Size against time of bbc at every level and of other lossless formats at every effort, as a plot in docs/.

    python -m scripts.bench.front [--sets dev/photos] [--limit 2] [--from-last]

Encoding and decoding on one thread, picture by picture and codec by codec; docs/front.json has the figures. FLIF is
measured where the program `flif` is installed.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
import matplotlib

from scripts.bench import bench, table
from scripts.common import picture_sets

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

DOCS = Path(__file__).resolve().parents[2] / "docs"
CODECS = [
    *("bbc-1", "bbc-5", "bbc-9"),
    *(f"jxl-{effort}" for effort in range(1, 11)),
    *(f"webp-{method}" for method in range(0, 7, 2)),
    *("png", "flif"),
]
FAMILIES = {
    "bbc": ("bbc", "#c4522b", "o"), "jxl": ("JPEG XL", "#0b6e99", "s"), "webp": ("WebP", "#3f7d3a", "^"),
    "png": ("PNG", "0.35", "D"), "flif": ("FLIF", "#7b4fa0", "v"),
}  # fmt: skip


def draw(measured: dict, out: Path) -> None:
    """Two panels, encoding and decoding: bits per sub-pixel over Mpixel/s."""
    figure, panels = pyplot.subplots(1, 2, sharey=True, figsize=(11, 5), layout="constrained")
    area = measured["timed_pixels"] / 1e6
    for axes, direction in zip(panels, ("encode", "decode"), strict=True):
        for family, (name, colour, marker) in FAMILIES.items():
            rows = [row for row in measured["rows"] if row["codec"].partition("-")[0] == family]
            points = [(area / row[direction], 8 * row["bytes"] / measured["samples"]) for row in rows]
            if points:
                axes.plot(*zip(*points, strict=True), color=colour, marker=marker, linewidth=0.8, label=name)
            for row, point in zip(rows, points, strict=True):
                setting = row["codec"].partition("-")[2]
                axes.annotate(setting, point, xytext=(4, 4), textcoords="offset points", fontsize=8, color=colour)
        axes.set(xscale="log", xlabel=f"{direction}: Mpixel/s, {table.threads(measured)}")
        axes.grid(alpha=0.25, which="both")
    panels[0].set_ylabel("bits per sub-pixel")
    panels[0].legend()
    figure.suptitle(f"{measured['pictures']} pictures of {measured['name']}, {measured['pixels'] / 1e6:.1f} Mpixel")
    figure.savefig(out, dpi=110)
    pyplot.close(figure)


@click.command()
@click.option("--sets", "name", default="dev/photos", show_default=True, help="A folder, or its name below $BBC_DATA.")
@click.option(
    "--limit", default=2, show_default=True, help="Take at most N pictures; effort 10 takes minutes for each."
)
@click.option("--codecs", default=",".join(CODECS), help="Codecs, as in formats.py.")
@click.option("--from-last", is_flag=True, help="Draw the figures of docs/front.json without measuring.")
def main(name: str, limit: int, codecs: str, from_last: bool) -> None:
    """Measure size against time and draw it."""
    figures = DOCS / "front.json"
    if not from_last:
        sizes = bench.Sizes(bench.CACHE)
        measured = bench.measure(picture_sets.find(name, limit), codecs.split(","), sizes, 1, float("inf"))
        measured["machine"] = table.machine()
        figures.write_text(json.dumps(measured, indent=1) + "\n")
    measured = json.loads(figures.read_text())
    click.echo("\n".join(table.lines(measured)))
    draw(measured, DOCS / "front.png")


if __name__ == "__main__":
    main()
