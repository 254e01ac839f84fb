"""Every head, scale and shift form in every format: converted, run, compared, counted."""

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from model_files import copy_alone, options_for
from networks import CONVERTED_NETWORKS, ONE_NETWORK, make_net
from torch import nn

from converters.options import SHIFTS, ConversionOptions
from mobile_runtime.engines.session import open_session
from mobile_runtime.formats.reader import read_graph
from mobile_runtime.model_file.format import FORMATS, OPSETS
from mobile_runtime.model_file.manifest import read_manifest
from mobile_runtime.validation.validate import available_engines
from scnet.config import HEADS, SCNetConfig, halo
from scnet.device_form import DepthToSpace, to_device_form
from scnet.network import SpatialShift, Upsample

SIZE = (20, 28)

NAMES = {
    # layer of the device form -> operator of each format; None is fused into its neighbor
    "tflite": {
        nn.Conv2d: "CONV_2D",
        nn.LeakyReLU: "LEAKY_RELU",
        nn.ReLU: None,
        DepthToSpace: "DEPTH_TO_SPACE",
        Upsample: {"RESIZE_BILINEAR": 1},
        "odd upsample": {"RESIZE_NEAREST_NEIGHBOR": 1, "AVERAGE_POOL_2D": 1},
        "add": "ADD",
        "cat": "CONCATENATION",
        "slice_concat": {"PAD": 1, "SLICE": 8, "CONCATENATION": 1},
        "depthwise": {"DEPTHWISE_CONV_2D": 1},
    },
    "onnx": {
        nn.Conv2d: "Conv",
        nn.LeakyReLU: "LeakyRelu",
        nn.ReLU: "Relu",
        DepthToSpace: "DepthToSpace",
        Upsample: {"Resize": 1},
        "odd upsample": {"Concat": 1, "DepthToSpace": 1, "AveragePool": 1},
        "add": "Add",
        "cat": "Concat",
        "slice_concat": {"Pad": 1, "Slice": 8, "Concat": 1},
        "depthwise": {"Conv": 1},
    },
    "coreml": {
        nn.Conv2d: "conv",
        nn.LeakyReLU: "leaky_relu",
        nn.ReLU: "relu",
        DepthToSpace: "depth_to_space",
        Upsample: {"upsample_bilinear": 1},
        "odd upsample": {"concat": 1, "depth_to_space": 1, "avg_pool": 1},
        "add": "add",
        "cat": "concat",
        "slice_concat": {"pad": 1, "slice_by_size": 8, "concat": 1},
        "depthwise": {"conv": 1},
    },
}


def ideal_operators(net, options):
    """The operators that a file needs, and not one more."""
    graph, names = to_device_form(net), NAMES[options.format]
    counts = Counter()
    for node in graph.graph.nodes:
        if node.op == "call_function":
            counts[names[node.target.__name__]] += 1
        elif node.op == "call_module":
            layer = graph.get_submodule(node.target)
            kind = type(layer)
            if kind is SpatialShift:
                kind = options.shift
            elif kind is Upsample and layer.factor % 2:
                kind = "odd upsample"
            several = names[kind]
            counts.update(several if isinstance(several, dict) else [several])
    del counts[None]
    return dict(counts)


STRONG = 0.25
"""Strength of the weights: layers that matter, and features larger than those of pictures."""
NETWORK = SCNetConfig(4, "direct", 16, 2)


@pytest.fixture
def make(converted):
    """A function that converts a network once in all tests that ask for the same file."""
    return partial(converted, strength=STRONG)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("config", CONVERTED_NETWORKS)  # outermost: each is measured once
def test_file_computes_what_pytorch_does_with_ideal_operators(
    tmp_path, make, format_, shift, config
):
    options = options_for(format_, SIZE, shift=shift)
    (path,) = make(options, config=config)
    manifest = read_manifest(path)
    assert len(manifest.verified) == len(available_engines(path))
    assert all(v.passed and v.worst.max_abs <= 1e-5 for v in manifest.verified)
    assert manifest.operators == ideal_operators(make_net(config), options)
    session = open_session(copy_alone(path, tmp_path))  # which still says what it is
    assert session.model == manifest.model
    assert (session.model.scale, session.model.head) == (config.scale, config.head)
    assert session.model.halo == halo(config)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("head", HEADS)
