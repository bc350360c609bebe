"""The curves of linear light rise from each sample to the next: the table of samples divides by these steps."""

import numpy as np
import pytest

from bbans_cli.reference import linear_light
from bbans_cli.reference.sample_range import SampleRange


@pytest.mark.parametrize("low_bits", [0, 8])
def test_every_curve_rises_from_each_sample_to_the_next(low_bits):
    for curve in range(1, 17):
        units = SampleRange(low_bits, low_bits)
        assert (np.diff(linear_light.table(units, curve)) > 0).all(), curve
        back = linear_light.samples_of_roots(units, curve)
        assert (np.diff(back) > 0).all(), curve
        assert back[0] == 0, curve
        assert back[-1] == pytest.approx(units.top), curve
