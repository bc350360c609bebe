"""Screens, drawings and icons for training: PNG files of Debian packages, as weights/training-screens.tsv lists them.

    python -m scripts.training.screens FOLDER

The packages are fetched by apt-get, in the versions of the list or, where those are gone, in the present ones; files
whose SHA-256 is that of the list are written to FOLDER/<package>/<path in the package>. For a Debian system of release
12, or with its sources; others can take the packages from Debian's archive of old versions. Exits with 1, and says how
many files are missing, if any are.
"""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

import click

MANIFEST = Path(__file__).resolve().parents[2] / "weights" / "training-screens.tsv"


class Listed(NamedTuple):
    """A file of the list. path: within the package, without a slash in front."""

    sha256: str
    package: str
    version: str
    path: str


def listed() -> list[Listed]:
    """The files of the list."""
    found = []
    for line in MANIFEST.read_text().splitlines()[1:]:
        sha256, file, source, _ = line.split("\t")
        package, _, path = file.partition("/")
        found.append(Listed(sha256, package, source.split(" ")[-1], path))
    return found


def fetch(package: str, version: str, folder: Path) -> Path | None:
    """The .deb file of a package, None if no version is to be had."""
    for wanted in (f"{package}={version}", package):
        got = subprocess.run(["apt-get", "download", "-qq", wanted], cwd=folder, capture_output=True, check=False)
        debs = sorted(folder.glob(f"{package}_*.deb"))
        if got.returncode == 0 and debs:
            return debs[0]
    return None


def extract(deb: Path, wanted: list[Listed], out: Path) -> int:
    """Write the wanted files of a .deb file below `out`; returns how many there were."""
    hashes, count = {each.path: each.sha256 for each in wanted}, 0
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
            for member in tar:
                path = member.name.removeprefix("./")
                file = tar.extractfile(member) if path in hashes and member.isfile() else None
                data = file.read() if file else b""
                if file and hashlib.sha256(data).hexdigest() == hashes[path]:
                    place = out / wanted[0].package / path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(data)
                    count += 1
    return count


@click.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def main(out: Path) -> None:
    """Fetch the pictures of the list into the folder OUT."""
    files = listed()
    count = 0
    for package in sorted({each.package for each in files}):
        wanted = [each for each in files if each.package == package]
        with tempfile.TemporaryDirectory() as folder:
            deb = fetch(package, wanted[0].version, Path(folder))
            count += extract(deb, wanted, out) if deb else 0
    click.echo(f"{count} of {len(files)} files")
    raise SystemExit(count < len(files))


if __name__ == "__main__":
    main()
