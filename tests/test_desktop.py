"""What desktops do with .bbc files: types by GLib, thumbnails by tumbler, opening. Each as the desktop does it."""

import configparser
import hashlib
import os
import shlex
import shutil
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shell import environment

import bbans_cli

ROOT = Path(__file__).parents[1]
SHARE = ROOT / "share"
FILES = ("mime/packages/bbc.xml", "thumbnailers/bbc.thumbnailer", "applications/bbc.desktop")


def needs(program: str) -> str:
    return shutil.which(program) or pytest.skip(f"needs {program}")


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user who has installed the files, and has nothing else."""
    home = tmp_path_factory.mktemp("home")
    prefix = home / ".local"
    settings = environment(home) | {"XDG_DATA_HOME": str(prefix / "share"), "XDG_CACHE_HOME": str(home / "cache")}
    settings |= {"XDG_DATA_DIRS": "/usr/share", "XDG_CONFIG_HOME": str(home / "config")}
    settings.pop("DBUS_SESSION_BUS_ADDRESS", None)
    bbc = shutil.which("bbc", path=settings["PATH"])
    subprocess.run(["sh", ROOT / "scripts/install_desktop.sh", prefix, bbc], env=settings, check=True)
    return settings


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    pixels = (np.indices((60, 90)).sum(0)[:, :, None] + [0, 40, 80]).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "shot.jpg")
    photo = bbans_cli.compress(pixels, level=1)
    for name in ("photo.bbc", "two words & more.bbc", "nothing"):
        (folder / name).write_bytes(photo)
    (folder / "shot.bbc").write_bytes(bbans_cli.compress(folder / "shot.jpg", level=1))
    return folder


def entry(path: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(path)
    return parser[parser.sections()[0]]


def test_the_application_is_a_valid_one(desktop: dict[str, str]) -> None:
    program = needs("desktop-file-validate")
    for path in (SHARE / FILES[2], Path(desktop["XDG_DATA_HOME"]) / FILES[2]):
        done = subprocess.run([program, path], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")


def test_all_three_speak_of_one_type() -> None:
    kind = ElementTree.parse(SHARE / FILES[0]).getroot()[0].get("type")
    assert kind == "image/x-bbc"
    assert [entry(SHARE / name)["MimeType"] for name in FILES[1:]] == [f"{kind};"] * 2


def test_pip_installs_them_too() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    listed = {path.strip() for path in parser["options.data_files"].values()}
    assert listed == {str(path.relative_to(ROOT)) for path in SHARE.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["photo.bbc", "two words & more.bbc", "shot.bbc", "nothing"])
def test_files_have_the_type_by_name_and_by_content(name: str, desktop: dict[str, str], pictures: Path) -> None:
    needs("update-mime-database")
    command = [needs("gio"), "info", "-a", "standard::content-type", pictures / name]
    done = subprocess.run(command, env=desktop, capture_output=True, text=True, check=True)
    assert "standard::content-type: image/x-bbc" in done.stdout


@pytest.mark.parametrize("name, held", [("two words & more.bbc", "two words & more.png"), ("shot.bbc", "shot.jpg")])
def test_opening_shows_what_the_file_holds(
    name: str, held: str, desktop: dict[str, str], pictures: Path, tmp_path: Path
) -> None:
    gio, opened, programs = needs("gio"), tmp_path / "opened", tmp_path / "bin"
    programs.mkdir()
    viewer = programs / "xdg-open"
    script = f'cp "$1" {opened}.part && basename "$1" >{opened}.name && mv {opened}.part {opened}'
    viewer.write_text(f"#!/bin/sh\n{script}\n")
    viewer.chmod(0o755)
    desktop = desktop | {"PATH": os.pathsep.join([str(programs), desktop["PATH"]]), "TMPDIR": str(tmp_path)}
    application = Path(desktop["XDG_DATA_HOME"]) / FILES[2]
    subprocess.run([gio, "launch", application, pictures / name], env=desktop, check=True)
    wait_for(opened)
    assert Path(f"{opened}.name").read_text() == f"{held}\n"
    if name == "shot.bbc":
        assert opened.read_bytes() == (pictures / "shot.jpg").read_bytes()
    else:
        assert np.array_equal(np.asarray(Image.open(opened)), bbans_cli.decompress(pictures / name))


def wait_for(path: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} does not come"
        time.sleep(0.1)


@pytest.mark.parametrize("name", ["two words & more.bbc", "shot.bbc"])
def test_the_thumbnailers_command_makes_a_png(name: str, desktop: dict[str, str], pictures: Path) -> None:
    given = {"%s": "48", "%i": str(pictures / name), "%o": str(pictures / "made")}
    words = shlex.split(entry(Path(desktop["XDG_DATA_HOME"]) / FILES[1])["Exec"])
    # tumbler makes the file before, and reads what it has opened: another file in its place stays unseen.
    with open(pictures / "made", "w+b") as made:
        subprocess.run([given.get(word, word) for word in words], env=desktop, check=True)
        image = Image.open(made)
        assert (image.format, image.size) == ("PNG", (48, 32))


# Arguments: URIs and types as lists of GVariant, then the files that should come.
ASK = """
service=org.freedesktop.thumbnails.Thumbnailer1
gdbus call --session --dest $service --object-path /org/freedesktop/thumbnails/Thumbnailer1 \\
    --method $service.Queue "$1" "$2" normal default 'uint32 0' || exit 1
shift 2
for made; do
    for _ in $(seq 1500); do [ -e "$made" ] && break; sleep 0.2; done
done
"""


@pytest.mark.slow
def test_tumbler_makes_thumbnails(desktop: dict[str, str], pictures: Path) -> None:
    """XFCE's service, as its file manager asks it: over a session bus of its own. It works at the lowest priority."""
    session, _ = needs("dbus-run-session"), needs("gdbus")
    if not list(Path("/usr/lib").glob("**/tumbler-1/tumblerd")):
        pytest.skip("needs tumbler")
    uris = [(pictures / name).as_uri() for name in ("photo.bbc", "two words & more.bbc", "shot.bbc")]
    folder = Path(desktop["XDG_CACHE_HOME"]) / "thumbnails/normal"
    made = [folder / f"{hashlib.md5(uri.encode()).hexdigest()}.png" for uri in uris]
    kinds = ["image/x-bbc"] * len(uris)
    done = subprocess.run(
        [session, "--", "sh", "-c", ASK, "sh", str(uris), str(kinds), *made],
        env=desktop,
        capture_output=True,
        text=True,
    )
    for uri, path in zip(uris, made, strict=True):
        assert path.exists(), done.stdout + done.stderr
        with Image.open(path) as image:
            assert image.size == (90, 60) and image.text["Thumb::URI"] == uri


def test_installing_says_what_is_wrong(tmp_path: Path) -> None:
    for bbc, reason in (
        ("bbc", "no full path"),
        (f"{tmp_path}/a b/bbc", "such characters"),
        ("/nowhere/bbc", "no such"),
    ):
        command = ["sh", ROOT / "scripts/install_desktop.sh", tmp_path / "prefix", bbc]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1 and reason in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "prefix").exists()
