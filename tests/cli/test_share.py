"""What goes beside the command: man page, completions, magic."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import bbans_cli
from bbans_cli import api, errors
from bbans_cli.archive import compress_shard, extras, planning, retry
from bbans_cli.cli import atomic_output, plan
from bbans_cli.cli.main import bbc
from bbans_cli.container import CODER_NAMES

ARCHIVE = (compress_shard, extras, planning, retry)
ROOT = Path(__file__).parents[2]
SHARE = ROOT / "share"
SCRIPTS = sysconfig.get_path("scripts")


def needs(program: str) -> str:
    return shutil.which(program) or pytest.skip(f"needs {program}")


def run(*args: str | Path, **more) -> str:
    return subprocess.run(args, check=True, capture_output=True, text=True, **more).stdout


def test_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/release/make_share.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_man_page_names_every_option_and_nothing_else() -> None:
    page = re.sub(r"\\f[BIR]", "", (SHARE / "man/man1/bbc.1").read_text().replace("\\-", "-"))
    said = set(re.findall(r"(?<![\w-])--?[A-Za-z0-9][a-z0-9-]*", page.split(".SH OPTIONS")[1].split(".SH EXIT")[0]))
    verbs = [*bbc.commands.values(), *bbc.commands["batch"].commands.values()]
    known = {name for verb in verbs for p in verb.params for name in p.opts if name.startswith("-")}
    hidden = {"-2", "-3", "-4", "-6", "-7", "-8"}
    assert said == known - hidden | {"-h", "--help"}


def test_the_man_page_names_every_code() -> None:
    page = (SHARE / "man/man1/bbc.1").read_text().replace("\\-", "-")
    listed = set(re.search(r"Codes: (.*?)\.\n", page, re.DOTALL)[1].replace("\n", " ").split(", "))
    kinds = [kind for module in (errors, plan, atomic_output, api, *ARCHIVE) for kind in vars(module).values()]
    codes = {kind.code for kind in kinds if isinstance(kind, type) and issubclass(kind, errors.BbcError)}
    # "error" is the base's, "usage" ends the command before there is a file to tell of.
    assert listed == codes - {"error", "usage"} | set(errors.SYSTEM_CODES.values()) | {"io", "memory", "internal"}


def test_the_man_page_names_every_coder() -> None:
    page = (SHARE / "man/man1/bbc.1").read_text().replace("\\-", "-")
    listed = re.search(r"\.IR coder :\n(.*?)\.\n", page, re.DOTALL)[1]
    assert set(re.split(r",\s|\sor\s", listed)) == set(CODER_NAMES.values())


def test_the_man_page_is_well_formed() -> None:
    shown = run(needs("mandoc"), "-T", "lint", "-W", "error", SHARE / "man/man1/bbc.1")
    assert shown == ""


def complete(words: str) -> list[str]:
    script = f"""
        source {SHARE}/bash-completion/completions/bbc
        COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
        _bbc_completion bbc 2>/dev/null; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = os.pathsep.join([SCRIPTS, os.environ["PATH"]])
    return run(needs("bash"), "-c", script, env=os.environ | {"PATH": path}).split()


def test_bash_completes_verbs_and_options() -> None:
    assert complete("bbc de") == ["decompress"]
    assert set(complete("bbc compress --s")) == {"--stdout", "--skip-existing", "--strip"}
    assert complete("bbc decompress --format t") == ["tiff"]


@pytest.mark.parametrize(
    "shell, script", [("zsh", "zsh/site-functions/_bbc"), ("fish", "fish/vendor_completions.d/bbc.fish")]
)
def test_other_shells_can_read_theirs(shell: str, script: str) -> None:
    run(needs(shell), "-n", SHARE / script)


def test_magic(tmp_path: Path) -> None:
    (tmp_path / "a.bbc").write_bytes(bbans_cli.compress(np.zeros((3, 5, 3), np.uint8)))
    file = needs("file")
    magic = SHARE / "misc/bbc.magic"
    assert run(file, "-b", "-m", magic, tmp_path / "a.bbc") == "bbc lossless picture, format version 2\n"
    assert run(file, "-b", "--mime-type", "-m", magic, tmp_path / "a.bbc") == "image/x-bbc\n"
