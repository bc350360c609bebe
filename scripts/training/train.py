"""Trains the networks on a folder of pictures by their ELBO, and writes the weights and a log.

    python -m scripts.training.train --data PICTURES --dev HELD_OUT --out trained/small.safetensors --minutes 90

Can be stopped and resumed: the checkpoint beside the output is read if it exists. The learning rate falls to zero over
--steps or --minutes of the whole training, whichever ends first. The log has one JSON object a line: step, seconds,
train (running mean of bits per sub-pixel on training blocks), dev (for each set of --dev bits per sub-pixel with
latents, KL divergence included, without latents, and the KL divergence alone).
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from pathlib import Path

import torch

from bbans_cli.training.crops import Batch, Crops, held_out
from bbans_cli.training.network import Size
from bbans_cli.training.pictures import files
from bbans_cli.training.thumbnails import Thumbnails
from bbans_cli.training.vae import Vae, load, save
from bbans_cli.training.widen import widen

DEV_SETS = ("photos", "imagenet", "small64")
DEV_BLOCKS, DEV_PIXELS, DEV_SEED = 60, 256, 7
WARM_UP = 500  # steps until the learning rate is full; like the other schedules below, tuned by hand, not recorded


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="pictures; subfolders are drawn from equally often")
    add("--share", nargs=2, action="append", default=[], metavar=("SUBFOLDER", "SHARE"), help="draw it so often, not 1")
    add("--thumbnails", action="store_true", help="of pictures scaled down to at most 64x64, with their borders")
    add("--dev", type=Path, help="folder with photos/ imagenet/ small64/ to measure on")
    add("--out", type=Path, required=True, help="weights file to write")
    add("--start", type=Path, help="weights file of a narrower or equal network to start from")
    add("--hidden", type=int, default=96, help="hidden units of a layer (%(default)s)")
    add("--layers", type=int, default=2, help="hidden layers (%(default)s)")
    add("--head", type=int, default=32, help="hidden units of each head (%(default)s)")
    add("--steps", type=int, default=150_000, help="steps of the whole training (%(default)s)")
    add("--minutes", type=float, default=math.inf, help="time of the whole training (%(default)s)")
    add("--crops", type=int, default=32, help="blocks of a batch (%(default)s)")
    add("--pixels", type=int, default=128, help="pixels drawn from each block (%(default)s)")
    add("--rate", type=float, default=2e-3, help="learning rate at its highest (%(default)s)")
    add("--average", type=float, default=0.9995, help="decay of the exponential average of weights (%(default)s)")
    add("--threads", type=int, default=1, help="threads of torch (%(default)s)")
    add("--exact", type=float, default=0.15, help="share of the training, at its end, without bfloat16 (%(default)s)")
    add("--refresh-every", type=int, default=40, help="steps until the region of a picture is replaced (%(default)s)")
    add("--measure-every", type=int, default=2000, help="steps between log lines and checkpoints (%(default)s)")
    add("--seed", type=int, default=1, help="of weights and blocks (%(default)s)")
    add("--limit", type=int, help="pictures of each subfolder to use, for a quick try")
    return parser.parse_args()


@torch.no_grad()
def measure(model: Vae, sets: dict[str, Batch]) -> dict[str, list[float]]:
    """Bits per sub-pixel on each set: with latents (KL divergence included), without, and the KL divergence."""
    result = {}
    for name, batch in sets.items():
        bits, kl = model(batch)
        without, _ = model(batch, use_latents=False)
        means = ((bits.mean() + kl.mean()).item(), without.mean().item(), kl.mean().item())
        result[name] = [round(mean, 4) for mean in means]
    return result


class Trainer:
    """A model, the exponential average of its weights, which is what ships, and its optimiser."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.checkpoint = args.out.with_suffix(".checkpoint.pt")
        size = Size(hidden=args.hidden, layers=args.layers, head=args.head)
        self.model = Vae(size)
        self.step, self.seconds = 0, 0.0
        if args.start and not self.checkpoint.exists():
            self.model.load_state_dict(widen(*load(args.start), size))
        self.average = copy.deepcopy(self.model)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=args.rate, betas=(0.9, 0.99), fused=True)
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.seconds = state["step"], state["spent"]

    def update(self, batch: Batch, progress: float) -> float:
        """One step; progress: share of the training that it ends, 0 to 1. Returns the batch's bits per sub-pixel.

        The KL divergence counts less at first, lest the posterior collapse.
        """
        args = self.args
        rate = args.rate * min(1, (self.step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in self.optimiser.param_groups:
            group["lr"] = max(rate, 1e-6)
        bits, kl = self.model(batch, bfloat16=progress < 1 - args.exact)
        loss = bits.mean() + min(1.0, 0.2 + 4 * progress) * kl.mean()
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        decay = min(args.average, 1 - 1 / (self.step / 10 + 1))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
        return float(bits.mean().item())

    def save(self, record: dict[str, object]) -> None:
        """Write the checkpoint and the weights."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "spent": self.seconds,
        }
        torch.save(state, self.checkpoint)
        save(self.args.out, self.average, record)


def main() -> None:
    """Train as the command line says."""
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    crops: Crops | Thumbnails
    if args.thumbnails:
        crops = Thumbnails(args.data, args.seed, args.limit)
    else:
        crops = Crops(args.data, args.seed, args.limit, {name: float(share) for name, share in args.share})
    sets = {}
    if args.dev:
        sets = {name: held_out(files(args.dev / name), DEV_BLOCKS, DEV_SEED, DEV_PIXELS) for name in DEV_SETS}
    trainer = Trainer(args)
    started, spent_before = time.time(), trainer.seconds
    mean_bits, averaged, progress = 0.0, 0, 0.0
    while progress < 1:
        trainer.seconds = spent_before + time.time() - started
        progress = min(1.0, max((trainer.step + 1) / args.steps, trainer.seconds / 60 / args.minutes))
        if trainer.step % args.refresh_every == 0:
            crops.refresh()
        bits = trainer.update(crops.batch(args.crops, args.pixels), progress)
        averaged = min(averaged + 1, args.measure_every)
        mean_bits += (bits - mean_bits) / averaged
        if trainer.step % args.measure_every == 0 or progress >= 1:
            dev = measure(trainer.average, sets)
            seconds = round(trainer.seconds)
            line = json.dumps({"step": trainer.step, "seconds": seconds, "train": round(mean_bits, 4), "dev": dev})
            print(line, flush=True)
            with args.out.with_suffix(".log.jsonl").open("a") as log:
                log.write(line + "\n")
            trainer.save({"steps": trainer.step, "seconds": seconds, "dev": dev})


if __name__ == "__main__":
    main()
