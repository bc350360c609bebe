"""Trains the network of the fitted coder on a folder of pictures, and writes the weights and a log.

    python -m scripts.training.train_fitted --data PICTURES --dev HELD_OUT --out trained/fitted.safetensors --minutes 8

Can be stopped and resumed: the checkpoint beside the output is read if it exists. The samples are drawn anew from all
pictures --draws times in the course of the training. The learning rate falls to zero over --minutes of processor time.
The log has one JSON object a line: step, seconds, dev (bits per sub-pixel of each subfolder of --dev, not fitted).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch

from bbans_cli.training import fitted
from bbans_cli.training.pictures import files

DEV_SETS = ("photos", "camera")
WARM_UP = 200  # steps until the learning rate is full; like the other schedules below, tuned by hand, not recorded


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="pictures in subfolders photos/ imagenet/ camera/")
    add("--dev", type=Path, help="folder with photos/ camera/ to measure on")
    add("--out", type=Path, required=True, help="weights file to write")
    add("--minutes", type=float, default=8, help="processor time of the whole training (%(default)s)")
    add("--draws", type=int, default=2, help="times that samples are drawn (%(default)s)")
    add("--batch", type=int, default=2048, help="samples of a step (%(default)s)")
    add("--rate", type=float, default=4e-3, help="learning rate at its highest (%(default)s)")
    add("--seed", type=int, default=1, help="of weights and samples (%(default)s)")
    return parser.parse_args()


class Trainer:
    """A network, its optimiser, how far they are."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.checkpoint = args.out.with_suffix(".checkpoint.pt")
        self.network = fitted.Network()
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=args.rate, betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.seconds = state["step"], state["seconds"]

    @property
    def progress(self) -> float:
        """The share of the training that is done."""
        return min(1.0, self.seconds / 60 / float(self.args.minutes))

    def update(self, batch: np.ndarray) -> None:
        """One step."""
        rate = self.args.rate * min(1, (self.step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * self.progress))
        for group in self.optimiser.param_groups:
            group["lr"] = max(rate, 1e-5)
        self.optimiser.zero_grad()
        self.network(batch).mean().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 3.0)
        self.optimiser.step()
        self.step += 1

    def save(self) -> None:
        """Write the checkpoint."""
        state = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save(state | {"step": self.step, "seconds": self.seconds}, self.checkpoint)


def held_out(folder: Path) -> np.ndarray:
    """Samples of the pictures of a folder, as they are."""
    return fitted.samples_of(files(folder), 4000, 0.0, np.random.default_rng(7), whole=True)


def log(trainer: Trainer, sets: dict[str, np.ndarray]) -> dict[str, float]:
    """Append a line to the log; returns the bits of each set."""
    dev = {name: round(fitted.mean_bits(trainer.network, pool), 4) for name, pool in sets.items()}
    line = json.dumps({"step": trainer.step, "seconds": round(trainer.seconds), "dev": dev})
    print(line, flush=True)
    with trainer.args.out.with_suffix(".log.jsonl").open("a") as file:
        file.write(line + "\n")
    return dev


def main() -> None:
    """Train as the command line says."""
    args = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    sets = {name: held_out(args.dev / name) for name in DEV_SETS} if args.dev else {}
    trainer, random = Trainer(args), np.random.default_rng([args.seed, 1])
    pool, drawn = np.empty(0), -1
    while trainer.progress < 1:
        if int(trainer.progress * args.draws) != drawn:
            drawn = int(trainer.progress * args.draws)
            pool = fitted.samples(args.data, args.seed + drawn)
        before = time.process_time()
        for _ in range(200):
            trainer.update(pool[random.integers(len(pool), size=args.batch)])
        trainer.seconds += time.process_time() - before
        if trainer.step % 2000 == 0:
            trainer.save()
            log(trainer, sets)
    batches = (pool[random.integers(len(pool), size=256)] for _ in range(300))
    record = {"steps": trainer.step, "seconds": round(trainer.seconds), "dev": log(trainer, sets)}
    fitted.save(args.out, trainer.network.named(), fitted.fisher(trainer.network, batches), record)
    trainer.save()


if __name__ == "__main__":
    main()
