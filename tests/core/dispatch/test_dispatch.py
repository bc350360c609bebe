"""Choosing an instruction set, the known-answer test, and the floating-point environment."""

import os
import platform
import subprocess
import sys

import fitted_bands
import numpy as np
import pytest
import tiny
from made_jpeg import made_coefficients

from bbans_cli import core
from bbans_cli.coders import context_mixing
from bbans_cli.coders.files import byte_coder
from bbans_cli.coders.fitted.scan import BandScan
from bbans_cli.coders.jpeg import coefficients
from bbans_cli.container import DEEP, FEW_COLOURS
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


PARTS = range(lib.BBC_SELF_TEST_COUNT)


class Broken:
    """The core, where one part of the self-test fails."""

    def __init__(self, part):
        self.part = part

    def bbc_self_test(self, isa, first, end):
        return self.part if first <= self.part < end else end

    def __getattr__(self, name):
        return getattr(lib, name)


@pytest.fixture
def kernels_as_before():
    before = core.current_isa()
    yield
    core.select_isa(before)


@pytest.mark.parametrize("part", PARTS)
def test_failing_self_test_is_refused(kernels_as_before, monkeypatch, part):
    name = core.ffi.string(lib.bbc_self_test_name(part)).decode()
    monkeypatch.setattr(core, "lib", Broken(part))
    monkeypatch.setattr(core, "_checked", set())
    with pytest.raises(UnsupportedError, match=f"fail the self-test of {name}: "):
        core.select_isa("base")
        core.check_coder(part)


def test_coders_with_much_state_are_tested_before_they_code(monkeypatch):
    planes = tiny.picture(16, 16, 1)
    jpeg = made_coefficients(16, 16, 1, (False, False))
    for part, code in {
        lib.BBC_SELF_TEST_DEEP: lambda: context_mixing.encode(DEEP, planes, 8),
        lib.BBC_SELF_TEST_FEW_COLOURS: lambda: context_mixing.encode(FEW_COLOURS, planes, 8),
        lib.BBC_SELF_TEST_COEFFICIENTS: lambda: coefficients.encode(jpeg.blocks, jpeg.tables, jpeg.factors()),
        lib.BBC_SELF_TEST_FITTED: lambda: BandScan(planes, fitted_bands.weights()),
        lib.BBC_SELF_TEST_BYTES: lambda: byte_coder.pack(b"some bytes"),
    }.items():
        with monkeypatch.context() as patch:
            patch.setattr(core, "lib", Broken(part))
            patch.setattr(core, "_checked", set())
            with pytest.raises(
                UnsupportedError,
                match="fail the self-test of .* of ",
            ):
                code()
        code()


def test_known_answers(kernels):
    """These are part of the format: a change here means that older files cannot be read."""
    index = core.isa_index(kernels.isa)
    assert [hex(lib.bbc_self_test_hash(index, part, 1)) for part in PARTS] == [
        "0x8aa4139966c558a1",
        "0xb31b3cc53b72e45",
        "0xd91fe8bd896e64cb",
        "0x933dcc9273528a96",
        "0x4ffca0a824d837a8",
        "0x3e84d0c586c0aaa5",
        "0xbc21f1d838caa602",
        "0x7244e6473bbe7ec6",
        "0xfbf7b38ba406cc9c",
        "0xc85fd34aac5f0e70",
        "0x161e7c135b852dd1",
        "0x28ee79062a2d6eb8",
        "0x9c395a5218fc950",
    ]
    assert lib.bbc_self_test(index, 0, lib.BBC_SELF_TEST_COUNT) == lib.BBC_SELF_TEST_COUNT
    assert lib.bbc_self_test_hash(index, lib.BBC_SELF_TEST_COUNT, 1) == 0


@pytest.mark.parametrize("part", PARTS)
def test_every_part_depends_on_its_inputs(part):
    """The answer is one of the results, not of a state that was never filled."""
    index = core.isa_index("base")
    assert len({lib.bbc_self_test_hash(index, part, seed) for seed in range(4)}) == 4


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
    assert lib.bbc_self_test_hash(99, 0, 1) == 0 and lib.bbc_isa_select(-1) == -1


@pytest.mark.slow
@pytest.mark.alone
def test_import_is_quick():
    code = "import time; t = time.process_time(); import bbans_cli.core; print(time.process_time() - t)"
    assert any(float(python(code).stdout) < 0.03 for _ in range(20))
