"""Builds the extension bbans_cli._core; setup.py runs it.

Every .c file below this folder is compiled. Every folder that has headers is on the include path, so that a file can
move without edits where it is included: hence the names of headers are unique. What Python calls is declared in
`<part>.cdef.h`, one for each part of the core. The C files include the same header, so the two cannot differ.
"""

import os
import shlex
from pathlib import Path

from cffi import FFI

# These come after the user's own flags, so that they win. The order of operations in the source defines the results:
# no flag may let the compiler change it. -fno-trapping-math changes no result. It says that nobody reads the exception
# flags; without it GCC does not vectorise a selection.
COMPILE_ARGS = [
    "-O3",
    "-std=gnu11",
    "-ffp-contract=off",
    "-fno-fast-math",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-lto",
    "-fvisibility=hidden",
    "-pthread",
    "-Wall",
    "-Wextra",
]

# Last of all, for sanitizer builds, which take minutes with -O3.
COMPILE_ARGS += shlex.split(os.environ.get("BBC_DEBUG_CFLAGS", ""))

HERE = Path("bbans_cli/core")

parts = sorted(HERE.rglob("*.cdef.h"))
headers = sorted(HERE.rglob("*.h"))
names = [header.name for header in headers]
if len(set(names)) < len(names):
    raise RuntimeError("two headers have one name: " + ", ".join(sorted({n for n in names if names.count(n) > 1})))

ffi = FFI()
ffi.cdef("\n".join(part.read_text() for part in parts))
ffi.set_source(
    "bbans_cli._core",
    "#include <stddef.h>\n#include <stdint.h>\n" + "".join(f'#include "{part.name}"\n' for part in parts),
    # Those that take longest first: setup.py compiles several at a time.
    sources=[str(path) for path in sorted(HERE.rglob("*.c"), key=lambda path: (path.parent.name != "isa", path))],
    include_dirs=sorted({str(header.parent) for header in headers}),
    depends=[str(header) for header in headers],
    extra_compile_args=COMPILE_ARGS,
    extra_link_args=["-pthread"],
)
