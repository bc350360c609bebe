"""ARCHITECTURE.md names paths and functions of the code: they exist.

In backticks, `path` is a file or folder of the project or of bbans_cli/, `path:name` a name in that file, and
`module.name` a name of a module of bbans_cli. Nothing is imported.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "bbans_cli"
PAGE = ROOT / "ARCHITECTURE.md"
QUOTED = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL))
WITH_NAME = [text for text in QUOTED if re.fullmatch(r"[\w./-]+\.(?:py|c|h):[\w.]+", text)]
PATHS = [text for text in QUOTED if re.fullmatch(r"[a-zA-Z][\w./-]*(?:/|\.(?:py|c|h|md|sh|toml))", text)]
DOTTED = [text for text in QUOTED if re.fullmatch(r"[a-z]\w*(?:\.\w+)+", text) and text not in PATHS]


def find(path: str) -> Path | None:
    return next((place / path for place in (ROOT, PACKAGE) if (place / path).exists()), None)


def defines(file: Path, name: str) -> bool:
    """Whether a Python file defines name, or name.attribute of a class; whether a C file has the word in code."""
    if file.suffix in (".c", ".h"):
        return re.search(rf"\b{name}\b", re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)) is not None
    body = ast.parse(file.read_text()).body
    *outer, last = name.split(".")
    for each in outer:
        body = next((node.body for node in body if isinstance(node, ast.ClassDef) and node.name == each), [])
    return last in {defined for node in body for defined in names(node)}


def is_defined(path: str, name: str) -> bool:
    file = find(path)
    return file is not None and defines(file, name)


def names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def defined_in_a_module(dotted: str) -> bool:
    parts = dotted.removeprefix("bbans_cli.").split(".")
    for cut in range(1, len(parts) + 1):
        file = PACKAGE.joinpath(*parts[:cut]).with_suffix(".py")
        if file.exists() and (cut == len(parts) or defines(file, ".".join(parts[cut:]))):
            return True
    return False


def test_the_page_names_many():
    assert len(WITH_NAME) > 20 and len(PATHS) > 20


def test_paths_exist():
    assert [path for path in PATHS if not find(path)] == []


def test_names_exist():
    assert [text for text in WITH_NAME if not is_defined(*text.split(":"))] == []


def test_dotted_names_exist():
    assert [text for text in DOTTED if not defined_in_a_module(text)] == []


def test_every_room_is_there():
    """Each folder of the package and of the core, with the files that lie beside them, is on the page."""
    rooms = [path for top in (PACKAGE, PACKAGE / "core") for path in top.iterdir() if path.is_dir()]
    rooms = [path for path in rooms if any(path.rglob("*.py")) or any(path.rglob("*.c"))]
    assert [str(path) for path in rooms if f"`{path.relative_to(PACKAGE)}/`" not in PAGE.read_text()] == []
