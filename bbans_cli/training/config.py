"""What a training does, from a TOML file: the network, the pictures, the stages. scripts/training/configs/ has one for
each weights file. Needs no torch.

All random numbers of a training follow from its `seed` and the number of the step.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import TypeVar, get_args, get_origin, get_type_hints

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from bbans_cli.coders.neural.levels import LEVELS
from bbans_cli.coders.neural.network_layout import INPUTS

MINUTES = 360.0  # of a whole training, at most
WARM_UP_LEAST, LINES = 10, 20  # steps, and lines of the log, of each stage of a training that is shortened
MODELS = ("neural", "fitted")
SIDES = {"crops": (96, 1024), "thumbnails": (24, 64), "samples": (64, 1024)}  # of what is drawn, at least and at most
POSITIVE = {"kept", "first", "interval", "steps", "minutes", "rate", "warm_up", "clip", "blocks", "pixels",
            "measure_interval"}  # fmt: skip

T = TypeVar("T")


class ConfigError(Exception):
    """A configuration that does not say what a training needs; the message names the file, the place and the fault."""


@dataclass(frozen=True)
class Size:
    """Sizes of a likelihood network and of its latents, as in the metadata of a weights file."""

    hidden: int = 96
    layers: int = 2
    head: int = 32
    latents: tuple[int, ...] = (16,)  # latents of a block, by level, coarsest first
    blocks: tuple[int, ...] = (64,)  # sides of the levels' blocks in pixels

    @property
    def inputs(self) -> int:
        """Inputs of the first hidden layer."""
        return INPUTS.size


@dataclass(frozen=True)
class Folder:
    """How pictures of a folder are drawn. Within a folder they are drawn by their area."""

    share: float  # how often the folder is drawn from, beside the shares of the others
    scaled: float = 0.0  # share of its pictures that are scaled down first
    ycbcr: float = 0.0  # share of those as they are that are shown as Y, Cb, Cr, if a JPEG decoder made them


@dataclass(frozen=True)
class Draw:
    """What is made of a picture, and how many of these are kept in memory."""

    kind: str  # "crops", "thumbnails" or "samples"
    side: int  # crops, samples: side of what is cut of a picture; thumbnails: the largest side
    kept: int  # the latest so many are drawn from
    first: int  # of them, made before the first step
    interval: int  # steps after which the next one is made
    grey: float  # share in grey
    drawn: int = 0  # samples: pixels that are kept of a crop
    grid: float = 0.0  # crops: share of those as they are that have a grid
    grid_scaled: float = 0.0  # crops: the same of those scaled down
    mosaic: bool = False  # crops: whether the phases of the least squares in a grid are those of a mosaic
    bordered: float = 0.0  # crops: share of blocks that are pictures of their own, with borders
    without_latents: float = 0.0  # crops: share of blocks whose latents are left out


@dataclass(frozen=True)
class Stage:
    """A part of a training, after which the learning rate is zero. The next one starts from the mean of the weights.

    It ends after `steps` or `minutes`, whichever comes first; its results repeat exactly if that is the steps.
    """

    steps: int
    minutes: float  # of processor time, divided by the threads
    rate: float  # learning rate after the warm-up, from where it falls as a half cosine
    warm_up: int  # steps until the learning rate is full
    average: float  # decay of the exponential average of the weights, which is what is kept; 0: the last weights are
    clip: float  # largest norm of the gradient
    blocks: int  # blocks, or crops, of a batch
    pixels: int  # pixels drawn from each
    kl_warm_up: float = 0.0  # share of the stage until the KL divergence counts in full, lest the posterior collapse
    measure_interval: int = 2000  # steps between log lines and checkpoints
    scans: bool = False  # of a neural model: whether `blocks` pictures are coded, `pixels` more of each in a step


@dataclass(frozen=True)
class Config:
    """A training."""

    weights: str  # name of the file that is trained, in weights/
    model: str  # "neural" or "fitted"
    seed: int
    threads: int  # of torch
    dev: tuple[str, ...]  # folders below dev/ to measure on
    pictures: dict[str, Folder]  # by the folder's name below train/
    draw: Draw
    stages: tuple[Stage, ...]
    network: Size | None = None  # of a neural model
    start: str = ""  # name of the configuration whose result the first stage starts from; "": from nothing

    @property
    def minutes(self) -> float:
        """Of all stages."""
        return sum(stage.minutes for stage in self.stages)

    def shortened(self, minutes: float) -> Config:
        """The same in about so many minutes: every stage by the same factor, and measured LINES times at least."""
        factor = minutes / self.minutes
        stages = (
            dataclasses.replace(
                stage,
                steps=max(1, round(stage.steps * factor)),
                minutes=stage.minutes * factor,
                warm_up=max(WARM_UP_LEAST, round(stage.warm_up * factor)),
                measure_interval=min(stage.measure_interval, max(1, round(stage.steps * factor / LINES))),
            )
            for stage in self.stages
        )
        return dataclasses.replace(self, stages=tuple(stages))


def read(path: Path) -> Config:
    """The configuration of a file. Raises ConfigError for unknown, missing and wrong keys, and for too many minutes."""
    try:
        table: object = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    config = _dataclass(Config, table, str(path))
    for fault in _faults(config):
        raise ConfigError(f"{path}: {fault}")
    return config


def _faults(config: Config) -> Iterator[str]:
    """What cannot be trained."""
    if config.minutes > MINUTES:
        yield f"{config.minutes:g} minutes; a training has at most {MINUTES:g}"
    if config.model not in MODELS:
        yield f"model: {config.model!r} is none of {', '.join(MODELS)}"
    if config.draw.kind not in SIDES:
        yield f"draw.kind: {config.draw.kind!r} is none of {', '.join(SIDES)}"
    if (config.model == "neural") != (config.network is not None):
        yield "network: a neural model needs it, and no other has it"
    if (config.model == "fitted") != (config.draw.kind == "samples"):
        yield "draw.kind: the fitted model needs samples, and no other has them"
    least, most = SIDES[config.draw.kind]
    if not least <= config.draw.side <= most:
        yield f"draw.side: of {config.draw.kind} it is {least} to {most}"
    places: list[tuple[str, Draw | Stage]] = [("draw", config.draw)]
    for place, part in places + [(f"stages[{i}]", stage) for i, stage in enumerate(config.stages)]:
        for name, value in dataclasses.asdict(part).items():
            if name in POSITIVE and not value > 0:
                yield f"{place}: {name}: {value!r} is not above 0"
    if any(stage.scans for stage in config.stages):
        if config.model != "neural":
            yield "stages: scans: of a neural model alone"
        elif not any(config.weights in level.networks() for level in LEVELS.values()):
            yield f"weights: no level has {config.weights!r}, so that scans have no settings"
    if not config.pictures or not config.stages:
        yield "no pictures or no stages"


def _dataclass(kind: type[T], table: object, place: str) -> T:
    """A table as a dataclass."""
    if not isinstance(table, dict):
        raise ConfigError(f"{place}: not a table")
    assert dataclasses.is_dataclass(kind)
    types = get_type_hints(kind)
    for key in table:
        if key not in types:
            raise ConfigError(f"{place}: unknown key {key!r}")
    for field in dataclasses.fields(kind):
        if field.name not in table and field.default is dataclasses.MISSING:
            raise ConfigError(f"{place}: no key {field.name!r}")
    return kind(**{key: _value(types[key], value, f"{place}: {key}") for key, value in table.items()})


def _value(kind: object, value: object, place: str) -> object:
    """A value of TOML as one of a dataclass's types."""
    if get_origin(kind) is UnionType:
        kind = get_args(kind)[0]
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(get_args(kind)[0], each, f"{place}[{i}]") for i, each in enumerate(value))
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: _value(get_args(kind)[1], each, f"{place}.{key}") for key, each in value.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, place)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ConfigError(f"{place}: {value!r} is no {kind.__name__ if isinstance(kind, type) else 'list or table'}")
    return value