def test_large_pictures_are_as_exact_at_x3(make, format_, head):
    """Interpolation by 3 has no coordinates, which engines would round the more, the larger."""
    config, size = SCNetConfig(3, head, width=8, depth=1), (1024, 16)
    (path,) = make(options_for(format_, size), config=config)
    image = torch.rand(1, 3, *size)
    with torch.no_grad():
        exact = make_net(config).double()(image.double()).numpy()
    assert np.abs(open_session(path).run(image.numpy()) - exact).max() < 5e-6


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("format_", FORMATS)
def test_half_precision_is_smaller_and_near_enough(make, format_, shift):
    wanted = [
        options_for(format_, SIZE, shift=shift, precision=precision)
        for precision in ("fp32", "fp16")
    ]
    whole, half = (read_manifest(path) for path in make(*wanted, config=NETWORK))
    assert all(v.passed and v.worst.psnr_db > 50 for v in half.verified)
    assert half.verified[0].worst.max_abs > whole.verified[0].worst.max_abs
    extra = {name: n for name, n in half.operators.items() if whole.operators.get(name, 0) != n}
    assert set(extra) <= {"DEQUANTIZE", "Cast", "cast"}


@pytest.mark.parametrize("shift", SHIFTS)
def test_onnx_takes_any_size(make, shift):
    (path,) = make(options_for("onnx", None, shift=shift), config=NETWORK)
    session, net = open_session(path), make_net(NETWORK)
    for size in ((1, 1), (3, 50), (64, 64)):
        image = torch.rand(1, 3, *size)
        with torch.no_grad():
            assert np.abs(session.run(image.numpy()) - net(image).numpy()).max() < 1e-5


@pytest.mark.parametrize("sizes", [None, (SIZE,)], ids=["any size", "one size"])
@pytest.mark.parametrize("opset", [OPSETS[0], OPSETS[-1]])
@pytest.mark.parametrize("precision", FORMATS["onnx"].precisions)
@pytest.mark.parametrize("config", ONE_NETWORK)
def test_onnx_computes_the_same_in_every_operator_set(make, config, precision, opset, sizes):
    """What it does is compared with PyTorch's before it is kept, as always."""
    usual = ConversionOptions("onnx", "slice_concat", precision, sizes)
    made = make(usual, replace(usual, opset=opset), config=config)
    image = torch.rand(1, 3, *SIZE).numpy()
    outputs = [open_session(path).run(image) for path in made]
    np.testing.assert_allclose(*outputs, atol=1e-6)
    assert read_graph(made[1]).release == f"opset {opset}"


@pytest.mark.parametrize("shift", SHIFTS)
def test_coreml_images_need_no_extra_arithmetic(make, shift):
    """8-bit images in and out: two casts at the ends and one clip, no multiplication, no fp32."""
    options = ConversionOptions("coreml", shift, "fp16", (SIZE,), "image")
    (path,) = make(options, config=NETWORK)
    manifest = read_manifest(path)
    ideal = ideal_operators(make_net(NETWORK), options)
    assert manifest.operators == ideal | {"cast": 2, "clip": 1}
    assert manifest.model.input.range == manifest.model.output.range == "0..255"
    assert manifest.model.output.clipped


@pytest.mark.parametrize("interface", ["image", "tensor"])
@pytest.mark.parametrize("shift", SHIFTS)
def test_coreml_takes_an_enumerated_list_of_sizes(make, shift, interface):
    sizes = (SIZE, (32, 16), (40, 40))
    options = ConversionOptions("coreml", shift, "fp16", sizes, interface)
    (path,) = make(options, config=NETWORK)
    manifest = read_manifest(path)
    assert {sample.input_shape[2:] for sample in manifest.golden} == set(sizes)
    assert manifest.operators.get("slice_by_index", 0) == (24 if shift == "slice_concat" else 0)
    assert all(verdict.passed for verdict in manifest.verified)


def test_tflite_signature_has_names(make):
    from ai_edge_litert.interpreter import Interpreter

    (path,) = make(options_for("tflite", SIZE, shift="depthwise"), config=NETWORK)
    signatures = Interpreter(str(path)).get_signature_list()
    assert signatures == {"serving_default": {"inputs": ["image"], "outputs": ["upscaled_image"]}}
