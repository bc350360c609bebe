"""The shell cases of tests/cli/cases and the environment that they run in."""

import os
import sys
import sysconfig
from pathlib import Path

CASES = Path(__file__).parents[1] / "cli" / "cases"


def environment(home: Path) -> dict[str, str]:
    """Nothing of the caller's settings gets in: options in the environment, locale, width of the terminal."""
    scripts = Path(sysconfig.get_path("scripts"))
    assert (scripts / "bbc").exists(), "the command is not installed: pip install -e ."
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BBC_", "LC_", "LANG"))}
    path = os.pathsep.join([str(CASES / "bin"), str(scripts), str(Path(sys.executable).parent), os.environ["PATH"]])
    return kept | {"PATH": path, "HOME": str(home), "PYTHONUTF8": "1", "COLUMNS": "80", "CASES": str(CASES)}
