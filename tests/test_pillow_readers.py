"""Programs that read pictures by Pillow: imageio, scikit-image, matplotlib, and another process."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jpeg_pictures import photo

import bbans_cli
import bbans_cli.pillow
from bbans_cli import container


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "photo.bbc").write_bytes(bbans_cli.compress(photo(24, 32), level=1))
    deep = photo(24, 32)[:, :, 0].astype(np.uint16) * 257
    (folder / "deep.bbc").write_bytes(bbans_cli.compress(deep, level=1))
    return folder / "photo.bbc", folder / "deep.bbc"


def test_imageio_reads_and_writes(pictures: tuple[Path, Path], tmp_path: Path) -> None:
    import imageio.v3 as imageio

    assert np.array_equal(imageio.imread(pictures[0]), photo(24, 32))
    assert imageio.imread(pictures[1]).dtype == np.uint16
    imageio.imwrite(tmp_path / "a.bbc", photo(24, 32), level=1)
    assert container.read_head((tmp_path / "a.bbc").read_bytes()).width == 32
    assert imageio.improps(pictures[0]).shape == (24, 32, 3)


def test_scikit_image_reads(pictures: tuple[Path, Path]) -> None:
    skimage = pytest.importorskip("skimage.io")
    assert np.array_equal(skimage.imread(pictures[0]), photo(24, 32))
    assert np.array_equal(skimage.imread(pictures[1]), photo(24, 32)[:, :, 0].astype(np.uint16) * 257)


def test_matplotlib_reads(pictures: tuple[Path, Path]) -> None:
    from matplotlib import image

    assert np.array_equal(image.imread(pictures[0]), photo(24, 32))


def test_importing_registers_in_a_process_of_its_own(pictures: tuple[Path, Path]) -> None:
    code = "import sys, bbans_cli.pillow; from PIL import Image; print(Image.open(sys.argv[1]).size)"
    done = subprocess.run([sys.executable, "-c", code, pictures[0]], capture_output=True, text=True, check=True)
    assert done.stdout == "(32, 24)\n"
