"""Outputs that would be one file: none of their inputs is done, and the error says which option keeps them apart."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bbans_cli.cli import places
from bbans_cli.cli.atomic_output import CollisionError, is_special
from bbans_cli.cli.task import Naming, Task


def refuse_collisions(tasks: Sequence[Task], naming: Naming) -> list[Task]:
    """All tasks, those with a common output with a problem: which of them came first must not decide what is in it."""
    problems: dict[int, CollisionError] = {}
    for group in _by_output(tasks):
        if len(group) > 1:
            words = _what_helps(group, naming)
            for number, task in enumerate(group):
                others = group[:number] + group[number + 1 :]
                names = others[0].source + (f" and {len(others) - 1} more" if len(others) > 1 else "")
                problems[id(task)] = CollisionError(f"would become {task.target}, as would {names}; {words}")
    return [replace(task, problem=problems.get(id(task), task.problem)) for task in tasks]


def _by_output(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """The tasks that write a file, those together whose outputs are one name to the file system."""
    alike: dict[tuple[object, str], dict[str, list[Task]]] = {}
    for task in tasks:
        if task.problem is None and task.target is not None and not is_special(task.target):
            by_name = alike.setdefault(places.place(task.target), {})
            by_name.setdefault(os.path.basename(task.target), []).append(task)
    for by_name in alike.values():
        groups = list(by_name.values())
        if len(groups) > 1 and _takes_for_one(os.path.dirname(groups[0][0].target or "")):
            yield [task for group in groups for task in group]
        else:
            yield from groups


def _takes_for_one(folder: str) -> bool:
    """Whether names that differ in case are one in a folder, or in what it will be in, as far as its entries tell."""
    while folder and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    with contextlib.suppress(OSError), os.scandir(folder or os.curdir) as entries:
        for entry in entries:
            other = os.path.join(folder, entry.name.swapcase())
            if os.path.basename(other) != entry.name and (identity := places.identity(entry.path)):
                return identity == places.identity(other)
    return False


def _what_helps(group: Sequence[Task], naming: Naming) -> str:
    """The least change to the options with which all inputs of a group have outputs of their own."""
    names = [(os.path.split(task.source), os.path.split(task.target or "")) for task in group]
    full = [naming.full(source) if naming.full else target for (_, source), (_, target) in names]
    there = [folder for _, (folder, _) in names]
    beside = [folder for (folder, _), _ in names]
    choices = {
        "--full-names keeps them apart": zip(there, full, strict=True),
        "without -o each goes beside its input": zip(beside, [name for _, (_, name) in names], strict=True),
        "--full-names without -o keeps them apart": zip(beside, full, strict=True),
    }
    for words, outputs in choices.items():
        if len({places.place(os.path.join(*place)) for place in outputs}) == len(group):
            return words
    return "-o names the output of one"
