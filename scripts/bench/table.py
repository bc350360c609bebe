"""The measurements of bench.py as text for a terminal and as Markdown for README.md and docs/bench.md."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from scripts.common import pages

BASE = "jxl-9"
MIB = 1 << 20
KODAK = (
    "\\* All of Kodak was converted from 8-bit PhotoCD, so that one colour in nine occurs (`make kodak-lattice`). A "
    "coder that adapts to the picture learns some of this: take the other sets for what photographs are like."
)
# Titles of sets; the others have their own names.
NAMES = {
    "kodak": "Kodak\\*", "dev/photos": "photos", "dev/camera": "cameras", "dev/imagenet": "ImageNet",
    "dev/small64": "64x64",
}  # fmt: skip


def machine() -> dict:
    """What the measured times depend on."""
    from bbans_cli import __version__, core, scheduler
    from bbans_cli.coders.registry import networks
    from bbans_cli.limits import LEVELS

    return {
        "bbc": __version__,
        "weights": [f"{name} {id.hex()}" for level in LEVELS for name, id in networks(level).items()],
        "cpu": _cpu(),
        "cores": scheduler.cores(),
        "isa": core.current_isa(),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }


def _cpu() -> str:
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or "unknown"


def _figures(measured: dict, row: dict) -> dict[str, str]:
    base = next((other["bytes"] for other in measured["rows"] if other["codec"] == BASE), None)
    area = measured["timed_pixels"] / 1e6
    return {
        "bytes": f"{row['bytes']:,}",
        "bpd": f"{8 * row['bytes'] / measured['samples']:.3f}",
        "of JPEG XL e9": f"{row['bytes'] / base:.4f}" if base else "",
        "encode": f"{area / row['encode']:.3f}",
        "checked": f"{area / row['verified']:.3f}" if row["verified"] else "",
        "decode": f"{area / row['decode']:.3f}",
        "MiB": f"{row['peak'] / MIB:.0f}",
    }


def _title(measured: dict) -> str:
    return (
        f"{measured['name']}: {measured['pictures']} pictures, {measured['pixels'] / 1e6:.2f} Mpixel; Mpixel/s "
        f"({clock(measured)}) on {measured['timed_pictures']} of them ({measured['timed_pixels'] / 1e6:.2f} Mpixel)"
    )


def threads(measured: dict) -> str:
    """The number of threads while times were taken, in words."""
    return "one thread" if measured["threads"] == 1 else f"{measured['threads']} threads"


def clock(measured: dict) -> str:
    """How times were taken, in words."""
    return "processor time of one thread" if measured["threads"] == 1 else f"wall time, {threads(measured)}"


def lines(measured: dict) -> list[str]:
    """One set: a title, a heading, a line for each codec, and what was left out."""
    table = [_figures(measured, row) for row in measured["rows"]]
    columns = list(table[0])
    widths = {name: 2 + max(len(name), *(len(figures[name]) for figures in table)) for name in columns}
    out = [_title(measured), f"{'':24}" + "".join(f"{name:>{widths[name]}}" for name in columns)]
    for row, figures in zip(measured["rows"], table, strict=True):
        out.append(f"{row['title']:24}" + "".join(f"{figures[name]:>{widths[name]}}" for name in columns))
    out += [f"left out, not 8-bit grey, RGB or palette: {name}" for name in measured["left_out"]]
    return out + [f"not measured: {reason}" for reason in dict.fromkeys(measured["missing"])]


def busy(result: dict) -> float:
    """The share of a core that the timed runs of one thread got; well below 1 if other programs were running."""
    rows = [row for measured in result["sets"] if measured["threads"] == 1 for row in measured["rows"]]
    wall = sum(row["wall"] for row in rows)
    return min(1.0, sum(row["cpu"] for row in rows) / wall) if wall else 1.0


def notes(result: dict) -> list[str]:
    """The machine, and how it was measured."""
    on = result["machine"]
    out = [
        f"bbc {on['bbc']}, weights {', '.join(on['weights'])}; {on['cpu']}, {on['isa']} kernels; {on['system']}.",
        "Every picture was decoded and compared. `encode` is without the encoder's own verification, `checked` with "
        "it; all coders that the encoder tries are counted. `MiB` is the peak memory of the codec's process, Python "
        "included.",
    ]
    if any(measured["name"] == "kodak" for measured in result["sets"]):
        out.append(KODAK)
    if busy(result) < 0.95:
        out.append(f"The machine was busy: the timed runs got {100 * busy(result):.0f} % of a core.")
    return out


def write_markdown(result: dict, root: Path) -> None:
    """Write docs/bench.md, and the table of README.md between its two comments."""
    page = ["# Measurements", "Written by `make bench-markdown`; do not edit."]
    for measured in result["sets"]:
        figures = [{"": row["title"]} | _figures(measured, row) for row in measured["rows"]]
        page += [f"## {NAMES.get(measured['name'], measured['name'])}", _title(measured) + ".", _markdown(figures)]
    page += notes(result)
    if (root / "docs" / "front.png").exists():
        page += ["## Size against time", "From `make front`:", "![size against time](front.png)"]
    (root / "docs" / "bench.md").write_text("\n\n".join(page) + "\n")
    pages.write(root / "README.md", "make bench-markdown", _summary(result))


def _markdown(table: list[dict[str, str]]) -> str:
    return pages.table([list(table[0]), *(list(row.values()) for row in table)])


def _summary(result: dict) -> str:
    """The table of README.md: bits per sub-pixel on every set, and the speed on the set with the most timed pixels."""
    sets = result["sets"]
    speed = max(sets, key=lambda measured: measured["timed_pixels"])
    table = []
    for row in sets[0]["rows"]:
        cells = {"bits per sub-pixel": row["title"]}
        for measured in sets:
            figures = _figures(measured, _same(measured, row))
            ratio = f" ({figures['of JPEG XL e9']})" if figures["of JPEG XL e9"] else ""
            cells[NAMES.get(measured["name"], measured["name"])] = figures["bpd"] + ratio
        figures = _figures(speed, _same(speed, row))
        table.append(cells | {name: figures[name] for name in ("encode", "decode", "MiB")})
    name = NAMES.get(speed["name"], speed["name"])
    return f"""{_markdown(table)}

In brackets: total bytes as a share of JPEG XL's at effort 9. Mpixel/s ({clock(speed)}) and memory on {name}.
{notes(result)[0]}
{KODAK}
Every picture was decoded and compared. All figures: [docs/bench.md](docs/bench.md)."""


def _same(measured: dict, row: dict) -> dict:
    return next(other for other in measured["rows"] if other["codec"] == row["codec"])
