"""Trains the model on a folder of pictures by its ELBO, and writes the weights, a log and a curve.

    python -m scripts.training.train --data train/ --dev dev/ --out weights/small.safetensors --minutes 90

Resumable: the checkpoint beside the output is read if it exists. The learning rate falls to zero over --steps or
--minutes of total training, whichever ends first.
"""

import argparse
import copy
import json
import math
import pathlib
import time

import torch

from bbans_cli.training.data import Crops, files, whole_blocks
from bbans_cli.training.network import Size
from bbans_cli.training.vae import Vae, load, save
from bbans_cli.training.widen import widen

DEV_SETS = ("photos", "imagenet", "small64")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="pictures; subfolders are drawn equally")
    parser.add_argument("--share", nargs=2, action="append", default=[], help="a subfolder, and how often it is drawn")
    parser.add_argument("--dev", type=pathlib.Path, help="folder with photos/ imagenet/ small64/ to measure on")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="weights file to write")
    parser.add_argument("--start", type=pathlib.Path, help="weights file of a narrower or equal network to start from")
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--head", type=int, default=32)
    parser.add_argument("--steps", type=int, default=150_000)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--crops", type=int, default=32)
    parser.add_argument("--pixels", type=int, default=128, help="pixels drawn from each crop")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--average", type=float, default=0.9995, help="decay of the exponential average of weights")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--exact", type=float, default=0.15, help="share at the end that is not in bfloat16")
    parser.add_argument("--refresh", type=int, default=40, help="steps until another region of some picture is taken")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=2000, help="steps between measurements and checkpoints")
    parser.add_argument("--limit", type=int, help="pictures of each subfolder to use, for a quick try")
    return parser.parse_args()


@torch.no_grad()
def measure(model, sets):
    """Bits per sub-pixel on each dev set: with latents (KL included), without, and the KL."""
    result = {}
    for name, batch in sets.items():
        bits, kl = model(batch)
        plain, _ = model(batch, use_latents=False)
        result[name] = [round(v, 4) for v in ((bits.mean() + kl.mean()).item(), plain.mean().item(), kl.mean().item())]
    return result


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    checkpoint = args.out.with_suffix(".checkpoint.pt")
    log = args.out.with_suffix(".log.jsonl")
    crops = Crops(args.data, args.seed, args.limit, {name: float(share) for name, share in args.share})
    sets = {n: whole_blocks(files(args.dev / n), 60, 7, 256) for n in DEV_SETS} if args.dev else {}
    size = Size(hidden=args.hidden, layers=args.layers, head=args.head)
    model = Vae(size)
    average = copy.deepcopy(model)
    optimiser = torch.optim.Adam(model.parameters(), lr=args.rate, betas=(0.9, 0.99), fused=True)
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    elif args.start:
        weights = widen(*load(args.start), size)
        model.load_state_dict(weights)
        average.load_state_dict(weights)
    started, running, averaged = time.time(), 0.0, 0
    progress = 0.0
    while progress < 1:
        elapsed = spent + time.time() - started
        progress = min(1.0, max((step + 1) / args.steps, elapsed / 60 / args.minutes))
        rate = args.rate * min(1, (step + 1) / 500) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in optimiser.param_groups:
            group["lr"] = max(rate, 1e-6)
        if step % args.refresh == 0:
            crops.refresh()
        bits, kl = model(crops.batch(args.crops, args.pixels), fast=progress < 1 - args.exact)
        loss = bits.mean() + min(1.0, 0.2 + 4 * progress) * kl.mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        decay = min(args.average, 1 - 1 / (step / 10 + 1))
        with torch.no_grad():
            for a, b in zip(average.parameters(), model.parameters(), strict=True):
                a.lerp_(b, 1 - decay)
        averaged = min(averaged + 1, args.every)
        running += (bits.mean().item() - running) / averaged
        if step % args.every == 0 or progress >= 1:
            line = {"step": step, "seconds": round(elapsed), "train": round(running, 4), "dev": measure(average, sets)}
            print(json.dumps(line), flush=True)
            with log.open("a") as stream:
                stream.write(json.dumps(line) + "\n")
            state = {"model": model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict()}
            torch.save({**state, "step": step, "spent": elapsed}, checkpoint)
            save(args.out, average, {"steps": step, "seconds": round(elapsed), "dev": line["dev"]})


if __name__ == "__main__":
    main()
