"""Quantization parameters: scales and zero points."""

import numpy as np
import pytest

from converters.quantization.quant_params import (
    INT8_MAX,
    UINT8_MAX,
    compute_quant_params,
    quantize_weight,
)


def test_scales_of_next_to_nothing_leave_room_for_a_bias():
    """In the scale of its products a bias of 2 fits into int32; no ratio of scales is over 256."""
    weight = np.array([[0.5, -1], [1e-9, 0], [0, 0]], np.float32)
    quantized = quantize_weight(weight)
    dead = compute_quant_params({"dead": [np.zeros(9, np.float32)]}, {})["dead"]
    assert quantized.values.tolist() == [[64, -INT8_MAX], [0, 0], [0, 0]]
    assert (2 / (quantized.scales * (1 / UINT8_MAX)) < 2**31).all()
    assert (1 / UINT8_MAX) * quantized.scales.max() / dead.scale < 256


@pytest.mark.parametrize("low_high", [(-1, 3), (0, 2), (-5, -1)])
def test_zero_is_exact(low_high):
    values = np.linspace(*low_high, 101, dtype=np.float32)
    params = compute_quant_params({"value": [values]}, {})["value"]
    assert 0 <= params.zero_point <= UINT8_MAX
    ends = params.scale * (np.array([0, UINT8_MAX]) - params.zero_point)
    assert ends[0] <= min(0, values.min()) + params.scale
    assert ends[1] >= max(0, values.max()) - params.scale
