"""Every test that takes `kernels` runs once for each instruction set, or is skipped by name where this CPU lacks it."""

import pytest

from bbans_cli import core
from bbans_cli.core.kernel_calls import KernelCalls


@pytest.fixture(params=["avx512", "avx2", "neon", "base"])
def kernels(request):
    if request.param not in core.built_isas():
        pytest.skip(f"{request.param} is not built for this machine")
    if request.param not in core.available_isas():
        pytest.skip(f"this CPU has no {request.param}")
    return KernelCalls(request.param)
