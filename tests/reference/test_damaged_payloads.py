"""Damaged payloads: both decoders give an error of the same class, or find the same.

Checksums hold here whatever they are of, so that each decoder meets the damage itself. `make test-reference` does this
with all golden files, and with more damage. Of JPEG files, test_reference_files.py does it with a dictionary that is
learned faster.
"""

import os

import damaged_payloads
import make_files
import pytest

from bbans_cli import container

ALL = bool(os.environ.get("BBC_ALL_GOLDEN"))
# A small one of each coder, and of each way in which bytes are packed
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
SLOW = {"deep-bands", "fitted-grey", "jpeg-grey", "tiny-still"}  # a second or two each
# No second decoder; or a minute for each damage, which is what smaller files have, too.
LEFT_OUT = ("webp", "tiny-long", "tiny-long-deep", "tiny-long-ycbcr")
NAMES = [name for name in make_files.files() if name not in LEFT_OUT] if ALL else FEW


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in NAMES])
def test_both_decoders_agree_on_damaged_payloads(name):
    with make_files.use(make_files.files()[name].model or "shipped"):
        content = container.from_bytes((make_files.HERE / f"good-{name}.bbc").read_bytes())
        if ALL:
            assert damaged_payloads.differences(content, (0, 1, 13, 32, 50, 63), (0, 9, 31, 63)) == []
        else:
            assert damaged_payloads.differences(content, (0, 40), (9,), most=1) == []
