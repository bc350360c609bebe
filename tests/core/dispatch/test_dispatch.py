"""Choosing an instruction set, the known-answer test, and the floating-point environment."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from bbans_cli import core
from bbans_cli.core import lib
from bbans_cli.core.kernel_calls import KernelCalls
from bbans_cli.errors import UnsupportedError


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


def test_base_is_always_there_and_best_comes_first():
    assert core.available_isas()[-1] == "base"
    assert set(core.available_isas()) <= set(core.built_isas())
    code = "from bbans_cli import core; print(core.current_isa())"
    assert python(code, BBC_ISA="").stdout.strip() == core.available_isas()[0]


@pytest.mark.parametrize("isa", core.available_isas())
def test_environment_names_the_instruction_set(isa):
    assert python("from bbans_cli import core; print(core.current_isa())", BBC_ISA=isa).stdout.strip() == isa


def test_unknown_instruction_set_is_refused():
    before = core.current_isa()
    with pytest.raises(UnsupportedError, match="'sse9' is not available here; there are .*base"):
        core.select_isa("sse9")
    assert core.current_isa() == before
    assert "UnsupportedError" in python("import bbans_cli.core", BBC_ISA="sse9").stderr


def test_failing_self_test_is_refused(monkeypatch):
    class Broken:
        def __getattr__(self, name):
            return (lambda isa: 2) if name == "bbc_self_test" else getattr(lib, name)

    monkeypatch.setattr(core, "lib", Broken())
    with pytest.raises(UnsupportedError, match="fail part 2 of their self-test"):
        core.select_isa("base")


def test_known_answers(kernels):
    """These are part of the format: a change here means that older files cannot be read."""
    index = core.isa_index(kernels.isa)
    assert [hex(lib.bbc_self_test_hash(index, part)) for part in range(5)] == [
        "0x8aa4139966c558a1",
        "0xb31b3cc53b72e45",
        "0xd91fe8bd896e64cb",
        "0x933dcc9273528a96",
        "0x0",
    ]
    assert lib.bbc_self_test(index) == 0


def test_known_values_in_integers(kernels):
    x = np.float64([-3.25, 0.1, 1, 7.5])
    for name, expected in KNOWN.items():
        got = kernels.map(name, np.abs(x) if name.startswith("log") else x)
        assert got.view(f"u{got.itemsize}").tolist() == expected


KNOWN = {
    "exp": [1025429940, 1066235454, 1076754516, 1155662172],
    "log": [1066851883, 3222494606, 0, 1073804332],
    "sigmoid": [1025041428, 1057383689, 1060841128, 1065343941],
    "softplus": [1025233220, 1061064904, 1067981046, 1089471624],
    "normal_cdf64": [4558461339912123388, 4603037556438886512, 4605753379315045245, 4607182418800017121],
}


FLUSH = {"x86_64": 0x1F80 | 0x8040, "AMD64": 0x1F80 | 0x8040, "aarch64": 1 << 24, "arm64": 1 << 24}
UPWARD = {"x86_64": 0x1F80 | 0x4000, "AMD64": 0x1F80 | 0x4000, "aarch64": 1 << 22, "arm64": 1 << 22}


@pytest.mark.skipif(platform.machine() not in FLUSH, reason="control register unknown on this machine")
@pytest.mark.parametrize("control", [FLUSH.get(platform.machine()), UPWARD.get(platform.machine())])
def test_foreign_rounding_and_flushing_do_not_reach_the_kernels(kernels, control):
    x = np.float32([2.0**-70, 1.0, 0.1])
    y = np.float32([2.0**-70, 2.0**-30, 0.1])
    expected = kernels.fma(x, y, x * 0).tobytes(), kernels.map("exp", x).tobytes()
    before = lib.bbc_fp_set_raw(control)
    try:
        got = kernels.fma(x, y, np.zeros_like(x)).tobytes(), kernels.map("exp", x).tobytes()
        after = lib.bbc_fp_set_raw(before)
    finally:
        lib.bbc_fp_set_raw(before)
    assert got == expected
    assert after & ~0x3F == control & ~0x3F  # the caller's own setting is back, exception flags aside


def test_missing_instruction_set_is_an_error():
    missing = [name for name in ("avx512", "avx2", "neon") if name not in core.available_isas()]
    for name in missing:
        with pytest.raises(ValueError, match=name):
            KernelCalls(name)
    assert lib.bbc_self_test(99) == -1 and lib.bbc_isa_select(-1) == -1


@pytest.mark.slow
def test_import_is_quick():
    code = "import time; t = time.process_time(); import bbans_cli.core; print(time.process_time() - t)"
    assert any(float(python(code).stdout) < 0.03 for _ in range(20))
