"""Curves of trainings: bits per sub-pixel on the training blocks and on each dev set, and the KL divergence.

    python -m scripts.training.plot_training weights/small.log.jsonl ...

Reads logs of train.py, which says what their lines hold. Writes <name>.png beside each log.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import click
import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

COLOURS = ("#0b6e99", "#c4522b", "#3f7d3a", "#7b4fa0")


class Progress(TypedDict):
    """What every line has."""

    step: int
    seconds: float
    dev: dict[str, float | tuple[float, float, float]]


class LogLine(Progress, total=False):
    """A line of a log. Those of older trainings of the fitted network have no `train`; that network has no latents."""

    train: float


def read(log: Path) -> list[LogLine]:
    """The lines of a log by step. Of a step that a resumed training did twice, the last."""
    lines: list[LogLine] = [json.loads(line) for line in log.read_text().splitlines() if line.strip()]
    return [line for _, line in sorted({line["step"]: line for line in lines}.items())]


def _figures(line: LogLine, name: str) -> tuple[float, ...]:
    """Of a dev set, bits per sub-pixel; where there are latents, also without these, and the KL divergence."""
    figures = line["dev"][name]
    return (figures,) if isinstance(figures, float) else tuple(figures)


def _draw_dev_sets(lines: list[LogLine], above: Axes, below: Axes) -> None:
    steps = [line["step"] for line in lines]
    for colour, name in zip(COLOURS, lines[-1]["dev"], strict=False):
        bits, *of_latents = zip(*(_figures(line, name) for line in lines), strict=True)
        above.plot(steps, bits, color=colour, label=f"{name}, {bits[-1]:.4f}")
        if of_latents:
            without, kl = of_latents
            label = f"  without latents, {without[-1]:.4f}"
            above.plot(steps, without, color=colour, linewidth=0.8, linestyle="--", label=label)
            below.plot(steps, kl, color=colour, label=f"{name}, {kl[-1]:.4f}")


def plot(lines: list[LogLine], title: str, out: Path) -> None:
    """One picture of two panels that share the axis of steps."""
    figure, (above, below) = pyplot.subplots(2, sharex=True, figsize=(9, 7), height_ratios=(3, 1), layout="constrained")
    trained = [(line["step"], line["train"]) for line in lines if "train" in line]
    if trained:
        above.plot(*zip(*trained, strict=True), color="0.6", label="training blocks")
    _draw_dev_sets(lines, above, below)
    late = [bits for line in lines[len(lines) // 20 :] for name in line["dev"] for bits in _figures(line, name)[:2]]
    late = late or [bits for _, bits in trained]  # a training that was not measured on held-out pictures
    above.set_ylim(min(late) - 0.1, max(late) + 0.1)
    above.set(title=title, ylabel="bits per sub-pixel")
    below.set(xlabel="step", ylabel="KL divergence", ylim=(0, None))
    for axes in (above, below):
        axes.grid(alpha=0.25)
        if axes.get_lines():
            axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(out, dpi=110)
    pyplot.close(figure)


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(logs: tuple[Path, ...]) -> None:
    """Draw the curves of LOGS."""
    for log in logs:
        name = log.name.split(".")[0]
        lines = read(log)
        out = log.with_name(f"{name}.png")
        plot(lines, f"{name}: {lines[-1]['step']:,} steps, {lines[-1]['seconds'] / 3600:.1f} hours", out)
        click.echo(out)


if __name__ == "__main__":
    main()
