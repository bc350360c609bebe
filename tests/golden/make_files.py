"""Makes the files of this folder: golden .bbc files and the dump of torch's outputs. README.md says what each is for.

    python tests/golden/make_files.py golden    # .bbc files and golden.json; needs the weights that ship
    python tests/golden/make_files.py torch     # torch.npz; needs torch
    python tests/golden/make_files.py released 1.0    # copies of the golden files, which stay as they are

Golden bytes change only when the format or the shipped weights do.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE)]

import bad_files  # noqa: E402
import contents  # noqa: E402
import context_mixing_files  # noqa: E402
import jpeg_file  # noqa: E402
import network_files  # noqa: E402
import picture_files  # noqa: E402
import stored_files  # noqa: E402
import tiny  # noqa: E402

from bbans_cli.pictures.picture import Picture  # noqa: E402

# name: picture (arguments of tiny.deep_picture), level
PICTURES = {"rgb": ((70, 90, 3), 1), "rgb-learned": ((112, 136, 3), 5), "grey": ((40, 66, 1), 1)}
PICTURES |= {"deep-rgb": ((40, 66, 3, 8), 5), "deep-grey": ((50, 40, 1, 4), 9)}
MODELS = ("tiny", "shipped")


@dataclass(frozen=True)
class Golden:
    """A golden file: what makes what it holds and its bytes, and what that is called.

    model         whose network codes it, one of MODELS, which begins the file's name; "": as ships, or none
    by_libraries  its bytes depend on the version of zlib, liblzma or libwebp, what it holds does not
    """

    make: Callable[[], tuple[Picture | bytes, bytes]]
    made_by: str
    model: str = ""
    by_libraries: bool = False


def files() -> dict[str, Golden]:
    """All golden files, by the name between "good-" and ".bbc"."""
    found = {}
    by_libraries = picture_files.BY_LIBRARIES | stored_files.BY_LIBRARIES
    for module in (context_mixing_files, picture_files, stored_files):
        for name, make in module.FILES.items():
            found[name] = Golden(make, f"{module.__name__}.py", by_libraries=name in by_libraries)
    for name, level in jpeg_file.FILES.items():
        found[name] = Golden(partial(jpeg_file.made, level), f"jpeg_file.py, level {level}")
    for name, make in network_files.FITTED.items():
        found[name] = Golden(make, "network_files.py")
    for name in network_files.CASES:
        found[name] = Golden(partial(network_files.made, name), "network_files.py", name.split("-")[0])
    for model in MODELS:
        for name, (shape, level) in PICTURES.items():
            made_by = f"make_files.py: tiny.deep_picture{shape}, level {level}"
            found[f"{model}-{name}"] = Golden(partial(coded, shape, level), made_by, model)
    return found


def golden() -> None:
    """All good-*.bbc and golden.json, and the weights of the tests."""
    for path in [*HERE.glob("good-*.bbc"), *HERE.glob("tiny-*.safetensors")]:
        path.unlink()
    tiny.save(HERE, tiny.TWO_LEVELS, ["tiny"])
    record: dict[str, dict] = {}
    for model in (*MODELS, ""):
        with use(model or "shipped"):
            for name, file in files().items():
                if file.model != model:
                    continue
                content, data = file.make()
                (HERE / f"good-{name}.bbc").write_bytes(data)
                sums = {"sha256": hashlib.sha256(data).hexdigest(), "holds": contents.digest(content)}
                record[f"good-{name}.bbc"] = sums | {"made by": file.made_by}
    (HERE / "golden.json").write_text(json.dumps(dict(sorted(record.items())), indent=1) + "\n")
    bad_files.write()


def copy(folder: Path) -> None:
    """A new folder of all golden files: that of a version that is released, which every later one decodes."""
    folder.mkdir(parents=True)
    for path in [*HERE.glob("good-*.bbc"), *HERE.glob("tiny-*.safetensors"), HERE / "golden.json"]:
        shutil.copyfile(path, folder / path.name)


@contextlib.contextmanager
def use(model: str, folder: Path = HERE) -> Iterator[bool]:
    """Let bbans_cli.weights find the weights of the tests in a folder ("tiny") or those that ship; False if there are
    none."""
    from bbans_cli.coders import weights_folder
    from bbans_cli.coders.neural import levels

    kept = os.environ.pop("BBC_WEIGHTS", None)
    with tempfile.TemporaryDirectory() as scratch:
        if model == "tiny":
            source = next(folder.glob("tiny-*.safetensors"))
            for name in {name for level in levels.LEVELS.values() for name in level.networks()}:
                Path(scratch, source.name.replace("tiny", name, 1)).write_bytes(source.read_bytes())
            os.environ["BBC_WEIGHTS"] = scratch
        try:
            yield any(weights_folder.folder().glob("*.safetensors"))
        finally:
            os.environ.pop("BBC_WEIGHTS", None)
            if kept is not None:
                os.environ["BBC_WEIGHTS"] = kept


def coded(shape: tuple[int, ...], level: int) -> tuple[Picture, bytes]:
    """A picture of tiny.py and a .bbc file of it by the neural coder, as a level codes it."""
    from bbans_cli import container
    from bbans_cli.coders.neural import coder as neural_coder

    planes = tiny.deep_picture(*shape)
    mode, depth = "rgb" if planes.shape[2] == 3 else "grey", 8 * planes.dtype.itemsize
    part = neural_coder.encode(planes, level, 1)
    data = container.to_bytes(container.Container(planes.shape[1], planes.shape[0], mode, depth, [part]))
    return Picture(planes, mode, depth), data


def torch() -> None:
    """torch.npz: a small model's weights, a picture, bins of its latents, and what torch makes of them.

    Given latents, the picture lies in a grid.
    """
    import torch_forward

    size, pixels = tiny.TWO_LEVELS, tiny.picture(20, 70, 3)
    model = torch_forward.build(size, tiny.tensors(size))
    z = [tiny.integers(3, 1024, 2, 16), tiny.integers(4, 1024, 10, 16)]
    latents = torch_forward.latents(model, pixels, 20, z)
    plain = torch_forward.pixel_bits(model, pixels, None)
    given = torch_forward.pixel_bits(model, pixels, latents.modulation, 0, (5, 14))
    arrays = {f"weights/{name}": value for name, value in tiny.tensors(size).items()}
    arrays |= {"pixels": pixels, "x": given.x.astype(np.uint8), "y": given.y.astype(np.uint8)}
    arrays |= {"bits": plain.bits.detach().numpy(), "bits_given_latents": given.bits.detach().numpy()}
    arrays["gradient_given_latents"] = torch_forward.gradient(model, given.bits, 3)
    arrays["modulation"] = latents.modulation.numpy()
    for i in range(len(z)):
        arrays |= {f"z{i}": z[i], f"statistics{i}": latents.statistics[i]}
        arrays |= {f"{kind}{i}": np.stack(getattr(latents, kind)[i]) for kind in ("prior", "posterior")}
    np.savez_compressed(HERE / "torch.npz", size=json.dumps(size), **arrays)


if __name__ == "__main__":
    if sys.argv[1:] in (["golden"], ["torch"]):
        {"golden": golden, "torch": torch}[sys.argv[1]]()
    elif len(sys.argv) == 3 and sys.argv[1] == "released":
        copy(HERE / "released" / sys.argv[2])
    else:
        sys.exit(__doc__)
