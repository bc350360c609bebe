"""Write what goes to share/ from the command's own description: the man page, and completions for three shells.

python -m scripts.release.make_share            write the files
python -m scripts.release.make_share --check    exit with 1 if they are not what would be written
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from bbans_cli import __version__
from bbans_cli.cli.main import bbc

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).with_name("bbc.1.in")
COMPLETIONS = {
    "bash": "bash-completion/completions/bbc",
    "zsh": "zsh/site-functions/_bbc",
    "fish": "fish/vendor_completions.d/bbc.fish",
}


def completion(shell: str) -> str:
    """What `_BBC_COMPLETE=bash_source bbc` prints, without asking the shell at hand for its version."""
    kind = get_completion_class(shell)
    assert kind is not None
    source = kind(bbc, {}, "bbc", "_BBC_COMPLETE")
    return (source.source_template % source.source_vars()).lstrip("\n")


def roff(text: str) -> str:
    """Plain text for a roff line: dashes that stay dashes, nothing that begins a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + escaped if escaped.startswith((".", "'")) else escaped


def option_entry(option: click.Option) -> str:
    """A .TP paragraph: the option's names, its value, what it does."""
    names = ", ".join(f"\\fB{roff(name)}\\fR" for name in option.opts)
    value = f" \\fI{roff(option.metavar)}\\fR" if option.metavar and not option.is_flag else ""
    return f".TP\n{names}{value}\n{roff(option.help or '')}"


def commands(group: click.Group = bbc, prefix: str = "") -> dict[str, click.Command]:
    """Every verb by its name; a verb of a group by both: batch.plan."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        found |= commands(command, f"{name}.") if isinstance(command, click.Group) else {prefix + name: command}
    return found


def options(words: list[str]) -> str:
    """Entries for the options that all these verbs have, and none of those with a minus, in the help's order."""
    names = {verb: {p.opts[0] for p in command.params} for verb, command in commands().items()}
    wanted = [verb for verb in words if not verb.startswith("-")]
    shown = set.intersection(*(names[verb] for verb in wanted))
    shown -= set().union(*(names[verb[1:]] for verb in words if verb.startswith("-")))
    described = [p for p in commands()[wanted[0]].params if isinstance(p, click.Option) and not p.hidden]
    return "\n".join(option_entry(option) for option in described if option.opts[0] in shown)


def man_page() -> str:
    """The template with `@version@`, and `@options A B -C@`: the options that A and B have and C has not."""
    lines = []
    for line in TEMPLATE.read_text().replace("@version@", __version__).splitlines():
        if line.startswith("@options "):
            line = options(line.strip("@").split()[1:])
        lines.append(line)
    return "\n".join(lines) + "\n"


def files() -> dict[Path, str]:
    """Every generated file's place and text."""
    made = {ROOT / "share" / place: completion(shell) for shell, place in COMPLETIONS.items()}
    return made | {ROOT / "share/man/man1/bbc.1": man_page()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    stale = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files()[path])
    sys.exit(check and bool(stale))


if __name__ == "__main__":
    main()
