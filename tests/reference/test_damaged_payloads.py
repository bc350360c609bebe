"""Damaged payloads: both decoders give an error of the same class, or find the same.

Checksums hold here whatever they are of, so that each decoder meets the damage itself. `make test-reference` does this
with all golden files, and with more damage.
"""

import os
from dataclasses import replace

import contents
import make_files
import pytest

from bbans_cli import container
from bbans_cli.coders import decode_picture
from bbans_cli.coders.files import file_coder
from bbans_cli.container import StoredFile
from bbans_cli.errors import BbcError, code_of
from bbans_cli.reference import decode_file
from scripts.damage.trials import flipped
from scripts.fuzz.targets import checksums_hold

ALL = bool(os.environ.get("BBC_ALL_GOLDEN"))
# A small one of each coder, and of each way in which bytes are packed. Those of JPEG files are in
# test_reference_files.py, with a dictionary that is learned faster.
FEW = [
    "depth-4",
    "raw-deflated",
    "few-colours-bands",
    "deep-bands",
    "regions",
    "jpeg-grey",
    "tiny-still",
    "fitted-grey",
    "noise",
    "deflated",
    "lzma",
]
NAMES = [name for name in make_files.files() if name != "webp"] if ALL else FEW
# What is left of a payload, in 64ths, and which of its bits are flipped
CUTS = (0, 1, 13, 32, 50, 63) if ALL else (0, 40)
FLIPS = (0, 9, 31, 63) if ALL else (9,)


def payloads(content):
    """(index of the part, index of the band or None, payload)"""
    for i, part in enumerate(content.parts):
        if isinstance(content, StoredFile):
            yield i, None, part.payload
        else:
            yield from ((i, k, band.payload) for k, band in enumerate(part.bands))


def with_payload(content, i, k, payload):
    parts = list(content.parts)
    if k is None:
        parts[i] = parts[i]._replace(payload=payload)
    else:
        bands = list(parts[i].bands)
        bands[k] = bands[k]._replace(payload=payload)
        parts[i] = replace(parts[i], bands=bands)
    return replace(content, parts=parts)


def damaged(content):
    """(what was done, content) of the first payload, and where all are tried of each"""
    for i, k, payload in list(payloads(content))[: None if ALL else 1]:
        for share in CUTS:
            yield (
                f"part {i}, band {k}, {share}/64 left",
                with_payload(content, i, k, payload[: len(payload) * share // 64]),
            )
        for share in FLIPS:
            bit = (8 * len(payload) - 1) * share // 63
            yield f"part {i}, band {k}, bit {bit} flipped", with_payload(content, i, k, flipped(payload, bit))


def outcome(decode, content):
    """What is decoded, as a digest; or the class of the error."""
    try:
        return contents.digest(decode(content))
    except BbcError as error:
        return "corrupt" if code_of(error) == "truncated" else code_of(error)


def by_core(content):
    if isinstance(content, StoredFile):
        return file_coder.decode(content, threads=1)
    return decode_picture.decode(content, threads=1)


@pytest.mark.parametrize("name", NAMES)
def test_both_decoders_agree_on_damaged_payloads(name):
    with make_files.use(make_files.files()[name].model or "shipped"), checksums_hold():
        content = container.from_bytes((make_files.HERE / f"good-{name}.bbc").read_bytes())
        for what, each in damaged(content):
            assert outcome(by_core, each) == outcome(decode_file.decode_content, each), what
