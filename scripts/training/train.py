"""Trains a weights file as a configuration says, from nothing.

    python -m scripts.training.train default --out trained

Reads the pictures below $BBC_DATA/train and $BBC_DATA/dev; says how they differ from weights/training-pictures.tsv.
Writes trained/default.safetensors when it has ended, and before that checkpoints and a log. After any stop, also by
SIGKILL, the same command goes on from the last checkpoint, with the same result: all random numbers follow from the
seed and the step. Where minutes end a stage, and not its steps, results do not repeat exactly; nor need they on another
CPU or with another torch. Minutes are processor time divided by the configuration's threads: what goes by on a machine
that does nothing else.

--stage 2 --start FILE leaves out the first stage, and begins the second with the weights of a file.

The log has one JSON object a line: step, seconds (what stopped runs took after their last checkpoint is not in it),
train (running mean of bits per sub-pixel of batches), dev (by set: of a neural network bits per sub-pixel with latents,
KL divergence included, without latents, and the KL divergence alone; of the fitted one bits per sub-pixel).
"""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import torch
from torch import nn

from bbans_cli.training.config import Config, ConfigError, Stage, read
from bbans_cli.training.pictures import Pictures
from bbans_cli.training.vae import load
from scripts.training import manifest
from scripts.training.models import Model, build

CONFIGS = Path(__file__).parent / "configs"
LEAST_RATE = 1e-6
KL_AT_FIRST = 0.2  # weight of the KL divergence; set by hand, not recorded


@dataclasses.dataclass
class Progress:
    """How far a training is: what the checkpoint holds beside weights."""

    stage: int = 0
    step: int = 0  # of all stages
    stage_step: int = 0
    seconds: float = 0.0  # of all stages
    stage_seconds: float = 0.0
    mean: float = 0.0  # running mean of bits, over so many batches
    averaged: int = 0

    def share(self, stage: Stage) -> float:
        """Of the stage, at the end of the step that begins."""
        return min(1.0, max((self.stage_step + 1) / stage.steps, self.stage_seconds / 60 / stage.minutes))

    def count(self, bits: float, seconds: float, most: int) -> None:
        """One step is done. most: batches of the running mean."""
        self.step, self.stage_step = self.step + 1, self.stage_step + 1
        self.seconds, self.stage_seconds = self.seconds + seconds, self.stage_seconds + seconds
        self.averaged = min(self.averaged + 1, most)
        self.mean += (bits - self.mean) / self.averaged

    def end_stage(self) -> None:
        """The next step is the first of the next stage."""
        self.stage, self.stage_step, self.stage_seconds = self.stage + 1, 0, 0.0


