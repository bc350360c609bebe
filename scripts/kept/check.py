"""What becomes of real files: `python -m scripts.kept.check`, or `make check-kept`.

Every file of the sets is compressed by the command with `--rm`, restored in its own format where that holds it, and
seen by readers that share no code with bbc (readers.py). What these find in the given file they must find in the
restored one, or a warning names it, and then the input is still there. The files are those of the folders below
$BBC_DATA and $BBC_COLLECTIONS (see docs/kinds.md); a bare Git repository is a folder too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
from PIL import Image

from bbans_cli.errors import BbcError, UnsupportedError
from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures.detect import detect
from bbans_cli.pictures.picture import Picture, from_items
from bbans_cli.pictures.read_write import read_picture, write_picture
from scripts.kept import outcomes, readers

SETS = ("trials", "robust/pngsuite", "robust/malformed_png", "robust/malformed_jpg", "jpeg/odd", "jpeg/camera")
SETS += tuple(
    f"dev/{name}" for name in ("alpha", "camera", "camera16", "deep16", "gray", "imagenet", "photos", "screens")
)
SUFFIXES = {"jpeg": "jpg", "tiff": "tif", "": "unknown"}
# Of PNM by its second byte: a PGM of 1 bit is one thing, and a PBM another.
PNM_SUFFIXES = {b"1": "pbm", b"4": "pbm", b"2": "pgm", b"5": "pgm", b"7": "pam"}
PICTURES = frozenset(
    "apng avif bmp dib dng gif heic heif jfif jpe jpeg jpg mpo nef pam pbm pgm png pnm ppm tif tiff webp".split()
)
# In the order of the table. The last one is a fault of bbc.
OUTCOMES = ("the file, byte for byte", "nothing lost", "losses named, input kept", "refused, input kept", "FAULT")


@dataclass
class Case:
    """A file: where it is, what bbc said of it, what was found wrong."""

    name: str
    path: Path
    kind: str
    outcome: str = ""
    warnings: list[str] = field(default_factory=list)
    code: str = ""
    faults: list[str] = field(default_factory=list)


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--command", default=f"{sys.executable} -m bbans_cli", show_default=True, help="The bbc to check.")
@click.option("--no-coding", is_flag=True, help="Only read and write, in this process; JPEG files are left out.")
@click.option("--max-pixels", type=int, help="Leave out larger pictures, but for those that bbc refuses as too large.")
@click.option("-v", "--verbose", is_flag=True, help="A line for each file.")
def main(folders: tuple[Path, ...], command: str, no_coding: bool, max_pixels: int | None, verbose: bool) -> None:
    """Check files of FOLDERS, or of all sets, and print a table of outcomes. Status 1: a fault was found."""
    rows: dict[str, Counter[tuple[str, str]]] = {}
    left_out: dict[str, int] = {}
    wrong = False
    with tempfile.TemporaryDirectory() as temporary:
        for label, found in _sets(folders, Path(temporary)):
            paths = [path for path in found if max_pixels is None or not max_pixels < _pixels(path) <= MAX_PIXELS]
            left_out[label] = len(found) - len(paths)
            cases = without_coding(paths) if no_coding else check(paths, command.split())
            rows[label] = Counter((case.kind, case.outcome) for case in cases)
            for case in cases:
                wrong |= bool(case.faults)
                if case.faults or verbose:
                    print(f"{label}: {case.name}: {case.outcome}; {case.code} {'; '.join(case.warnings)}")
                    print("".join(f"    {fault}\n" for fault in case.faults), end="")
            sys.stdout.flush()
    print(table(rows))
    for label, count in left_out.items():
        if count:
            print(f"left out of {label}: {count} larger file{'s' * (count > 1)}")
    sys.exit(wrong)


def table(rows: dict[str, Counter[tuple[str, str]]]) -> str:
    """Files of each set by outcome, and of all sets by kind of file."""
    total: Counter[tuple[str, str]] = sum(rows.values(), Counter())
    kinds = sorted({kind for kind, _ in total})
    lines = [["files", "of", *OUTCOMES]]
    for label, counts in rows.items():
        lines.append([label, str(counts.total()), *(str(_of(counts, None, each)) for each in OUTCOMES)])
    for kind in kinds:
        numbers = [_of(total, kind, each) for each in OUTCOMES]
        lines.append([f"all {kind or 'others'}", str(sum(numbers)), *map(str, numbers)])
    lines.append(["all", str(total.total()), *(str(_of(total, None, each)) for each in OUTCOMES)])
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], ["---"] + ["---:"] * 6, *lines[1:]])


def _of(counts: Counter[tuple[str, str]], kind: str | None, outcome: str) -> int:
    return sum(count for (of, was), count in counts.items() if was == outcome and kind in (None, of))


def _sets(folders: Sequence[Path], temporary: Path) -> Iterator[tuple[str, list[Path]]]:
    if not folders:
        data, collections = os.environ.get("BBC_DATA"), os.environ.get("BBC_COLLECTIONS")
        folders = [Path(data, name) for name in SETS if Path(data, name).is_dir()] if data else []
        folders += sorted(path for path in Path(collections).iterdir() if path.is_dir()) if collections else []
    for folder in folders:
        bare = next((path for path in (folder, folder / "repo", folder / ".git") if (path / "objects").is_dir()), None)
        source = _extract(bare, temporary / folder.name) if bare else folder
        files = sorted(path for path in source.rglob("*") if path.is_file() and path.suffix[1:].lower() in PICTURES)
        of_equal_name = [other for other in folders if other.name == folder.name]
        yield folder.name if len(of_equal_name) == 1 else f"{folder.parent.name}/{folder.name}", files


def _pixels(path: Path) -> int:
    """The size that Pillow finds; 0: none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                return image.width * image.height
    # Pillow raises whatever its parsers stumble over.
    except Exception:
        return 0


