"""Builds the extension bbans_cli._core; setup.py runs it.

Every .c file below this folder is compiled into it; includes are by bare name, so names of headers are unique. What Python calls is declared in `<part>.cdef.h`, one for each part of
the core; the C files include that same header, so the two cannot drift apart.
"""

import os
import shlex
from pathlib import Path

from cffi import FFI

# After the user's own flags, so that these win. The results are defined by the order of operations in the source,
# hence nothing that lets the compiler change it. -fno-trapping-math changes no result: it says that nobody reads the
# exception flags, without which GCC does not vectorise a selection.
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

# The last word, for sanitizer builds, which take minutes with -O3.
COMPILE_ARGS += shlex.split(os.environ.get("BBC_DEBUG_CFLAGS", ""))

HERE = Path("bbans_cli/core")

parts = sorted(HERE.rglob("*.cdef.h"))

ffi = FFI()
ffi.cdef("\n".join(part.read_text() for part in parts))
ffi.set_source(
    "bbans_cli._core",
    "#include <stddef.h>\n#include <stdint.h>\n" + "".join(f'#include "{part.name}"\n' for part in parts),
    sources=[str(path) for path in sorted(HERE.rglob("*.c"))],
    include_dirs=sorted({str(path.parent) for path in HERE.rglob("*.h")}),
    depends=[str(path) for path in sorted(HERE.rglob("*.h"))],
    extra_compile_args=COMPILE_ARGS,
    extra_link_args=["-pthread"],
)
