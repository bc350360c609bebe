"""Fixtures for the tests of what codes pictures: instruction sets, and small models in place of the shipped ones."""

import importlib
import os
import signal
import sys
from pathlib import Path

import fitted_bands
import pytest
import skips
import tiny

from bbans_cli import core, scheduler
from bbans_cli.coders.neural import levels, weights


def pytest_configure(config):
    sys.path.append(
        str(Path(__file__).parents[1])
    )  # for scripts; last, since another build of the package may be under test
    skips.register(config)


def pytest_collection_modifyitems(items):
    """Those that take long come first, so that no worker begins one when the others have nothing left."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def signals_as_usual():
    """What is started in the background or by nohup inherits ignored signals, and bbc keeps them ignored: not here."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def one_core_for_each_worker():
    """Where several workers share the machine, threads of one would wait for cores that another uses."""
    with pytest.MonkeyPatch.context() as patch:
        if "PYTEST_XDIST_WORKER" in os.environ:
            patch.setattr(scheduler, "cores", lambda: 1)
            patch.setenv("BBC_THREADS", "1")  # of processes that are started
        yield


@pytest.fixture(autouse=True)
def kernels_stay():
    """A test that left those of another instruction set in use would slow all that follow."""
    before = core.current_isa()
    yield
    assert core.current_isa() == before


@pytest.fixture(params=["avx512", "avx2", "neon", "base"])
def isa(request):
    """Runs the test once on each instruction set; those that cannot run here are skipped by name."""
    if request.param not in core.built_isas():
        pytest.skip(f"{request.param} is not built for this machine")
    if request.param not in core.available_isas():
        pytest.skip(f"this CPU has no {request.param}")
    before = core.current_isa()
    core.select_isa(request.param)
    yield request.param
    core.select_isa(before)


def _model(size, tmp_path, monkeypatch):
    names = sorted({name for level in levels.LEVELS.values() for name in level.networks()})
    tiny.save(tmp_path, size, names)
    fitted_bands.save(tmp_path)
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    return weights.by_name(names[0])


@pytest.fixture(params=["least", "two levels"])
def model(request, tmp_path, monkeypatch):
    """A small random model, with one or two levels of latents, which the neural coder takes for the shipped ones."""
    return _model(tiny.LEAST if request.param == "least" else tiny.TWO_LEVELS, tmp_path, monkeypatch)


@pytest.fixture
def least(tmp_path, monkeypatch):
    """A small random model with one level of latents, which the neural coder takes for the shipped ones."""
    return _model(tiny.LEAST, tmp_path, monkeypatch)


@pytest.fixture
def two_levels(tmp_path, monkeypatch):
    """A small random model with two levels of latents, which the neural coder takes for the shipped ones."""
    return _model(tiny.TWO_LEVELS, tmp_path, monkeypatch)


@pytest.fixture
def script():
    """Imports a script by its name below scripts/, such as "bench.table"."""

    def load(name):
        return importlib.import_module(f"scripts.{name}")

    yield load
    for name in [name for name in sys.modules if name.startswith("scripts.")]:
        del sys.modules[name]