def _extract(repository: Path, folder: Path) -> Path:
    """The picture files of a Git repository's last commit, in a new folder."""
    git = ["git", "-C", str(repository)]
    listed = subprocess.run([*git, "ls-tree", "-rz", "HEAD"], capture_output=True, check=True).stdout
    folder.mkdir()
    for line in listed.split(b"\0"):
        head, _, name = line.partition(b"\t")
        path = Path(os.fsdecode(name))
        if path.suffix[1:].lower() in PICTURES and head.split()[1] == b"blob":
            blob = subprocess.run([*git, "cat-file", "blob", head.split()[2].decode()], capture_output=True)
            if blob.returncode == 0:  # partial clones lack some
                Path(folder, "__".join(path.parts)).write_bytes(blob.stdout)
    return folder


def check(paths: Sequence[Path], command: Sequence[str]) -> list[Case]:
    """Compress copies with --rm, restore them, compare."""
    cases = [Case(path.name, path, detect(path.read_bytes()[:64])) for path in paths]
    with tempfile.TemporaryDirectory() as temporary:
        given, restored = Path(temporary, "given"), Path(temporary, "restored")
        given.mkdir()
        copies = {}
        for number, case in enumerate(cases):
            copy = given / f"{number:05}.{_suffix(case)}"
            shutil.copyfile(case.path, copy)
            copies[copy] = case
        said = _run([*command, "compress", "-1", "--rm"], copies)
        packed = {}
        for copy, case in copies.items():
            _note_compressed(case, copy, said.get(str(copy), {}))
            if case.outcome != OUTCOMES[3] and not case.faults:
                packed[copy.with_name(copy.name + ".bbc")] = case
        _restore(packed, [*command, "decompress", "-o", f"{restored}/"], restored)
    return cases


def without_coding(paths: Sequence[Path]) -> list[Case]:
    """The same without the command: read, write in the same format or the usual one, compare. Of JPEG files nothing."""
    cases = [Case(path.name, path, detect(path.read_bytes()[:64])) for path in paths]
    cases = [case for case in cases if case.kind != "jpeg"]
    with tempfile.TemporaryDirectory() as folder:
        pairs = {}
        for number, case in enumerate(cases):
            try:
                given = read_picture(case.path.read_bytes())
                picture = from_items(given.pixels, given.mode, given.depth, given.items())
                data, lost = _written(picture, case)
            except BbcError as error:
                case.outcome, case.code = OUTCOMES[3], f"{error.code} {error}"
                continue
            case.warnings = given.lost + lost
            case.outcome = OUTCOMES[2] if given.lost else OUTCOMES[1]
            target = Path(folder, f"{number:05}.{detect(data)}")
            target.write_bytes(data)
            pairs[target] = case
        _compare(pairs)
    for case in cases:
        case.outcome = OUTCOMES[4] if case.faults else case.outcome
    return cases


