"""Writes into docs/jpeg.md what becomes of each kind of JPEG file, from the files in $BBC_DATA/jpeg/odd.

python -m scripts.release.make_jpeg_kinds

"Coded" means that the coefficients of the file's first JPEG stream are coded (coders/files/jpeg_search.py). That the
files come back, and that none is stored because its coefficients take too many bytes, is what
tests/coders/files/test_real_files.py tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from bbans_cli.coders.files import jpeg_search
from bbans_cli.limits import MAX_PIXELS
from scripts.common import pages, picture_sets

PAGE = Path(__file__).resolve().parents[2] / "docs" / "jpeg.md"
COMMAND = "python -m scripts.release.make_jpeg_kinds"
FOLDER = "jpeg/odd"
HEADS = ["kind", "files", "what becomes of them"]

# What a kind is, and the names of its files without their suffix.
KINDS: dict[str, list[str]] = {
    "baseline: 4:4:4, 4:2:2, 4:4:0, 4:2:0; no JFIF segment; quality 100": [
        *("base444", "base422", "base440", "base420", "no_jfif", "q100"),
    ],
    "grey, also with sampling factors of 2x2, and with quantisers of 1": ["gray", "gray_2x2", "lossless_sof3"],
    "components R, G, B": ["rgb"],
    "CMYK and YCCK": ["adobe_cmyk_like", "lepr_fourcolorchannels"],
    "sampling factors of 3 and 4 (4:1:1); chroma with more samples than luma": ["s3x1", "s411_4x1", "s_y1x1_c2x2"],
    "Huffman tables of its own (optimised)": ["optimize"],
    "extended, with quantisers of 16 bits": ["q1_16bitdqt"],
    "progressive; by spectral selection alone": ["progressive", "prog_spectral", "lepr_nonoptimalprogressive"],
    "progressive, with a restart interval": ["prog_rst"],
    "baseline with a scan for each component": ["nonint"],
    "a scan that has the components in another order than the frame": ["lep_colorswap"],
    "restart intervals; an interval longer than the picture, of 0, or defined twice": [
        *("rst", "rst_blocks", "dri_big_no_rst", "dri_without_rst", "dri_twice"),
    ],
    "restart markers with wrong numbers": ["rst_wrong_number", "rst_all_d0"],
    "restart markers behind the last interval": [
        *("rst_extra_end", "rst_extra_end_rs", "lep_trailingrst", "lepr_eof_and_trailingrst"),
        "lepr_trailingrst_missing_in_jpg",
    ],
    "padding bits of 0": ["pad_zero"],
    "tables that are there twice, or are not used": ["dht_dup", "dqt_dup", "dqt_unused_slot3"],
    "quantisation tables behind the frame header": ["dqt_after_sof", "lepr_out_of_order_dqt"],
    "a quantiser of 0": ["dqt_zero_value"],
    "no Huffman tables (a frame of Motion JPEG)": ["dht_missing_mjpeg"],
    "DNL segment": ["dnl_redundant"],
    "many comments (300 and 20,000); a comment behind the scan": ["com_300x", "com_20000x", "com_after_scan"],
    "reserved markers; fill bytes; stray bytes between segments": [
        *("app_unknown_ff01", "marker_jpg_f0", "fill_before_marker", "garbage_between_hdr"),
    ],
    "stray bytes at the end of a scan": ["garbage_before_eoi"],
    "1 kB and 100 kB behind the end": ["trail_1k", "trail_100k_zero"],
    "height of the frame header too large": ["height_too_big"],
    "no EOI marker": ["no_eoi", "prog_no_eoi"],
    "cut off in a scan": ["trunc60", "rst_trunc60"],
    "scans that were damaged, or filled with zeros": [
        *("lep_gray2sf", "lep_nofsync", "lep_truncatedzerorun", "lepr_mismatch_encode"),
    ],
    "cut off in the header": ["trunc_hdr"],
    "only the first bytes of a JPEG file, or those and EOI": ["empty", "eoi_only"],
    "arithmetic coding": ["arith"],
    "samples of 12 bits": ["bit12_prog"],
}


@dataclass(frozen=True)
class Fate:
    """Of a file: why it is only stored, "" if it is coded; how many further pictures in it are coded."""

    reason: str
    further: int


def fate(path: Path) -> Fate:
    """What becomes of a file."""
    tree, reason = jpeg_search.find(path.read_bytes(), MAX_PIXELS)
    return Fate(reason, max(0, len(list(tree.all_streams())) - 1))


def rows() -> list[list[str]]:
    """The rows of the table. Raises ValueError unless every file is of one kind, and files of a kind have one fate."""
    found = {path.stem: path for path in picture_sets.jpeg_files(FOLDER)}
    named = sorted(name for names in KINDS.values() for name in names)
    if named != sorted(found):
        raise ValueError(f"not once among the kinds: {sorted({*named} ^ {*found})}")
    table = []
    for words, names in KINDS.items():
        fates = [fate(found[name]) for name in names]
        reasons = {each.reason for each in fates}
        if len(reasons) != 1:
            raise ValueError(f"{words}: files of more than one fate")
        reason, further = reasons.pop(), sum(each.further for each in fates)
        pictures = f", and {further} thumbnail{'s' if further > 1 else ''} in them" if further else ""
        table.append([words, str(len(names)), f"stored: {reason}" if reason else f"coded{pictures}"])
    return table


def table() -> str:
    """The table of docs/jpeg.md."""
    lines = [HEADS, ["---", "---:", "---"], *rows()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


@click.command()
def main() -> None:
    """Write the table of kinds into docs/jpeg.md."""
    pages.write(PAGE, COMMAND, table())


if __name__ == "__main__":
    main()
