"""Many small pictures in one call: the weights are loaded once and the cores are kept busy."""

import os
import subprocess
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest
from processes import processor_time

from bbans_cli.pictures.picture import from_array
from bbans_cli.pictures.read_write import read_picture, write_picture

BBC = os.path.join(sysconfig.get_path("scripts"), "bbc")
SAMPLE = Path(__file__).parents[2] / "samples" / "roman-colosseum.png"
DATA = Path(os.environ.get("BBC_DATA", "")) / "dev" / "small64"
COUNT = 8


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hundred 64x64 pictures and their mirror images."""
    if "BBC_DATA" not in os.environ or not DATA.is_dir():
        pytest.skip("needs BBC_DATA, a folder with dev/small64")
    folder = tmp_path_factory.mktemp("album")
    for path in sorted(DATA.glob("*.png")):
        picture = read_picture(path.read_bytes())
        (folder / path.name).write_bytes(path.read_bytes())
        (folder / f"mirrored-{path.name}").write_bytes(
            write_picture(replace(picture, pixels=picture.pixels[:, ::-1]))[0]
        )
    return folder


@pytest.mark.slow
@pytest.mark.alone
def test_many_files_in_one_call_start_once(tmp_path: Path) -> None:
    picture = read_picture(SAMPLE.read_bytes())
    names = [tmp_path / f"{number}.png" for number in range(COUNT)]
    for number, name in enumerate(names):
        crop = picture.pixels[64 * number :][:64, 64 * number :][:, :64]
        name.write_bytes(write_picture(from_array(crop))[0])
    args = [BBC, "compress", "--no-verify", "-f", "-T1"]
    together = processor_time(*args, "-o", tmp_path / "together", *names)
    apart = sum(processor_time(*args, "-o", tmp_path / f"{name.name}.bbc", name) for name in names)
    # A ratio, since machines differ: the weights are loaded once, not once a file. `make bench` has the times.
    assert together < 0.5 * apart
    assert len(list((tmp_path / "together").glob("*.bbc"))) == COUNT


@pytest.mark.slow
def test_files_come_out_alike_however_they_are_shared_out(album: Path, tmp_path: Path) -> None:
    names = sorted(album.glob("*.png"))[:12]
    for number, settings in enumerate((["-T1"], ["-T3"], ["-j4", "-T2"])):
        subprocess.run([BBC, "compress", *settings, "-o", tmp_path / str(number), *names], check=True)
    for file in (tmp_path / "0").iterdir():
        assert file.read_bytes() == (tmp_path / "1" / file.name).read_bytes()
        assert file.read_bytes() == (tmp_path / "2" / file.name).read_bytes()
