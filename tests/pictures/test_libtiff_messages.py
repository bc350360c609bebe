"""What libtiff says of a damaged file stays off standard error: the error of ours is the one line."""

import io

import numpy as np
import pytest
from PIL import Image

from bbans_cli.errors import InputError
from bbans_cli.pictures.read_write import read_picture


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate"])
def test_libtiff_says_nothing_itself(compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(out, "TIFF", compression=compression)
    file = bytearray(out.getvalue())
    with Image.open(out) as image:
        (start,), (size,) = image.tag_v2[273], image.tag_v2[279]
    file[start + size // 2 : start + size] = b"\xff" * (size - size // 2)
    with pytest.raises(InputError):
        read_picture(bytes(file))
    assert capfd.readouterr() == ("", "")
