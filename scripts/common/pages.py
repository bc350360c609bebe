"""Tables in Markdown pages, between two comments that name the command that writes them."""

from __future__ import annotations

from pathlib import Path


def begin(command: str) -> str:
    """The comment before the measured text."""
    return f"<!-- measured: written by `{command}` -->"


END = "<!-- end of what was measured -->"


def replace(text: str, command: str, new: str) -> str:
    """`text` with the text between the two comments replaced. Raises ValueError unless both are there, once."""
    start = begin(command)
    if text.count(start) != 1 or END not in text.split(start)[1]:
        raise ValueError(f"the page has lost a comment around what {command} wrote")
    before, rest = text.split(start)
    return f"{before}{start}\n\n{new.strip()}\n\n{END}{rest.split(END, 1)[1]}"


def write(page: Path, command: str, new: str) -> None:
    """Replace the text between the two comments in a file."""
    page.write_text(replace(page.read_text(), command, new))


def table(rows: list[list[str]]) -> str:
    """A Markdown table, the first row its header, numbers to the right."""
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [rows[0], rule, *rows[1:]])
