"""What setup.cfg cannot say: the C extension, its stable-ABI wheel tag, and the weights' way into the wheel."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildOnAllCores(build_ext):
    """Compiles several files of an extension at a time; setuptools itself compiles one after the other."""

    def build_extension(self, ext: Extension) -> None:
        compile_in_turn = self.compiler.compile

        def compile_at_once(sources, *args, **options):
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                objects = pool.map(lambda source: compile_in_turn([source], *args, **options), sources)
                return [each for found in objects for each in found]

        self.compiler.compile = compile_at_once
        try:
            super().build_extension(ext)
        finally:
            self.compiler.compile = compile_in_turn


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
    cmdclass={"build_ext": BuildOnAllCores, "build_py": BuildWithWeights},
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
