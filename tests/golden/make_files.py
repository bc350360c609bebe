"""Makes the files of this folder: golden .bbc files and the dump of torch's outputs. README.md says what each is for.

    python tests/golden/make_files.py golden    # .bbc files and golden.json; needs the weights that ship
    python tests/golden/make_files.py torch     # torch.npz; needs torch

Golden bytes change only when the format or the shipped weights do.
"""

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE)]

import context_mixing_files  # noqa: E402
import jpeg_file  # noqa: E402
import tiny  # noqa: E402

# name: picture (arguments of tiny.deep_picture), level
FITTED, FITTED_SHAPE = "good-fitted.bbc", (96, 100, 3)
PICTURES = {"rgb": ((70, 90, 3), 1), "rgb-learned": ((112, 136, 3), 5), "grey": ((40, 66, 1), 1)}
PICTURES |= {"deep-rgb": ((40, 66, 3, 8), 5), "deep-grey": ((50, 40, 1, 4), 9)}


def golden() -> None:
    """good-tiny-*.bbc under weights that are among the tests' files, good-shipped-*.bbc under those that ship; all
    others without any."""
    for path in [*HERE.glob("good-*.bbc"), *HERE.glob("tiny-*.safetensors")]:
        path.unlink()
    tiny.save(HERE, tiny.TWO_LEVELS, ["tiny"])
    record: dict[str, dict] = {}
    for name, make in context_mixing_files.FILES.items():
        data = make()[1]
        (HERE / f"good-{name}.bbc").write_bytes(data)
        record[f"good-{name}.bbc"] = {"sha256": hashlib.sha256(data).hexdigest()}
    for file, level in jpeg_file.FILES.items():
        data = jpeg_file.coded(level)
        (HERE / file).write_bytes(data)
        record[file] = {"sha256": hashlib.sha256(data).hexdigest()}
    with use("shipped"):
        data = fitted_file()
        (HERE / FITTED).write_bytes(data)
        record[FITTED] = {"sha256": hashlib.sha256(data).hexdigest()}
    for model in ("tiny", "shipped"):
        with use(model) as there:
            for name, (shape, level) in PICTURES.items() if there else ():
                data = code(tiny.deep_picture(*shape), level)
                file = f"good-{model}-{name}.bbc"
                (HERE / file).write_bytes(data)
                record[file] = {"sha256": hashlib.sha256(data).hexdigest(), "picture": shape, "level": level}
            if not there:
                print("no weights ship yet: their golden files were left out")
    (HERE / "golden.json").write_text(json.dumps(record, indent=1) + "\n")


@contextlib.contextmanager
def use(model: str) -> Iterator[bool]:
    """Let bbans_cli.weights find the weights beside this file ("tiny") or those that ship; False if there are none."""
    from bbans_cli.coders import weights_folder
    from bbans_cli.coders.neural import coder as neural_coder

    kept = os.environ.pop("BBC_WEIGHTS", None)
    with tempfile.TemporaryDirectory() as scratch:
        if model == "tiny":
            source = next(HERE.glob("tiny-*.safetensors"))
            for name in {level.weights for level in neural_coder.LEVELS.values()}:
                Path(scratch, source.name.replace("tiny", name, 1)).write_bytes(source.read_bytes())
            os.environ["BBC_WEIGHTS"] = scratch
        try:
            yield any(weights_folder.folder().glob("*.safetensors"))
        finally:
            os.environ.pop("BBC_WEIGHTS", None)
            if kept is not None:
                os.environ["BBC_WEIGHTS"] = kept


def code(planes: np.ndarray, level: int) -> bytes:
    """A .bbc file of the planes, coded by the model."""
    from bbans_cli import container
    from bbans_cli.coders.neural import coder as neural_coder

    mode = "rgb" if planes.shape[2] == 3 else "grey"
    part = neural_coder.encode(planes, level, 1)
    return container.to_bytes(container.Container(planes.shape[1], planes.shape[0], mode, part.depth, [part]))


def fitted_file() -> bytes:
    """A .bbc file by the fitted coder, whose weights are fitted whether that pays or not."""
    from bbans_cli import container
    from bbans_cli.coders.fitted import coder

    least, coder.SURE_PIXELS = coder.SURE_PIXELS, 0
    part = coder.encode(tiny.picture(*FITTED_SHAPE), 1)
    coder.SURE_PIXELS = least
    height, width, _ = FITTED_SHAPE
    return container.to_bytes(container.Container(width, height, "rgb", 8, [part]))


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
    if len(sys.argv) != 2 or sys.argv[1] not in ("golden", "torch"):
        sys.exit(__doc__)
    {"golden": golden, "torch": torch}[sys.argv[1]]()
