"""A page that is served, for one module of tests."""

import pytest

from scripts.common import browser


@pytest.fixture(scope="module")
def address():
    with browser.page("-T1", "--max-pixels", "20000") as found:
        yield found
