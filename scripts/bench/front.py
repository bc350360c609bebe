"""Size against time of bbc at every level and of other lossless formats at every effort, as a plot in docs/.

    python -m scripts.bench.front [--sets dev/photos,dev/camera] [--limit 2] [--from-last]

Encoding and decoding, processor time of one thread, picture by picture and codec by codec; docs/front.json has the
figures. FLIF is measured where the program `flif` is installed. Open coders that no package brings are drawn hollow, at
the figures of ELSEWHERE.
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
# Built from source (github.com/a1024, github.com/WangXuan95/NBLI) and measured before by processor time of one thread,
# beside JPEG XL 0.11.2: name, share of its bytes at effort 9, speed of encoding and decoding as multiples of its.
ELSEWHERE = {
    "dev/photos": [  # four of the ten pictures: colosseum, unsplash, Canon, Nikon
        ("a1024 c14", 0.986, 2.05 / 0.166, 1.84 / 4.61),
        ("a1024 c24", 1.021, 9.01 / 0.166, 8.65 / 4.61),
        ("a1024 c32", 1.013, 26.8 / 0.166, 29.3 / 4.61),
        ("NBLI -g", 1.003, 4.48 / 0.166, 4.51 / 4.61),
        ("NBLI", 1.005, 5.52 / 0.166, 6.24 / 4.61),
        ("L1codec", 1.025, 42.8 / 0.166, 55.0 / 4.61),
    ]
}


def draw(result: dict, out: Path) -> None:
    """A row of panels for each set, encoding and decoding: share of JPEG XL's bytes over Mpixel/s."""
    sets = result["sets"]
    figure, rows = pyplot.subplots(
        len(sets), 2, sharey="row", squeeze=False, figsize=(11, 4.6 * len(sets)), layout="constrained"
    )
    for panels, measured in zip(rows, sets, strict=True):
        base = next(row for row in measured["rows"] if row["codec"] == table.BASE)
        area = measured["timed_pixels"] / 1e6
        for axes, direction in zip(panels, ("encode", "decode"), strict=True):
            for family, (name, colour, marker) in FAMILIES.items():
                _family(axes, measured, family, direction, {"label": name, "color": colour, "marker": marker})
            for name, share, *speeds in ELSEWHERE.get(measured["name"], []):
                point = speeds[direction == "decode"] * area / base[direction], share
                axes.plot(*point, color="0.45", marker="o", fillstyle="none", linestyle="none")
                _annotate(axes, name, point, "0.45")
            axes.axhline(1, color="0.8", linewidth=0.8, zorder=0)
            axes.set(xscale="log", xlabel=f"{direction}: Mpixel/s, {table.clock(measured)}", ylim=_limits(measured))
            axes.grid(alpha=0.25, which="both")
        panels[0].set_ylabel(f"{measured['name']}: bytes, as a share of JPEG XL effort 9")
    rows[0][0].legend()
    counts = ", ".join(f"{measured['pictures']} pictures of {measured['name']}" for measured in sets)
    figure.suptitle(f"{counts}; hollow: measured before, elsewhere")
    figure.savefig(out, dpi=110)
    pyplot.close(figure)


def _family(axes: pyplot.Axes, measured: dict, family: str, direction: str, style: dict[str, str]) -> None:
    """A codec at all of its settings, as one line."""
    base = next(row for row in measured["rows"] if row["codec"] == table.BASE)
    rows = [row for row in measured["rows"] if row["codec"].partition("-")[0] == family]
    area = measured["timed_pixels"] / 1e6
    points = [(area / row[direction], row["bytes"] / base["bytes"]) for row in rows]
    if points:
        axes.plot(*zip(*points, strict=True), linewidth=0.8, **style)
    for row, point in zip(rows, points, strict=True):
        _annotate(axes, row["codec"].partition("-")[2], point, style["color"])


def _annotate(axes: pyplot.Axes, text: str, point: tuple[float, float], colour: str) -> None:
    axes.annotate(
        text, point, xytext=(4, 4), textcoords="offset points", fontsize=8, color=colour, annotation_clip=True
    )


def _limits(measured: dict) -> tuple[float, float]:
    """PNG and the lowest efforts lie far above: they would leave no room for the others."""
    base = next(row["bytes"] for row in measured["rows"] if row["codec"] == table.BASE)
    return 0.98 * min(row["bytes"] for row in measured["rows"]) / base, 1.25


@click.command()
@click.option("--sets", default="dev/photos,dev/camera", show_default=True, help="Folders, or names below $BBC_DATA.")
@click.option(
    "--limit", default=2, show_default=True, help="Take at most N pictures of each; effort 10 takes minutes for one."
)
@click.option("--codecs", default=",".join(CODECS), help="Codecs, as in formats.py.")
@click.option("--from-last", is_flag=True, help="Draw the figures of docs/front.json without measuring.")
def main(sets: str, limit: int, codecs: str, from_last: bool) -> None:
    """Measure size against time and draw it."""
    figures = DOCS / "front.json"
    if not from_last:
        sizes = bench.Sizes(bench.CACHE)
        found = [picture_sets.find(name, limit) for name in sets.split(",")]
        measured = [bench.measure(pictures, codecs.split(","), sizes, 1, float("inf")) for pictures in found]
        figures.write_text(json.dumps({"machine": table.machine(), "sets": measured}, indent=1) + "\n")
    result = json.loads(figures.read_text())
    for measured in result["sets"]:
        click.echo("\n".join(table.lines(measured)) + "\n")
    draw(result, DOCS / "front.png")


if __name__ == "__main__":
    main()
