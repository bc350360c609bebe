"""Writes the layout of the network's inputs and outputs where it cannot be imported: a C header and docs/model.md.

python -m scripts.release.make_network_layout
"""

from __future__ import annotations

from pathlib import Path

import click

from bbans_cli.coders.neural import network_layout as layout
from scripts.common import pages

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "bbans_cli" / "core" / "neural" / "network_layout_types.h"
PAGE = ROOT / "docs" / "model.md"
COMMAND = "python -m scripts.release.make_network_layout"


def _enum(of: layout.Layout, prefix: str, total: str) -> list[str]:
    lines = []
    for field in of:
        lines.append(f"    /* {field.count}: {field.meaning} */")
        lines.append(f"    {prefix}_{field.name.upper()} = {field.offset},")
    return ["enum {", *lines, f"    {total} = {of.size}", "};"]


def header() -> str:
    """The text of network_layout_types.h."""
    counts = ", ".join(map(str, layout.EXTRA_COUNTS))
    lines = [
        "/* Where the network's inputs and outputs lie. Written by `" + COMMAND + "` from",
        " * bbans_cli/coders/neural/network_layout.py; edit that. */",
        "#ifndef BBC_NETWORK_LAYOUT_TYPES_H",
        "#define BBC_NETWORK_LAYOUT_TYPES_H",
        "",
        f"enum {{ NETWORK_TAPS = {layout.TAPS}, NETWORK_COMPONENTS = {layout.COMPONENTS} }};",
        "",
        "/* Inputs of the trunk: offset, and number of columns. */",
        *_enum(layout.INPUTS, "NETWORK_INPUT", "NETWORK_INPUTS"),
        "",
        "/* Columns of bbc_scan_least_squares. */",
        *_enum(layout.LEAST_SQUARES, "NETWORK_LS", "NETWORK_LS_COLUMNS"),
        "",
        "/* Outputs of a head. */",
        *_enum(layout.OUTPUTS, "NETWORK_OUTPUT", "NETWORK_OUTPUTS"),
        "",
        "/* Inputs of the correction of a mixture. */",
        *_enum(layout.CORRECTIONS, "NETWORK_CORRECTION", "NETWORK_CORRECTIONS"),
        "",
        "/* Further inputs of the head of each channel. */",
        f"static const int network_extra_count[3] = {{{counts}}};",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def table() -> str:
    """The tables of docs/model.md."""
    parts = [(f"Inputs of the trunk, {layout.INPUTS.size}", layout.INPUTS)]
    parts += [(f"Further inputs of the head of {'GRB'[c]}", layout.EXTRAS[c]) for c in (1, 2)]
    parts += [(f"Outputs of each head, {layout.OUTPUTS.size}", layout.OUTPUTS)]
    parts += [(f"Inputs of the correction, {layout.CORRECTIONS.size}", layout.CORRECTIONS)]
    text = []
    for title, of in parts:
        rows = [[f"`{field.name}`", str(field.offset), str(field.count), field.meaning] for field in of]
        lines = [[title, "from", "count", ""], ["---", "---:", "---:", "---"], *rows]
        text.append("\n".join("| " + " | ".join(row) + " |" for row in lines))
    return "\n\n".join(text)


@click.command()
def main() -> None:
    """Write core/neural/network_layout_types.h and the tables of docs/model.md."""
    HEADER.write_text(header())
    pages.write(PAGE, COMMAND, table())


if __name__ == "__main__":
    main()
