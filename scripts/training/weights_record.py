"""What ships in weights/: puts trained files there under their names, and keeps the table of weights/README.md.

python -m scripts.training.weights_record                                  write the table
python -m scripts.training.weights_record --add run/a.safetensors small    copy a trained file (and its log) there first
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import click
from safetensors import safe_open

from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural import weights
from scripts.common import marked

FOLDER = Path(__file__).resolve().parents[2] / "weights"


def add(trained: Path, name: str) -> Path:
    """Copy a file of train.py to weights/<name>-<id>.safetensors, its log to weights/<name>.log.jsonl."""
    target = FOLDER / f"{name}-{weights.file_id(trained.read_bytes()).hex()}.safetensors"
    shutil.copyfile(trained, target)
    log = trained.with_suffix(".log.jsonl")
    if log.exists():
        shutil.copyfile(log, FOLDER / f"{name}.log.jsonl")
    return target


def sections() -> list[str]:
    """For each file a heading, its sizes, its training, and what it reached on held-out pictures."""
    out = []
    for path in sorted(FOLDER.glob("*.safetensors")):
        with safe_open(path, framework="numpy") as file:
            header = file.metadata()
            numbers = sum(file.get_tensor(key).size for key in file.keys())
        size, record = json.loads(header["size"]), json.loads(header["record"])
        name = path.stem.rsplit("-", 1)[0]
        levels = [f"-{level}" for level, setting in neural_coder.LEVELS.items() if setting.weights == name]
        latents = ", ".join(f"{n} for {side}x{side}" for n, side in zip(size["latents"], size["blocks"], strict=True))
        out.append(f"### {path.name}")
        out.append(
            f"Level {', '.join(levels) or 'none (for reading older files)'}: {size['hidden']} hidden units, "
            f"{size['layers']} layers, {size['head']} units in a head, latents {latents}: {numbers:,} numbers. Trained "
            f"for {record['steps']:,} steps, {record['seconds'] / 3600:.1f} hours. SHA-256 "
            f"`{hashlib.sha256(path.read_bytes()).hexdigest()}`."
        )
        if record.get("dev"):
            out.append(
                marked.table(
                    [
                        HEADS,
                        *([name, *(f"{figure:.4f}" for figure in figures)] for name, figures in record["dev"].items()),
                    ]
                )
            )
        if (FOLDER / f"{name}.png").exists():
            out.append(f"![its training]({name}.png)")
    return out


HEADS = ["bits per sub-pixel, static, inner blocks", "with latents and their KL", "without latents", "KL"]


@click.command()
@click.option("--add", "added", nargs=2, type=str, metavar="FILE NAME", help="Ship a trained file under a name.")
def main(added: tuple[str, str] | None) -> None:
    """Write the table of weights/README.md."""
    if added:
        click.echo(add(Path(added[0]), added[1]))
    marked.write(FOLDER / "README.md", "make weights-record", "\n\n".join(sections()))


if __name__ == "__main__":
    main()
