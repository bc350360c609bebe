"""What setup.cfg cannot say: the C extension, its stable-ABI wheel tag, and the weights' way into the wheel."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithWeights(build_py):
    """Copies the top-level weights/ into the package; an editable install reads them where they lie."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "bbans_cli" / "weights"
        target.mkdir(parents=True, exist_ok=True)
        for pattern in ("*.safetensors", "*.dictionary", "*.start"):
            for source in sorted((ROOT / "weights").glob(pattern)):
                shutil.copyfile(source, target / source.name)


setup(
    cffi_modules=["bbans_cli/core/build.py:ffi"],
    cmdclass={"build_py": BuildWithWeights},
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
