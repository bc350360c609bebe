"""The list of the training pictures, weights/training-pictures.tsv: SHA-256 of each file, its path, source, licence.

python -m scripts.training.manifest            write it, from $BBC_DATA/train
python -m scripts.training.manifest --check    say how the pictures below $BBC_DATA/train differ from it
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from bbans_cli.training.pictures import files

MANIFEST = Path(__file__).resolve().parents[2] / "weights" / "training-pictures.tsv"
COLUMNS = ("sha256", "file", "source", "licence")
NAMED = 3  # files of a kind of difference that are named

# Of photos/, by what stands before the first "-" of the name; what was recorded when the pictures were collected.
PHOTOS = {
    "budgie": ("wallpapers of the Budgie desktop", "CC0"),
    "creativetim": ("repositories of Creative Tim", "MIT"),
    "debian_lomiri": ("wallpapers in Debian packages, Lomiri", "one of CC-BY, CC-BY-SA, CC0, GPL-2+"),
    "debian_mate": ("wallpapers in Debian packages, MATE", "one of CC-BY, CC-BY-SA, CC0, GPL-2+"),
    "debian_plasma": ("wallpapers in Debian packages, Plasma", "one of CC-BY, CC-BY-SA, CC0, GPL-2+"),
    "deepin_unsplash": ("wallpapers of deepin", "one of CC0, Unsplash, Pexels, CC-BY-SA"),
    "elementary": ("wallpapers of elementary OS", "one of CC0, Unsplash, Pexels, CC-BY-SA"),
    "lepton": ("test pictures of Lepton", "Apache-2.0"),
    "metadata_extractor": ("test pictures of metadata-extractor", "free to use however you wish"),
    "npm_wallpapers": ("a collection of wallpapers on npm", "one of CC0, Unsplash, Pexels, CC-BY-SA"),
    "popos": ("wallpapers of Pop!_OS", "one of CC0, Unsplash, Pexels, CC-BY-SA"),
}
OTHERS = {
    "imagenet": ("sample pictures of ImageNet classes", "unknown (ImageNet sample)"),
    "camera": ("simulated: mosaic, noise and demosaicing of a photograph, not recorded which", "unknown"),
}


def origin(folder: str, name: str) -> tuple[str, str]:
    """Source and licence of a picture. Raises KeyError if its source is not known."""
    return OTHERS[folder] if folder in OTHERS else {"photos": PHOTOS}[folder][name.split("-")[0]]


def hashes(root: Path, folders: list[str]) -> dict[str, str]:
    """Path below `root` -> SHA-256 of the file, of all pictures of some folders."""
    paths = [path for folder in folders for path in files(root / folder)]
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def listed() -> dict[str, str]:
    """The same of the manifest."""
    rows = [line.split("\t") for line in MANIFEST.read_text().splitlines()[1:]]
    return {row[1]: row[0] for row in rows}


def differences(root: Path, folders: list[str]) -> list[str]:
    """How the pictures of some folders differ from the manifest, in a few lines; none if they do not."""
    there, wanted = hashes(root, folders), {k: v for k, v in listed().items() if k.split("/")[0] in folders}
    kinds = {
        "missing": wanted.keys() - there.keys(),
        "not in the manifest": there.keys() - wanted.keys(),
        "not the manifest's file": {name for name in wanted.keys() & there.keys() if wanted[name] != there[name]},
    }
    return [
        f"{len(names)} of {len(wanted)} {kind}: {', '.join(sorted(names)[:NAMED])}{', ...' * (len(names) > NAMED)}"
        for kind, names in kinds.items()
        if names
    ]


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), envvar="BBC_DATA", default=".")
@click.option("--check", is_flag=True, help="Write nothing; fail if the pictures differ.")
def main(data: Path, check: bool) -> None:
    """Write weights/training-pictures.tsv."""
    folders = ["camera", "imagenet", "photos"]
    if check:
        if found := differences(data / "train", folders):
            raise click.ClickException("; ".join(found))
        return
    there = hashes(data / "train", folders)
    rows = [(value, name, *origin(name.split("/")[0], Path(name).name)) for name, value in there.items()]
    MANIFEST.write_text("".join("\t".join(row) + "\n" for row in [COLUMNS, *rows]))
    click.echo(f"{len(rows)} pictures")


if __name__ == "__main__":
    main()
