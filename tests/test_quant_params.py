"""How reals become integers of 8 bits."""

import numpy as np
import pytest

from converters.quantization.quant_params import BYTE, WEIGHT, compute_quant_params, quantize_weight


def test_next_to_nothing_leaves_room_for_a_bias():
    """In the steps of its products a bias of 2 fits into 32 bits, and no ratio is above 256."""
    weight = np.array([[0.5, -1], [1e-9, 0], [0, 0]], np.float32)
    said = quantize_weight(weight)
    nothing = compute_quant_params({"dead": [np.zeros(9, np.float32)]}, lambda value: ())["dead"]
    assert said.steps.tolist() == [[64, -WEIGHT], [0, 0], [0, 0]]
    assert (2 / (said.scales * (1 / BYTE)) < 2**31).all()
    assert (1 / BYTE) * said.scales.max() / nothing.scale < 256


@pytest.mark.parametrize("low_high", [(-1, 3), (0, 2), (-5, -1)])
def test_zero_is_a_byte_of_its_own(low_high):
    values = np.linspace(*low_high, 101, dtype=np.float32)
    step = compute_quant_params({"value": [values]}, lambda value: ())["value"]
    assert 0 <= step.zero_point <= BYTE
    ends = step.scale * (np.array([0, BYTE]) - step.zero_point)
    assert ends[0] <= min(0, values.min()) + step.scale
    assert ends[1] >= max(0, values.max()) - step.scale
