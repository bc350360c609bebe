"""Imports between the rooms of the package go one way: the contracts of [tool.importlinter] in pyproject.toml hold."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT_IMPORTS = shutil.which("lint-imports", path=sysconfig.get_path("scripts"))


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the package in this folder against the contracts of this project."""
    assert LINT_IMPORTS is not None, "import-linter is missing: pip install '.[test]'"
    command = [LINT_IMPORTS, "--no-cache", "--no-logo", ROOT / "pyproject.toml"]
    environment = os.environ | {"PYTHONPATH": str(root)}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


def test_imports_go_one_way() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "wrong", "contract"),
    [
        ("errors", "from bbans_cli import container", "rooms of the package BROKEN"),
        ("pictures/chunks", "from bbans_cli.coders import raw", "rooms of the package BROKEN"),
        ("coders/jpeg/coder", "from bbans_cli.coders.neural import weights", "coders BROKEN"),
        ("newcomer", "", "rooms of the package BROKEN"),
    ],
)
def test_an_import_the_wrong_way_is_noticed(module: str, wrong: str, contract: str, tmp_path: Path) -> None:
    """Also a module that no line of the contracts has."""
    for path in (ROOT / "bbans_cli").rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    with open(tmp_path / f"bbans_cli/{module}.py", "a") as file:
        file.write(f"\n{wrong}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1 and contract in done.stdout, done.stdout + done.stderr
