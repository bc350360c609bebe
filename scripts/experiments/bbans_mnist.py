"""BB-ANS on MNIST: the 10,000 test pictures in one chain, coded, decoded and compared with the bound.

    BBC_DATA=... python -m scripts.experiments.bbans_mnist [--train MINUTES [--more]] [--pictures 10000] [--kind raw]

The experiment of Townsend, Bird and Barber (2019), with this package's codecs: pictures binarised (each pixel drawn
once with a probability of value / 255) under a Bernoulli likelihood, and raw under a beta-binomial one. Coding takes
the weights of weights/examples/ and no torch. Training makes new ones, MINUTES of the clock for each kind.

The rate is the bits that the chain added to the message; "whole" charges the initial ones too. Seconds are of one core.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import click
import numpy as np

from bbans_cli.codecs import Message, UnderflowError
from scripts.experiments.mnist_model import PIXELS, Model, binarised, images

PAPER = {"binarised": 0.19, "raw": 1.41}
HEADS = """\
pixels        bound     rate      over    whole   paper  initial      bytes   coding decoding
             bit/px   bit/px             bit/px  bit/px     bits                   s        s"""
SHAPES = {"binarised": (320, 40), "raw": (512, 64)}  # hidden units, latents


class Result(NamedTuple):
    """bound, rate: bits a pixel; initial: bits; size: of the whole message in bytes; coding, decoding: seconds."""

    bound: float
    rate: float
    initial: float
    size: int
    coding: float
    decoding: float


def measure(model: Model, pictures: np.ndarray) -> Result:
    """Code pictures (n, 784), decode them and see that all came back."""
    bound = model.elbo(pictures)
    message = enough(model, pictures)
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
        raise SystemExit(f"{model.kind}: the pictures did not come back")
    return Result(bound, bits / pictures.size, initial.bits, len(data), coded - began, decoded - between)


def enough(model: Model, pictures: np.ndarray) -> Message:
    """The shortest message of random words that the chain can begin with: it takes most for the first few pictures."""
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
@click.option("--train", "minutes", type=float, help="train first, this many minutes for each kind (needs torch)")
@click.option("--more", is_flag=True, help="with --train: go on from the weights that are there")
@click.option("--pictures", "count", default=10_000, show_default=True, help="of the test set")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(PAPER)), help="one of the two alone")
def main(minutes: float | None, more: bool, count: int, kinds: tuple[str, ...]) -> None:
    """Code MNIST's test pictures in one chain with BB-ANS and print rates beside the bound."""
    kinds = kinds or tuple(PAPER)
    if minutes:
        from scripts.experiments.mnist_train import train

        for kind in kinds:
            train(kind, minutes, *SHAPES[kind], more)
    raw = images("test")
    click.echo(HEADS)
    for kind in kinds:
        pictures = (binarised(raw) if kind == "binarised" else raw)[:count]
        click.echo(report(kind, measure(Model(kind), pictures), len(pictures)))


if __name__ == "__main__":
    main()
