"""Rules of this house that no linter knows: names of modules and of C, length of functions, no reflection, no `Any`."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = sorted(path for folder in ("bbans_cli", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
PACKAGE = [path for path in PYTHON if path.is_relative_to(ROOT / "bbans_cli")]
C = sorted([*(ROOT / "bbans_cli/core").rglob("*.c"), *(ROOT / "bbans_cli/core").rglob("*.h")])
LONGEST = 60  # lines of a function

# Words that only this repository's history explains, and the field's words for them.
PRIVATE = {
    "graded": "deep",
    "discrete": "few_colours or categorical",
    "blend": "mixer",
    "slots": "counters",
    "squares": "windowed_ls",
    "regression": "local_ls",
    "periodic": "phase_ls",
    "pass": "band_scan",
    "location": "location_scale",
    "choose": "encode_picture",
    "assemble": "decode_picture",
    "direct": "kernel_calls",
    "recover": "inversion",
    "halved": "upsampling",
    "planes": "lattice",
    "history": "coefficients",
    "publish": "atomic_output",
}

# Prefixes of the names at a C file's scope, where they are not the file's own stem.
PREFIXES = {
    "exact": ["ex_"],
    "dct_decode": ["dct_"],
    "simd": ["vf_", "gemm_"],
    "vector_math": ["vf_"],
    "band_scan": ["scan_"],
    "band_scan_layout": ["scan_"],
    "online_learning": ["learn_"],
    "learn_backward": ["learn_"],
    "categorical": ["categorical_", "table_"],
    "kernels": ["isa_", "kernel_", "fp_", "map32_", "map64_"],
    "dispatch": ["isa_", "kernel_", "fp_", "self_test_"],
    "isa_avx512": ["target_"],
    "isa_avx2": ["target_"],
    "isa_neon": ["target_"],
    "isa_base": ["target_"],
    "kernel_table": ["kernel_"],
    "coefficient_fast": ["fast_"],
    "coefficient_fast_bits": ["fast_"],
    "kernel_calls": ["kernel_"],
}
SHARED = {"EX", "_POSIX_C_SOURCE", "__attribute__"}  # the attribute of inline helpers; names of C itself


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def stem(path: Path) -> str:
    return re.sub(r"(-inl|_types|\.cdef)$", "", path.stem)


def test_modules_have_the_names_of_the_field():
    paths = [*PACKAGE, *C]
    words = {name(path): re.split(r"[_.-]", path.stem.replace("location_scale", "")) for path in paths}
    words = {path: PRIVATE.keys() & found for path, found in words.items()}
    assert {path: found for path, found in words.items() if found} == {}


def test_headers_of_one_instruction_set_are_named_so():
    """What kernel_table-inl.h includes is compiled once for each instruction set, but for types and shared helpers."""
    included, todo = set(), ["kernel_table-inl.h"]
    files = {path.name: path for path in C}
    while todo:
        for header in re.findall(r'#include "([^"]+)"', files[todo.pop()].read_text()):
            if header not in included:
                included.add(header)
                todo.append(header)
    kernels = {path.name for path in C if path.name.endswith("-inl.h")} - {"kernel_table-inl.h"}
    assert kernels <= included


def python_functions():
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name(path)}:{node.name}", node.end_lineno - node.lineno + 1


def c_functions():
    for path in C:
        lines = path.read_text().splitlines()
        for first, line in enumerate(lines):
            if line == "{":
                last = lines.index("}", first)
                while first and lines[first - 1] and not lines[first - 1].startswith(("}", "#", " *")):
                    first -= 1
                yield f"{name(path)}:{first + 1}", last - first + 1


def test_functions_are_short():
    assert {where: lines for where, lines in [*python_functions(), *c_functions()] if lines > LONGEST} == {}


def c_names(path: Path):
    """Names that a C file defines at its scope: functions, types, enumerators, macros, objects."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    text = re.sub(r"\\\n", " ", text)
    yield from re.findall(r"^#define (\w+)", text, re.M)
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    yield from re.findall(r"^\} (\w+);", text, re.M)
    for body in re.findall(r"^(?:typedef )?enum\s*\w*\s*\{(.*?)\}", text, re.M | re.S):
        yield from re.findall(r"(?:^|,)\s*(\w+)", re.sub(r"=[^,]*", "", body))
    yield from re.findall(r"^(?:struct|enum|union) (\w+) \{", text, re.M)
    yield from re.findall(r"^(?:static|EX|extern|const)[^;{}()=]*?(\w+)(?:\[[^=;]*)?\s*(?:\(|=|;)", text, re.M)


def names_without_prefix(path: Path):
    modules = [stem(path), path.parent.name, *(each.rstrip("_") for each in PREFIXES.get(stem(path), []))]
    beside = {stem(other) for other in path.parent.glob("*.[ch]")}
    modules += [
        other for other in beside if stem(path).startswith((f"{other}_", f"{other.removesuffix('s')}_"))
    ]  # a part of that module
    if path.name.endswith(".cdef.h"):  # declares what several files of its folder define
        modules += beside
    prefixes = tuple(f"{lead}{module.removesuffix('s')}" for module in modules for lead in ("", "bbc_"))
    return [
        each
        for each in c_names(path)
        if not each.lower().startswith(prefixes) and not each.endswith("_H") and each not in SHARED
    ]


def test_c_names_carry_their_modules_prefix():
    assert {name(path): wrong for path in C if (wrong := names_without_prefix(path))} == {}


def test_no_attribute_is_looked_up_by_a_made_up_name():
    made = []
    for path in PACKAGE:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("getattr", "setattr")
            ):
                if not isinstance(node.args[1], ast.Constant):
                    made.append(f"{name(path)}:{node.lineno}")
    assert made == []


# Where a library gives `Any`: cffi's `ffi` and `lib`, click's parameters, tqdm where its stubs are not installed, and
# numpy for what is an integer or an array.
ANY = {
    "bbans_cli/core/__init__.py",
    "bbans_cli/cli/archive.py",
    "bbans_cli/cli/archive_options.py",
    "bbans_cli/cli/archive_progress.py",
    "bbans_cli/cli/archive_work.py",
    "bbans_cli/cli/main.py",
    "bbans_cli/cli/option_kinds.py",
    "bbans_cli/cli/progress.py",
    "bbans_cli/cli/run_verb.py",
    "bbans_cli/entropy/codecs/codec.py",
}


def test_any_stays_where_a_library_gives_it():
    users = {name(path) for path in PACKAGE if re.search(r"^from typing import .*\bAny\b", path.read_text(), re.M)}
    assert users <= ANY
