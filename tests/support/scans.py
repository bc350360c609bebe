"""Band scans over small pictures under small random networks, and bands, for tests."""

from dataclasses import replace

import numpy as np
import tiny

from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural.band_scan import BandScan
from bbans_cli.coders.neural.network_layout import EXTRAS, INPUTS, OUTPUTS
from bbans_cli.coders.neural.scan_shape import TRUNK_AFTER, ScanShape
from bbans_cli.coders.neural.weights import flatten
from bbans_cli.entropy.rans import Message
from bbans_cli.reference.band_scan import diagonals
from bbans_cli.reference.network import Net


def small_scan(
    *,
    width: int,
    height: int,
    channels: int = 3,
    first_row: int = 0,
    last_row: int | None = None,
    hidden: int = 16,
    layers: int = 1,
    head: int = 16,
    block: int = 0,
    batch: int = 0,
    learning_rate: float = 0.0,
    update_interval: int = 1,
    trunk_after: int = TRUNK_AFTER,
    grid: tuple[int, int] = (-1, -1),
    period: int = 1,
    low_bits: int = 0,
    fraction: int = 0,
    light: int = 0,
    correction: int = 1,
) -> ScanShape:
    """The shape of a scan over all rows, unless given otherwise, with the smallest network that there can be."""
    return ScanShape(
        width=width,
        height=height,
        channels=channels,
        first_row=first_row,
        last_row=height if last_row is None else last_row,
        hidden=hidden,
        layers=layers,
        head=head,
        block=block,
        batch=batch,
        learning_rate=learning_rate,
        update_interval=update_interval,
        trunk_after=trunk_after,
        grid_x=grid[0],
        grid_y=grid[1],
        period=period,
        low_bits=low_bits,
        fraction=fraction,
        light=light,
        correction=correction,
    )


def inputs(shape: ScanShape) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """A network, the modulation (None without blocks) and pixels for a scan."""
    size = {"hidden": shape.hidden, "layers": shape.layers, "head": shape.head, "latents": [], "blocks": []}
    network = flatten(tiny.tensors(size), shape.layers)
    modulation = None
    if shape.block:
        blocks = -(-shape.width // shape.block) * -(-shape.last_row // shape.block)
        modulation = tiny.uniform(9, blocks, shape.layers, 2, shape.hidden) * np.float32(0.3)
        modulation[:, :, 0] += 1
    return network, modulation, tiny.deep_picture(shape.height, shape.width, shape.channels, shape.low_bits)


def without_least_squares(shape: ScanShape) -> np.ndarray:
    """The network of `inputs`, but without weights for what either least squares gives."""
    network = inputs(shape)[0]
    net = Net(network, shape.hidden, shape.layers, shape.head)
    net.trunk[0].weight[INPUTS["local_prediction"].start :] = 0
    for head, extras in zip(net.head[1:], EXTRAS[1:], strict=True):
        head.weight[shape.hidden :][extras["local_conditional"].start :] = 0
    shifts = slice(OUTPUTS["local_coefficient"].start, OUTPUTS.size)
    for out in net.out:
        out.weight[:, shifts] = out.bias[shifts] = 0
    return network


def least_squares(shape: ScanShape, pixels: np.ndarray) -> np.ndarray:
    """What both least squares predict of the pixels of a scan, by the C core: BandScan.least_squares."""
    return BandScan(
        shape, inputs(replace(shape, height=1, first_row=0, last_row=1, block=0))[0], None, pixels
    ).least_squares()


def by_position(shape: ScanShape, values: np.ndarray) -> np.ndarray:
    """Values in coding order to positions: (height, width, channels), channels in coding order; 0 elsewhere."""
    out, at = np.zeros((shape.height, shape.width, shape.channels), values.dtype), 0
    for x, y in diagonals(shape.width, shape.first_row, shape.last_row):
        n = shape.channels * len(x)
        out[y, x] = values[at : at + n].reshape(shape.channels, -1).T
        at += n
    return out


def intervals(
    shape: ScanShape, pixels: np.ndarray, modulation: np.ndarray | None = None, network: np.ndarray | None = None
) -> np.ndarray:
    """starts and freqs by position: (2, height, width, channels); None: those of `inputs`."""
    usual_network, usual, _ = inputs(shape)
    given = usual_network if network is None else network
    work = BandScan(shape, given, usual if modulation is None else modulation, pixels)
    return np.stack([by_position(shape, values) for values in work.intervals(1, lambda done: None)])


def coded(band: bands.BandCodec, pixels: np.ndarray, split: int) -> Message:
    """A band as a message with a given split. UnderflowError where the initial bits are too few for the latents."""
    message, latents = Message(), band.latents(split)
    band.initial_bits_rows(split).push(message, pixels)
    if split:
        z = latents.posterior(pixels).pop(message)
        band.latent_rows(split, latents.modulation(z)).push(message, pixels)
        latents.prior.push(message, z)
    return message


def latents_of(band: bands.BandCodec, pixels: np.ndarray, split: int) -> list[np.ndarray]:
    """The z that coding a band chooses."""
    message = Message()
    band.initial_bits_rows(split).push(message, pixels)
    return band.latents(split).posterior(pixels).pop(message)
