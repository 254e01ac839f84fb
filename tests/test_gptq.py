"""GPTQ: weights in few bits with smaller errors than by rounding to nearest."""

from functools import partial

import numpy as np
import pytest
import torch
from networks import CONVERTED_NETWORKS, make_net

from converters.conversion import convert
from converters.options import ConversionOptions
from converters.quantization.calibration import CALIBRATED_AT, calibration_images, stress_images
from converters.quantization.coreml_weights import RGB_CHANNELS, make_palette
from converters.quantization.gptq import palettize, quantize_weights
from converters.quantization.quant_params import INT8_MAX
from mobile_runtime.engines.session import open_session
from mobile_runtime.model_file.precision import PRECISIONS
from scnet.device_form import layer_of, layers_of, to_device_form


def nearest_in_palette(weight, bits):
    palette, indices = make_palette(weight.numpy(), bits)
    return torch.from_numpy(palette[indices]).view_as(weight)


def nearest_per_tensor(weight):
    scale = weight.abs().max() / INT8_MAX
    return (weight / scale).round() * scale


def nearest_per_channel(weight):
    return torch.stack([nearest_per_tensor(row) for row in weight])


def has_at_most(count):
    return lambda weight: len(weight.unique()) <= count


def is_quantized_per_channel(weight):
    return torch.allclose(weight, nearest_per_channel(weight), rtol=1e-4)


WAYS = {
    name: (
        lambda graph, images, bits=row.weight_bits: palettize(graph, images, bits),
        lambda weight, bits=row.weight_bits: nearest_in_palette(weight, bits),
        has_at_most(2**row.weight_bits),
        RGB_CHANNELS,
    )
    for name, row in PRECISIONS.items()
    if row.palette
} | {
    "w8": (
        partial(quantize_weights, per_channel=False),
        nearest_per_tensor,
        has_at_most(2 * INT8_MAX + 1),
        0,
    ),
    "w8 per channel": (
        partial(quantize_weights, per_channel=True),
        nearest_per_channel,
        is_quantized_per_channel,
        RGB_CHANNELS,
    ),
}
"""GPTQ, rounding to nearest, a check that a weight is quantized, and the most input channels of a
convolution that stays exact."""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("config", CONVERTED_NETWORKS)
def test_rounding_makes_up_for_its_errors(config, way):
    """Few values are left wherever the format stores few, and pictures suffer less than usual."""
    net, (round_, plainly, can_be_said, colors) = make_net(config), way
    images = [torch.from_numpy(image) for image in calibration_images(None, (24, 24))][:9]
    exact, rounded, nearest = (to_device_form(net) for _ in range(3))
    round_(rounded, images)
    for node in layers_of(nearest, torch.nn.Conv2d):
        weight, stored = layer_of(node).weight.detach(), rounded.get_submodule(node.target).weight
        if layer_of(node).in_channels > colors:
            layer_of(node).weight.data = plainly(weight)
            assert can_be_said(stored)
        else:
            assert torch.equal(stored, weight)
    with torch.no_grad():
        errors = [
            sum((graph(image) - exact(image)).square().mean() for image in images)
            for graph in (rounded, nearest)
        ]
    assert errors[0] < errors[1]


def test_tflite_stores_the_values_that_weights_were_rounded_to(tmp_path, checkpoint, photograph):
    """Its tool derives each scale from the largest weight, which therefore stays what it is."""
    opened, image = checkpoint(), photograph[..., :24, :20]
    wanted = ConversionOptions("tflite", "slice_concat", "w8", ((24, 20),))
    (path,) = convert(opened, [wanted], tmp_path / "out")
    graph = to_device_form(opened.net)
    pictures = [*calibration_images(None, CALIBRATED_AT), *stress_images(CALIBRATED_AT)]
    quantize_weights(graph, map(torch.from_numpy, pictures), per_channel=False)
    with torch.no_grad():
        expected = graph(torch.from_numpy(image)).numpy()
        exact = opened.net(torch.from_numpy(image)).numpy()

    stored = open_session(path).run(image)
    assert np.abs(stored - expected).max() < 0.01 * np.abs(stored - exact).max()
