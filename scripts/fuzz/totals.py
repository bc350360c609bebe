"""What the runs of each fuzz target came to, over all sessions: totals.json, which is committed, and docs/trust.md.

    python -m scripts.fuzz.totals [--markdown]

Each run is added to the sums of its target as long as the code that the target tests stays the same; after a change of
it they begin anew. Prints the table, and says of each target whether its sums are of the present code.
--markdown: into docs/trust.md as well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.common import pages

ROOT = Path(__file__).parents[2]
TOTALS = Path(__file__).with_name("totals.json")
COMMAND = "python -m scripts.fuzz.totals --markdown"
# What each target should have had before a release: whichever comes first
ASKED_RUNS, ASKED_MINUTES = 10_000_000, 20
# What each target tests: files below bbans_cli; those of a pattern behind ! are another coder's
FEW_COLOURS = ("core/mixing/*", "!core/mixing/bytes*", "!core/mixing/deep*")
MIXING = ("core/mixing/*", "!core/mixing/few_colours*")
COEFFICIENTS = ("core/jpeg/*", *MIXING)
SCAN = ("core/arith/*", "core/dispatch/*", "core/entropy/*")
STREAM = ("core/jpeg/stream/*",)
TESTED = {
    "ans": ("core/arith/exact.h", "core/entropy/*"),
    "band_scan": ("core/neural/*", *SCAN),
    "bytes": MIXING,
    "coefficients_1": COEFFICIENTS,
    "coefficients_5": COEFFICIENTS,
    "coefficients_9": COEFFICIENTS,
    "dct": ("core/jpeg/dct_decode*", "core/jpeg/ycbcr*"),
    "deep": MIXING,
    "few_colours": FEW_COLOURS,
    "fitted": ("core/fitted/*", *SCAN),
    "png_filters": ("core/formats/png_filters*",),
    "stream_read": STREAM,
    "stream_write": STREAM,
    "container": ("container/*",),
    "decode": ("api/*", "coders/**/*", "container/*", "pictures/*"),
    "pictures": ("pictures/*",),
    "jpeg": ("coders/files/*", "coders/jpeg/**/*", "container/*"),
    "tree": ("coders/files/*", "container/*"),
    "metadata": ("container/*", "pictures/*", "thumbnails.py"),
}


@dataclass
class Row:
    """What a target's runs came to."""

    name: str
    runs: int = 0
    seconds: float = 0.0
    processor: float = 0.0  # seconds
    coverage: int = 0
    features: int = 0
    failures: int = 0
    code: str = ""  # of what was tested

    @property
    def enough(self) -> bool:
        """Whether the target has had what is asked."""
        return self.runs >= ASKED_RUNS or self.processor >= 60 * ASKED_MINUTES

    def words(self) -> str:
        rate = self.runs / max(self.processor, 1e-9)
        cells = [f"`{self.name}`", f"{self.runs:,}", f"{self.processor / 60:,.1f}", f"{rate:,.0f}"]
        cells += [f"{self.coverage:,}", f"{self.features:,}", str(self.failures), f"`{self.code}`"]
        return "| " + " | ".join(cells) + " |"

    def plus(self, other: Row) -> Row:
        """Of both; coverage is what the one has that saw more."""
        found = Row(self.name, self.runs + other.runs, self.seconds + other.seconds, self.processor + other.processor)
        found.coverage, found.features = max(self.coverage, other.coverage), max(self.features, other.features)
        found.failures, found.code = self.failures + other.failures, other.code
        return found


HEAD = """| target | executions | processor minutes | executions a second | edges | features | failures | code |
|---|---:|---:|---:|---:|---:|---:|---|"""


def tested(name: str, root: Path = ROOT) -> set[Path]:
    """The files that a target tests."""
    found: set[Path] = set()
    for pattern in TESTED[name]:
        paths = set((root / "bbans_cli").glob(pattern.removeprefix("!")))
        found = found - paths if pattern.startswith("!") else found | paths
    return found


def code_of(name: str, root: Path = ROOT) -> str:
    """Eight digits of the SHA-256 of what a target tests and of its own C, without comments and space."""
    found = tested(name, root)
    found.add(root / "scripts" / "fuzz" / "c" / f"{name}.c")
    total = hashlib.sha256()
    for path in sorted(found):
        if path.suffix in (".c", ".h", ".py") and path.exists():
            comments = r"(?m)^\s*#.*$" if path.suffix == ".py" else r"(?s)/\*.*?\*/|//[^\n]*"
            total.update("".join(re.sub(comments, "", path.read_text()).split()).encode() + b"\0")
    return total.hexdigest()[:8]


def read(totals: Path = TOTALS) -> dict[str, Row]:
    """The sums of each target that has run."""
    known = json.loads(totals.read_text()) if totals.exists() else {}
    return {name: Row(name, **row) for name, row in known.items()}


def add(found: Row, totals: Path = TOTALS) -> Row:
    """Add a run to the sums in the file, if these are of the same code; gives what is there then."""
    known = read(totals)
    earlier = known.get(found.name)
    known[found.name] = earlier.plus(found) if earlier and earlier.code == found.code else found
    lines = []
    for name in sorted(known):
        row = known[name]
        values = asdict(row) | {"seconds": round(row.seconds, 1), "processor": round(row.processor, 1)}
        del values["name"]
        lines.append(f'"{name}": {json.dumps(values)}')
    totals.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return known[found.name]


def missing(names: Iterable[str]) -> list[str]:
    """Those that have not had what is asked since their code changed."""
    known = read()
    return [name for name in names if name not in known or not known[name].enough or known[name].code != code_of(name)]


def table(rows: dict[str, Row]) -> str:
    """For docs/trust.md."""
    enough = sum(row.enough for row in rows.values())
    asked = f"{ASKED_MINUTES} minutes of a processor or {ASKED_RUNS:,} executions"
    said = f"{enough} of {len(TESTED)} targets have had {asked} of one state of their code:"
    return "\n".join([said, "", HEAD, *(rows[name].words() for name in TESTED if name in rows)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    rows = read()
    print(table(rows))
    changed = [name for name, row in rows.items() if row.code != code_of(name)]
    print(f"\nOf earlier code: {', '.join(changed) or 'none'}. To be run: {', '.join(missing(TESTED)) or 'none'}.")
    if given.markdown:
        pages.write(ROOT / "docs" / "trust.md", COMMAND, table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