class Trainer:
    """A model, the exponential average of its weights, its optimiser, and the files of a training.

    later: the stage to begin with, 1 being the first, and the weights that it starts from. Raises ConfigError if the
    checkpoint is another configuration's.
    """

    def __init__(
        self, config: Config, model: Model, out: Path, clock: float, later: tuple[int, Path] | None = None
    ) -> None:
        self.config, self.model, self.clock = config, model, clock
        self.checkpoint, self.log = out.with_suffix(".checkpoint.pt"), out.with_suffix(".log.jsonl")
        self.progress = Progress()
        self.average = copy.deepcopy(model.module)
        self.optimiser = new_optimiser(model.module)
        if self.checkpoint.exists():
            self.resume()
        else:
            if later:
                self.progress.stage = later[0] - 1
                self.start_from(later[1])
            elif config.start:
                start = out.with_name(f"{config.start}.safetensors")
                if not start.exists():
                    raise ConfigError(f"{start}: not there; train `{config.start}` first")
                self.start_from(start)
            self.log.unlink(missing_ok=True)

    def start_from(self, path: Path) -> None:
        """Take the weights of a file."""
        self.model.module.load_state_dict(load(path)[0])
        self.average.load_state_dict(self.model.module.state_dict())

    def resume(self) -> None:
        """Go on from the checkpoint."""
        state = torch.load(self.checkpoint, weights_only=True)
        if state["config"] != repr(self.config):
            raise ConfigError(f"{self.checkpoint}: of another configuration; remove it to begin anew")
        self.model.module.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= self.progress.step]
        self.log.write_text("".join(line + "\n" for line in kept))

    def run(self) -> None:
        """Train to the end of the last stage."""
        while self.progress.stage < len(self.config.stages):
            stage = self.config.stages[self.progress.stage]
            share = self.progress.share(stage)
            bits = self.update(stage, share)
            now = time.process_time()
            self.progress.count(bits, (now - self.clock) / self.config.threads, stage.measure_interval)
            self.clock = now
            if share >= 1:
                self.model.module.load_state_dict(self.average.state_dict())
                self.optimiser = new_optimiser(self.model.module)
                self.progress.end_stage()
            if share >= 1 or self.progress.step % stage.measure_interval == 0:
                self.record()

    def update(self, stage: Stage, share: float) -> float:
        """One step; share: of the stage, at its end. Returns the batch's bits per sub-pixel."""
        step = self.progress.stage_step + 1
        rate = stage.rate * min(1, step / stage.warm_up) * 0.5 * (1 + math.cos(math.pi * share))
        for group in self.optimiser.param_groups:
            group["lr"] = max(rate, LEAST_RATE)
        torch.manual_seed((self.config.seed << 32) + self.progress.step)
        kl_weight = KL_AT_FIRST + (1 - KL_AT_FIRST) * min(1, share / stage.kl_warm_up) if stage.kl_warm_up else 1.0
        loss, bits = self.model.loss(self.progress.step, stage, kl_weight)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.model.module.parameters(), stage.clip)
        self.optimiser.step()
        decay = min(stage.average, 1 - 1 / (step / 10 + 1))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.model.module.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
        return float(bits.item())

    def line(self) -> dict[str, object]:
        """What the log says now."""
        progress = self.progress
        dev = self.model.measure(self.average)
        return {"step": progress.step, "seconds": round(progress.seconds), "train": round(progress.mean, 4), "dev": dev}

    def record(self) -> None:
        """Write a line of the log, then the checkpoint: whoever resumes drops lines after the checkpoint."""
        line = json.dumps(self.line())
        click.echo(line)
        with self.log.open("a") as log:
            log.write(line + "\n")
        state = {
            "config": repr(self.config),
            "model": self.model.module.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": dataclasses.asdict(self.progress),
        }
        new = self.checkpoint.with_suffix(".new")
        torch.save(state, new)
        os.replace(new, self.checkpoint)


def new_optimiser(module: nn.Module) -> torch.optim.Optimizer:
    """Adam with the decays that all trainings have."""
    return torch.optim.Adam(module.parameters(), betas=(0.9, 0.99), fused=True)


def train(config: Config, name: str, data: Path, out: Path, later: tuple[int, Path] | None = None) -> None:
    """Train, and write out/name.safetensors. later: as Trainer has it. Raises ConfigError."""
    clock = time.process_time()
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    for folder in [*(data / "train" / each for each in config.pictures), *(data / "dev" / each for each in config.dev)]:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder; BBC_DATA names that of train/ and dev/")
    differences = manifest.differences(data / "train", list(config.pictures))
    for difference in differences:
        click.echo(f"pictures: {difference}", err=True)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.safetensors"
    with ThreadPoolExecutor(config.threads) as workers:
        try:
            model = build(config, Pictures(data / "train", config.pictures), data / "dev", workers)
            trainer = Trainer(config, model, path, clock, later)
            trainer.run()
            pictures = "others" if differences else "weights/training-pictures.tsv"
            line = trainer.line()
            record = {"config": name, "pictures": pictures, "steps": line["step"]} | line
            model.write(path, trainer.average, {key: record[key] for key in record if key not in ("step", "train")})
        finally:
            workers.shutdown(cancel_futures=True)


@click.command()
@click.argument("config")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="trained", show_default=True)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), envvar="BBC_DATA", default=".")
@click.option("--minutes", type=float, help="Shorten all stages, so that the training takes this long.")
@click.option("--threads", type=int, help="Threads of torch, in place of the configuration's.")
@click.option("--stage", type=click.IntRange(1), default=1, help="Begin with this stage, from the weights of --start.")
@click.option("--start", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Weights for --stage.")
def main(
    config: str, out: Path, data: Path, minutes: float | None, threads: int | None, stage: int, start: Path | None
) -> None:
    """Train as CONFIG says: a file, or the name of one in scripts/training/configs/."""
    file = Path(config) if config.endswith(".toml") else CONFIGS / f"{config}.toml"
    try:
        wanted = read(file)
        wanted = wanted.shortened(minutes) if minutes else wanted
        if (stage > 1) != (start is not None) or stage > len(wanted.stages):
            raise ConfigError(f"{file}: --stage is 2 to {len(wanted.stages)}, and needs --start, as that needs --stage")
        later = (stage, start) if start else None
        train(dataclasses.replace(wanted, threads=threads or wanted.threads), file.stem, data, out, later)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
