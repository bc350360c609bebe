"""The C core, loaded, checked and set to one instruction set.

Importing this module picks the widest kernels that the CPU has, or those that the environment variable BBC_ISA names
(avx512, avx2, neon, base), and runs their known-answer test once. `ffi` and `lib` are cffi's; everything else in
the package goes through them.
"""

from __future__ import annotations

import os

from bbans_cli._core import ffi, lib

__all__ = ["available_isas", "built_isas", "current_isa", "ffi", "isa_index", "lib", "select_isa"]

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

    Results have equal bits either way. Raises UnsupportedError for a name that this build or CPU lacks, or where
    the kernels fail their known-answer test: files written by them could not be read elsewhere.
    """
    if name and name not in available_isas():
        raise _unsupported(f"instruction set {name!r} is not available here; there are {', '.join(available_isas())}")
    index = isa_index(name) if name else lib.bbc_isa_best()
    failed = lib.bbc_self_test(index)
    if failed:
        raise _unsupported(
            f"the {_NAMES[index]} kernels fail part {failed} of their self-test: this machine or compiler does not "
            "compute exactly; another may be chosen by BBC_ISA=" + "|".join(available_isas())
        )
    lib.bbc_isa_select(index)
    return _NAMES[index]


def _unsupported(message: str) -> Exception:
    from bbans_cli.errors import UnsupportedError  # only where needed: this import is part of the command's start

    return UnsupportedError(message)


select_isa(os.environ.get("BBC_ISA"))
