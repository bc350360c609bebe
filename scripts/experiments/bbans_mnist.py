"""BB-ANS on MNIST: the 10,000 test pictures in one chain, coded, decoded and compared with the bound.

    BBC_DATA=... python -m scripts.experiments.bbans_mnist [--train MINUTES [--more]] [--pictures 10000] [--kind raw]

The experiment of Townsend, Bird and Barber (2019) with the codecs of this package: binarised pictures (each pixel
drawn once, 1 with probability value / 255) with a Bernoulli likelihood, and raw pictures with a beta-binomial
likelihood. Coding needs the weights of weights/examples/ and not torch. Training, MINUTES of wall time for each kind,
replaces them.

rate: the bits that the chain added to the message; whole: the initial bits included. Seconds are processor time.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import click
import numpy as np

from bbans_cli.codecs import Message, UnderflowError
from scripts.experiments.mnist_model import PIXELS, Model, binarised, images

PAPER = {"binarised": 0.19, "raw": 1.41}
COLUMNS = """\
pixels        bound     rate     above    whole   paper  initial      bytes   coding decoding
             bit/px   bit/px             bit/px  bit/px     bits                   s        s"""
SHAPES = {"binarised": (320, 40), "raw": (512, 64)}  # hidden units, latents


class Result(NamedTuple):
    """bound, rate: bits per pixel; initial: bits; size: of the message in bytes; coding, decoding: seconds."""

    bound: float
    rate: float
    initial: float
    size: int
    coding: float
    decoding: float


def measure(model: Model, pictures: np.ndarray) -> Result:
    """Code pictures, uint8 (n, 784), decode them and compare."""
    bound = model.elbo(pictures)
    message = initial_bits(model, pictures)
    initial = message.copy()
    chain = model.chain(len(pictures))
    began = time.process_time()
    chain.push(message, pictures)
    coded = time.process_time()
    data = message.to_bytes()
    bits = message.bits - initial.bits
    message = Message.from_bytes(data)
    between = time.process_time()
    back = chain.pop(message)
    decoded = time.process_time()
    if not np.array_equal(back, pictures) or message != initial:
        raise SystemExit(f"{model.kind}: the decoded pictures differ")
    return Result(bound, bits / pictures.size, initial.bits, len(data), coded - began, decoded - between)


def initial_bits(model: Model, pictures: np.ndarray) -> Message:
    """The shortest message of random words with which the chain can begin; its first 50 pictures decide that."""
    pictures, words = pictures[-50:], 0
    while True:
        message = Message.random(words, np.random.default_rng(words))
        try:
            model.chain(len(pictures)).push(message.copy(), pictures)
            return message
        except UnderflowError:
            words += 1


def report(kind: str, result: Result, pictures: int) -> str:
    """One line of the table."""
    over = 100 * (result.rate / result.bound - 1)
    whole = 8 * result.size / (pictures * PIXELS)
    return (
        f"{kind:10}{result.bound:9.4f}{result.rate:9.4f}{over:+9.2f}%{whole:9.4f}{PAPER[kind]:8.2f}"
        f"{result.initial:9.0f}{result.size:11,}{result.coding:9.1f}{result.decoding:9.1f}"
    )


@click.command()
@click.option("--train", "minutes", type=float, help="Minutes of training for each kind, before coding (needs torch).")
@click.option("--more", is_flag=True, help="With --train: continue from the present weights.")
@click.option("--pictures", "count", default=10_000, show_default=True, help="Pictures of the test set.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(PAPER)), help="One kind only.")
def main(minutes: float | None, more: bool, count: int, kinds: tuple[str, ...]) -> None:
    """Code the test pictures of MNIST in one chain with BB-ANS; print rates and bounds."""
    kinds = kinds or tuple(PAPER)
    if minutes:
        from scripts.experiments.mnist_train import train

        for kind in kinds:
            train(kind, minutes, *SHAPES[kind], more)
    raw = images("test")
    click.echo(COLUMNS)
    for kind in kinds:
        pictures = (binarised(raw) if kind == "binarised" else raw)[:count]
        click.echo(report(kind, measure(Model(kind), pictures), len(pictures)))


if __name__ == "__main__":
    main()
