"""The C core, loaded, checked and set to one instruction set.

Importing this module picks the widest kernels that the CPU has, or those that the environment variable BBC_ISA names
(avx512, avx2, neon, base), and runs the known-answer test once (core/isa/self_test.c). `ffi` and `lib` are cffi's; the
package reaches the core only through them.
"""

from __future__ import annotations

import os
from typing import Any, TypeAlias

from bbans_cli._core import ffi, lib

__all__ = [
    "CData",
    "available_isas",
    "built_isas",
    "check_coder",
    "current_isa",
    "ffi",
    "isa_index",
    "lib",
    "select_isa",
]

CData: TypeAlias = Any  # a pointer, struct or buffer of cffi, which has no types for them

_NAMES = ("avx512", "avx2", "neon", "base")


def isa_index(name: str) -> int:
    """The index by which the C functions know an instruction set; ValueError if there is none of that name."""
    return _NAMES.index(name)


def built_isas() -> list[str]:
    """Instruction sets that this build has kernels for, widest first."""
    return [name for i, name in enumerate(_NAMES) if lib.bbc_isa_built(i)]


def available_isas() -> list[str]:
    """Those of built_isas() that this CPU and operating system can run."""
    return [name for i, name in enumerate(_NAMES) if lib.bbc_isa_supported(i)]


def current_isa() -> str:
    """The instruction set whose kernels are in use."""
    return _NAMES[lib.bbc_isa_now()]


def select_isa(name: str | None = None) -> str:
    """Use the kernels of one instruction set, the widest if `name` is None or empty; returns its name.

    Results have equal bits either way. No other thread may code at the time. Raises UnsupportedError for a name that
    this build or CPU lacks, or where the kernels fail the known-answer test: files written with them could not be read
    elsewhere.
    """
    if name and name not in available_isas():
        raise _unsupported(f"instruction set {name!r} is not available here; there are {', '.join(available_isas())}")
    index = isa_index(name) if name else lib.bbc_isa_best()
    _self_test(index, 0, lib.BBC_SELF_TEST_ON_LOAD)
    lib.bbc_isa_select(index)
    return _NAMES[index]


def check_coder(part: int) -> None:
    """The part BBC_SELF_TEST_... of the known-answer test, once in a process for each instruction set.

    A coder by context mixing calls it before it codes: its state takes longer to lay out than everything that is tested
    on loading. Raises UnsupportedError as select_isa does.
    """
    index = lib.bbc_isa_now()
    if (index, part) not in _checked:
        _self_test(index, part, part + 1)
        _checked.add((index, part))


_checked: set[tuple[int, int]] = set()


def _self_test(index: int, first: int, end: int) -> None:
    """Parts of the known-answer test, `end` excluded, on an instruction set. Raises UnsupportedError."""
    failed = lib.bbc_self_test(index, first, end)
    if failed < end:
        part = ffi.string(lib.bbc_self_test_name(failed)).decode()
        raise _unsupported(
            f"the {_NAMES[index]} kernels fail the self-test of {part}: this machine or compiler does not compute "
            "exactly; another instruction set may be chosen by BBC_ISA=" + "|".join(available_isas())
        )


def _unsupported(message: str) -> Exception:
    from bbans_cli.errors import UnsupportedError  # only where needed: this import is part of the command's start

    return UnsupportedError(message)


select_isa(os.environ.get("BBC_ISA"))
