"""Make the dictionary of the byte coder from the headers of JPEG files: weights/jpeg-plain-N.dictionary.

    python -m scripts.training.jpeg_dictionary OUT [FOLDER]

The dictionary is what many files have around their coefficients: phrases that at least SHARED files of the folder (or
set below $BBC_DATA) have in common, so that nothing in it belongs to one picture or one person. The phrases that most
files have stand last, where match models find them first. A new dictionary changes the format: it gets a new number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import click

from bbans_cli.coders.files import jpeg_search, jpeg_tree
from bbans_cli.limits import MAX_PIXELS
from scripts.common import picture_sets

# Bytes of the pieces that are compared, files that must share a piece, bytes of the dictionary. Tuned by hand on
# train/imagenet, not recorded.
PIECE, SHARED, MOST = 12, 3, 48 << 10
# A phrase goes in if so many of its pieces are not there yet, by share and by number.
NEW_SHARE, NEW_PIECES = 0.3, 8


def plain(path: Path) -> bytes:
    """What of a file is no coefficient."""
    tree, _ = jpeg_search.find(path.read_bytes(), MAX_PIXELS)
    return jpeg_tree.to_bytes(tree)[1]


def pieces(phrase: bytes) -> list[bytes]:
    """All parts of PIECE bytes."""
    return [phrase[at : at + PIECE] for at in range(len(phrase) - PIECE + 1)]


def phrases(files: list[bytes]) -> Counter[bytes]:
    """The longest stretches of which every piece is shared, with the number of times that they occur."""
    owners: defaultdict[bytes, set[int]] = defaultdict(set)
    for number, data in enumerate(files):
        for piece in pieces(data):
            owners[piece].add(number)
    shared = {piece for piece, numbers in owners.items() if len(numbers) >= SHARED}
    found: Counter[bytes] = Counter()
    for data in files:
        start = None
        for at, piece in enumerate([*pieces(data), b""]):
            if piece in shared:
                start = at if start is None else start
            elif start is not None:
                found[data[start : at + PIECE - 1]] += 1
                start = None
    return found


def dictionary(found: Counter[bytes]) -> bytes:
    """The phrases worth having, the commonest last."""
    chosen: list[bytes] = []
    have: set[bytes] = set()
    size = 0
    for phrase in sorted(found, key=lambda phrase: (-found[phrase], -len(phrase), phrase)):
        own = pieces(phrase)
        new = sum(piece not in have for piece in own)
        if new < max(NEW_PIECES, NEW_SHARE * len(own)) or size + len(phrase) > MOST:
            continue
        chosen.append(phrase)
        size += len(phrase)
        have.update(own)
    return b"".join(reversed(chosen))


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("folder", default="train/imagenet")
def main(out: Path, folder: str) -> None:
    """Make the dictionary OUT from the JPEG files of FOLDER."""
    files = [plain(path) for path in picture_sets.find(folder).files]
    made = dictionary(phrases(files))
    out.write_bytes(made)
    click.echo(f"{len(files)} files, {sum(map(len, files)):,} plain bytes: {len(made):,} bytes of phrases")


if __name__ == "__main__":
    main()
