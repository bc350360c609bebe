"""Keeps the folder weights/: copies trained files there under their names, and writes the list in weights/README.md.

    python -m scripts.training.weights_record
    python -m scripts.training.weights_record --add trained/small.safetensors small [--half]

The first writes the list. The second copies a trained file and its log there before; --half: its numbers in binary16,
which took 0.004 % more bytes of small64 and no more of larger pictures.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import click
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from bbans_cli.coders import weights_folder
from bbans_cli.coders.neural.levels import LEVELS
from scripts.common import pages

FOLDER = Path(__file__).resolve().parents[2] / "weights"
COLUMNS = ["bits per sub-pixel, no learning, blocks inside pictures", "with latents (KL included)", "without", "KL"]


def add(trained: Path, name: str, half: bool) -> Path:
    """Copy a weights file of train.py to weights/<name>-<id>.safetensors, its log to weights/<name>.log.jsonl."""
    data = halved(trained) if half else trained.read_bytes()
    target = FOLDER / f"{name}-{weights_folder.file_id(data).hex()}.safetensors"
    target.write_bytes(data)
    log = trained.with_suffix(".log.jsonl")
    if log.exists():
        shutil.copyfile(log, FOLDER / f"{name}.log.jsonl")
    return target


def halved(trained: Path) -> bytes:
    """A weights file with its numbers in binary16."""
    with safe_open(trained, framework="numpy") as file:
        return save({key: file.get_tensor(key).astype(np.float16) for key in file.keys()}, file.metadata())


def section(path: Path) -> list[str]:
    """Paragraphs about a weights file: its sizes, its training, its code length on held-out pictures, its plot."""
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
        numbers = sum(file.get_tensor(key).size for key in file.keys())
    size, record = json.loads(metadata["size"]), json.loads(metadata["record"])
    name = path.stem.rsplit("-", 1)[0]
    if "fitted" in size:
        return fitted_section(path, numbers, metadata["record"])
    levels = ", ".join(f"-{number}" for number, level in LEVELS.items() if name in level.networks())
    latents = ", ".join(f"{n} for {side}x{side}" for n, side in zip(size["latents"], size["blocks"], strict=True))
    out = [
        f"### {path.name}",
        f"Level {levels or 'none (for reading older files)'}: {size['hidden']} hidden units, {size['layers']} layers, "
        f"{size['head']} units in each head, latents {latents}: {numbers:,} numbers. Trained for {record['steps']:,} "
        f"steps, {record['seconds'] / 3600:.1f} hours. SHA-256 `{hashlib.sha256(path.read_bytes()).hexdigest()}`.",
    ]
    if record.get("dev"):
        rows = [[dev_set, *(f"{figure:.4f}" for figure in figures)] for dev_set, figures in record["dev"].items()]
        out.append(pages.table([COLUMNS, *rows]))
    if (FOLDER / f"{name}.png").exists():
        out.append(f"![its training]({name}.png)")
    return out


def fitted_section(path: Path, numbers: int, metadata: str) -> list[str]:
    """The same of the fitted coder's; metadata: the record, as JSON."""
    record = json.loads(metadata)
    dev = "; ".join(f"{name} {bits:.4f}" for name, bits in record["dev"].items())
    return [
        f"### {path.name}",
        f"Level -1, the [fitted coder](../docs/model.md#the-fitted-coder): {numbers // 2:,} numbers, and as many "
        f"scales of their changes. Trained for {record['steps']:,} steps, {record['seconds'] / 60:.0f} minutes of one "
        f"core. Bits per sub-pixel before any fit: {dev}. SHA-256 `{hashlib.sha256(path.read_bytes()).hexdigest()}`.",
    ]


@click.command()
@click.option("--add", "added", nargs=2, type=str, metavar="FILE NAME", help="Ship a trained file under a name.")
@click.option("--half", is_flag=True, help="Its numbers in binary16.")
def main(added: tuple[str, str] | None, half: bool) -> None:
    """Write the list of weights in weights/README.md."""
    if added:
        click.echo(add(Path(added[0]), added[1], half))
    paragraphs = [paragraph for path in sorted(FOLDER.glob("*.safetensors")) for paragraph in section(path)]
    pages.write(FOLDER / "README.md", "make weights-record", "\n\n".join(paragraphs))


if __name__ == "__main__":
    main()