def _suffix(case: Case) -> str:
    if case.kind == "pnm":
        return PNM_SUFFIXES.get(case.path.read_bytes()[1:2], "ppm")
    return SUFFIXES.get(case.kind, case.kind.lower().replace(" ", "-"))


def _written(picture: Picture, case: Case) -> tuple[bytes, list[str]]:
    try:
        return write_picture(picture, _suffix(case) if case.kind == "pnm" else case.kind)
    except UnsupportedError:
        return write_picture(picture)


def _run(command: Sequence[str], paths: Iterable[Path]) -> dict[str, dict[str, object]]:
    """The JSON object of each file that the command did."""
    names = b"".join(bytes(path) + b"\0" for path in paths)
    done = subprocess.run(
        [*command, "--full-names", "--json", "-qq", "--files0-from", "-"], input=names, capture_output=True
    )
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    return {str(entry["input"]): entry for entry in objects}


def _note_compressed(case: Case, copy: Path, entry: dict[str, object]) -> None:
    error = entry.get("error") or {}
    assert isinstance(error, dict)
    case.code = error.get("code", "")
    case.warnings = [str(warning) for warning in entry.get("warnings", [])]
    output, kept = copy.with_name(copy.name + ".bbc").exists(), copy.exists()
    if kept and copy.read_bytes() != case.path.read_bytes():
        case.faults.append("the input was changed")
    if not entry or not output and not kept or case.code in ("internal", "verify"):
        case.faults.append(f"neither output nor error, or a bug: {error}")
    if not output:
        case.outcome = OUTCOMES[3]
        if not case.code:
            case.faults.append("no output and no error")
        case.code += f" {error.get('message', '')}"
    elif case.code not in ("", "not-removed") or kept != bool(case.code) or kept != bool(case.warnings):
        case.faults.append(f"an output with code {case.code!r} and input {'kept' if kept else 'removed'}")
    else:
        case.outcome = OUTCOMES[2] if kept else OUTCOMES[1]
    if case.faults:
        case.outcome = OUTCOMES[4]


def _restore(packed: dict[Path, Case], command: Sequence[str], folder: Path) -> None:
    """Restore, each in its format, else in the usual one; compare what readers find."""
    said = _run(command, packed)
    failed = {path: case for path, case in packed.items() if said.get(str(path), {}).get("error")}
    said |= _run([*command, "--format", "png"], failed)
    said |= _run([*command, "--format", "tiff"], [path for path in failed if said.get(str(path), {}).get("error")])
    pairs = {}
    for path, case in packed.items():
        entry = said.get(str(path), {})
        target = Path(str(entry.get("output") or folder / "none"))
        if entry.get("error") or not target.is_file():
            case.faults.append(f"not restored: {entry.get('error')}")
        elif case.kind == "jpeg":
            same = target.read_bytes() == case.path.read_bytes()
            case.outcome = OUTCOMES[0]
            case.faults += [] if same else ["the restored JPEG file differs"]
        else:
            case.warnings += [str(warning) for warning in entry.get("warnings", [])]
            pairs[target.absolute()] = case
    _compare(pairs)
    for case in packed.values():
        case.outcome = OUTCOMES[4] if case.faults else case.outcome


def _compare(pairs: dict[Path, Case]) -> None:
    given = readers.look([case.path.absolute() for case in pairs.values()])
    restored = readers.look(list(pairs))
    for path, case in pairs.items():
        sights = given[case.path.absolute()], restored[path]
        kind = detect(path.read_bytes()[:64])
        if kind != case.kind:
            sights = outcomes.across(*sights)
        found = outcomes.differences(*sights)
        if kind == case.kind == "tiff":
            found += readers.libtiff(case.path, path)
        case.faults += outcomes.unnamed(found, case.warnings)


if __name__ == "__main__":
    main()
