"""Speed of the matrix product by itself and while a photo is coded, on one core.

    python -m scripts.bench.core [--isa avx2] [--seconds 0.3] [--photo photo.png]

Each line of the first table is one shape of matrix product in the network: forward (pixels x inputs -> outputs), or the
gradient of a weight matrix, whose left operand is read by columns. GMAC/s: 10^9 multiply-adds per second, the best of
many short repetitions.

The second table divides the multiply-adds that the network of a level needs for a photo by the time of encoding and of
decoding, which includes all other work: neighbourhoods, mixtures, frequencies, rANS, the search for the split, Adam. It
is processor time of one thread, since other programs affect that least. "bare" is the speed of the product by itself at
the shapes of the network, each weighted by its share of the multiply-adds.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np

from bbans_cli import core
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural import weights
from bbans_cli.coders.neural.network_layout import EXTRA_COUNTS, INPUTS, OUTPUTS
from bbans_cli.coders.neural.settings import Settings
from bbans_cli.coders.neural.weights import Weights
from bbans_cli.container import Part
from bbans_cli.core.kernel_calls import KernelCalls
from scripts.common import picture_sets

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "roman-colosseum.png"
SHAPES = [
    ("first layer", 128, 96, INPUTS.size, False),
    ("hidden layer", 128, 96, 96, False),
    ("half a wavefront", 50, 96, INPUTS.size, False),
    ("small picture", 9, 96, INPUTS.size, False),
    ("one pixel", 1, 96, INPUTS.size, False),
    ("head", 128, 32, 96, False),
    ("outputs", 128, OUTPUTS.size, 32, False),
    ("gradient, first layer", INPUTS.size, 96, 256, True),
    ("gradient, hidden layer", 96, 96, 128, True),
]
BATCH = 64  # pixels of a mini-batch
Product = tuple[int, int, int, bool]  # rows, outputs, inputs, transposed


def products(model: Weights, every: int) -> list[tuple[Product, float]]:
    """The matrix products of a mini-batch of an RGB picture, and how often each is computed.

    Forward once; backward for one of ``every`` mini-batches (0: never).
    """
    hidden, head = model.hidden, model.head
    trunk = [(INPUTS.size, hidden)] + [(hidden, hidden)] * (model.layers - 1)
    heads = [(hidden + extra, head) for extra in EXTRA_COUNTS]
    layers = [*trunk, *heads, *[(head, OUTPUTS.size)] * 3]
    forward = [(BATCH, outputs, inputs, False) for inputs, outputs in layers]
    # The inputs of the first layer and the residuals that a head gets beside hidden units need no gradient.
    errors = [(BATCH, min(inputs, hidden), outputs, False) for inputs, outputs in layers[1:]]
    gradients = [(inputs, outputs, BATCH, True) for inputs, outputs in layers]
    return [(shape, 1.0) for shape in forward] + [(shape, 1 / every) for shape in errors + gradients if every]


def macs(shapes: list[tuple[Product, float]]) -> float:
    """Multiply-adds per pixel."""
    return sum(m * n * k * times for (m, n, k, _), times in shapes) / BATCH


def bare(shapes: list[tuple[Product, float]], seconds: float) -> float:
    """Multiply-adds per second of these products one after the other, with the selected instruction set."""
    kernels = KernelCalls(core.current_isa())
    rates = {shape: kernels.gemm_rate(*shape, seconds) for shape in dict.fromkeys(shape for shape, _ in shapes)}
    taken = sum(m * n * k * times / rates[m, n, k, transposed] for (m, n, k, transposed), times in shapes)
    return macs(shapes) * BATCH / taken


def code(pixels: np.ndarray, level: int) -> tuple[Part, float, float]:
    """Code a photo on one thread: the coded part, and seconds of processor time to encode and to decode it."""
    start = time.process_time()
    part = neural_coder.encode(pixels, level, 1)
    middle = time.process_time()
    back = neural_coder.decode(part, pixels.shape[1], pixels.shape[0], pixels.shape[2], 1)
    end = time.process_time()
    if not np.array_equal(back, pixels):
        raise RuntimeError("the decoded photo differs")
    return part, middle - start, end - middle


def coding(photo: Path, levels: list[int], seconds: float) -> list[str]:
    """The second table."""
    pixels = picture_sets.read(photo)
    area = pixels.shape[0] * pixels.shape[1]
    out = [
        f"{'coding ' + photo.name + ', GMAC/s on one core':44}"
        + "".join(f"{column:>10}" for column in ("kMAC/px", "bare", "encode", "share", "decode", "share", "Mpx/s"))
    ]
    for level in levels:
        code(pixels[:64, :64].copy(), level)
        part, encoding, decoding = code(pixels, level)
        model, settings = weights.by_id(part.model_id), Settings.from_bytes(part.settings)
        every = settings.update_interval if settings.batch else 0
        shapes = products(model, every)
        product = bare(shapes, seconds)
        each = [macs(shapes) * area / taken for taken in (encoding, decoding)]
        how = "learning" + (f" from one of {every} mini-batches" if every > 1 else "") if every else "static"
        title = f"bbc -{level}: {model.name}, {how}"
        speeds = f"{area / encoding / 1e6:.2f}/{area / decoding / 1e6:.2f}"
        out.append(
            f"{title:44}{macs(shapes) / 1e3:10.1f}{product / 1e9:10.1f}"
            + "".join(f"{speed / 1e9:10.1f}{speed / product:10.2f}" for speed in each)
            + f"{speeds:>11}"
        )
    return out


@click.command()
@click.option("--isa", multiple=True, help="Instruction set; by default all that this CPU has.")
@click.option("--seconds", default=0.3, show_default=True, help="Time for each figure.")
@click.option("--photo", default=str(SAMPLE), show_default=False, help="The picture to code; by default the sample.")
@click.option("--levels", default="1,5,9", show_default=True, help="Levels to code it with.")
def main(isa: tuple[str, ...], seconds: float, photo: str, levels: str) -> None:
    """Print GMAC/s of the bare matrix product, and of coding a photo."""
    names = list(isa) or core.available_isas()
    click.echo(f"{'GMAC/s on one core':28}{'rows':>6}{'outputs':>9}{'inputs':>8}" + "".join(f"{n:>9}" for n in names))
    for title, m, n, k, transposed in SHAPES:
        rates = [KernelCalls(name).gemm_rate(m, n, k, transposed, seconds) for name in names]
        click.echo(f"{title:28}{m:6}{n:9}{k:8}" + "".join(f"{rate / 1e9:9.1f}" for rate in rates))
    missing = [name for name in core.built_isas() if name not in core.available_isas()]
    if missing:
        click.echo("not measured, this CPU lacks: " + ", ".join(missing))
    for name in names:
        core.select_isa(name)
        click.echo(f"\n{name}")
        click.echo("\n".join(coding(Path(photo), [int(level) for level in levels.split(",")], seconds)))


if __name__ == "__main__":
    main()
