"""The list of screens and drawings for training."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.training import screens

DATA = Path(os.environ.get("BBC_DATA", "."), "dev")


def test_the_list_names_each_file_once():
    files = screens.listed()
    assert (
        len({each.sha256 for each in files}) == len({(each.package, each.path) for each in files}) == len(files) > 800
    )
    for each in files:
        assert re.fullmatch("[0-9a-f]{64}", each.sha256) and each.path.endswith(".png") and each.path.startswith("usr/")
    versions = {(each.package, each.version) for each in files}
    assert len(versions) == len({package for package, _ in versions})


def test_packages_of_pictures_that_are_measured_on_are_not_in_it():
    assert not [each for each in screens.listed() if re.search("gimp|kicad|tuxpaint", each.package)]


@pytest.mark.skipif(not (DATA / "screens").is_dir(), reason="BBC_DATA names no folder with dev/screens")
@pytest.mark.parametrize("name", ["screens", "alpha", "gray", "deep16"])
def test_pictures_that_are_measured_on_are_not_in_it(name):
    measured = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (DATA / name).iterdir()}
    assert measured and not measured & {each.sha256 for each in screens.listed()}


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="Debian's packages are unpacked on Debian alone")
def test_a_package_gives_its_listed_files(tmp_path):
    """Those whose bytes are as listed; others that it has are left out."""
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: made\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: made\n"
    )
    wanted = []
    for name, listed in (("a.png", b"a"), ("b.png", b"other"), ("c.png", None)):
        (root / name).write_bytes(name[:1].encode())
        if listed:
            wanted.append(screens.Listed(hashlib.sha256(listed).hexdigest(), "made", "1", name))
    deb = tmp_path / "made.deb"
    subprocess.run(["dpkg-deb", "--build", "-Zgzip", str(root), str(deb)], check=True, capture_output=True)
    assert screens.extract(deb, wanted, tmp_path / "out") == 1
    assert [path.name for path in (tmp_path / "out").rglob("*.png")] == ["a.png"]
