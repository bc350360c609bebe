"""Speed of the bare matrix product, per instruction set and shape, on one core.

    python scripts/bench_core.py [--isa avx2] [--seconds 0.3]

A line is one shape of the network's work on a run of pixels: forward (pixels x inputs -> outputs) and a weight's
gradient, whose left operand is read by columns. GMAC/s: 10^9 multiply-adds per second, best of many short runs.
"""

from __future__ import annotations

import click

from bbans_cli import core
from bbans_cli.core.direct import Direct

SHAPES = [
    ("first layer", 128, 96, 152, False),
    ("hidden layer", 128, 96, 96, False),
    ("half a wavefront", 50, 96, 152, False),
    ("small picture", 9, 96, 152, False),
    ("one pixel", 1, 96, 152, False),
    ("head", 128, 32, 96, False),
    ("outputs", 128, 16, 32, False),
    ("gradient, first layer", 152, 96, 256, True),
    ("gradient, hidden layer", 96, 96, 128, True),
]


@click.command()
@click.option("--isa", multiple=True, help="Instruction set; all that this CPU has, unless given.")
@click.option("--seconds", default=0.3, show_default=True, help="Time for each figure.")
def main(isa: tuple[str, ...], seconds: float) -> None:
    """Print GMAC/s of the bare matrix product."""
    names = list(isa) or core.available_isas()
    click.echo(f"{'GMAC/s on one core':28}{'rows':>6}{'outputs':>9}{'inputs':>8}" + "".join(f"{n:>9}" for n in names))
    for title, m, n, k, transposed in SHAPES:
        rates = [Direct(name).gemm_rate(m, n, k, transposed, seconds) for name in names]
        click.echo(f"{title:28}{m:6}{n:9}{k:8}" + "".join(f"{rate / 1e9:9.1f}" for rate in rates))
    missing = [name for name in core.built_isas() if name not in core.available_isas()]
    if missing:
        click.echo("not measured, this CPU lacks: " + ", ".join(missing))


if __name__ == "__main__":
    main()
