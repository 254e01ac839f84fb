"""ONNX files in 8 bits: what onnxruntime makes of them, and what stays exact."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from networks import CONVERTED_NETWORKS, NETWORKS, make_net

from converters.conversion import convert
from converters.options import SHIFTS, ConversionOptions
from converters.quantization.calibration import calibration_images
from converters.quantization.qdq import Dequantize, Quantize, insert_qdq, propagate_dequantize
from mobile_runtime.check.placement import check
from mobile_runtime.engines.session import open_session
from mobile_runtime.formats.reader import count_operators, cut
from mobile_runtime.model_file.manifest import read_manifest
from mobile_runtime.validation.reference_runs import REFERENCES
from scnet.channel_scaling import smooth_channels
from scnet.checkpoint import open_checkpoint
from scnet.config import SCNetConfig
from scnet.device_form import layers_of, shift_as_convolution, to_device_form

CONFIG = SCNetConfig(2, "direct", 16, 2)
WIDE = SCNetConfig(2, "direct", 64, 4)


@pytest.fixture(scope="module")
def images():
    return [torch.from_numpy(image) for image in calibration_images(None, (24, 24))][:6]


@pytest.fixture(scope="module")
def made(converted):
    """A file of each shift form in 8 bits, and one in fp16."""
    keys = [("w8a8", "slice_concat"), ("w8a8", "depthwise"), ("fp16", "depthwise")]
    wanted = [ConversionOptions("onnx", shift, name, None) for name, shift in keys]
    return dict(zip(keys, converted(*wanted, config=WIDE), strict=True))


def optimized(path, tmp_path):
    """What onnxruntime runs in place of a file's graph."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 3  # it warns that the result is for this machine
    onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    return onnx.load(tmp_path / "optimized.onnx").graph


@pytest.mark.parametrize("config", NETWORKS)
def test_equalising_changes_nothing_but_the_channels(config, images):
    net = make_net(config)
    graph = to_device_form(net)
    before = {name: p.clone() for name, p in graph.named_parameters()}
    smooth_channels(graph, images)
    image = torch.rand(1, 3, 9, 11)
    with torch.no_grad():
        expected, actual = net(image), graph(image)

    assert any(not torch.equal(before[name], p) for name, p in graph.named_parameters())
    assert (actual - expected).abs().max() < 1e-4 * expected.abs().max().clamp_min(1)


def hidden_sizes(graph, image):
    """The largest magnitude of each channel that the first block computes first."""
    with torch.no_grad():
        features = graph.get_submodule("activation")(graph.get_submodule("conv_first")(image))
        return graph.get_submodule("body.0.conv1")(features).abs().amax((0, 2, 3))


def test_equalised_channels_are_more_alike(images):
    net = make_net(CONFIG)
    with torch.no_grad():
        net.body[0].conv1.weight[3].mul_(50)

    def spread(graph):
        rows = hidden_sizes(graph, images[0])
        return float(rows.max() / rows.median())

    graph = to_device_form(net)
    before = spread(graph)
    smooth_channels(graph, images)

    assert spread(graph) < before / 2


def test_of_50_times_as_large_a_root_is_left(images):
    sizes = []
    for times in (1, 50):
        net = make_net(CONFIG)
        with torch.no_grad():
            net.body[0].conv1.weight[3].mul_(times)
            net.body[0].conv1.bias[3].mul_(times)
        graph = to_device_form(net)
        smooth_channels(graph, images)
        sizes.append(hidden_sizes(graph, images[0]))

    larger = sizes[1] / sizes[0]
    assert larger[3] / larger.median() == pytest.approx(50**0.5, rel=0.01)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("config", NETWORKS)
def test_moving_bytes_gives_what_moving_reals_does(config, shift, images):
    graph = to_device_form(make_net(config))
    if shift == "depthwise":
        shift_as_convolution(graph)
    insert_qdq(graph, images)
    image = torch.rand(1, 3, 12, 10)
    with torch.no_grad():
        expected = graph(image)
        propagate_dequantize(graph)
        assert torch.equal(graph(image), expected)


def test_picture_skip_and_sum_stay_exact(images):
    graph = to_device_form(make_net(CONFIG))
    insert_qdq(graph, images)
    with torch.no_grad():
        graph.get_submodule("conv_last").weight.zero_()
        graph.get_submodule("conv_last").bias.zero_()
        image = torch.rand(1, 3, 12, 10)
        upsampled = torch.nn.functional.interpolate(image, scale_factor=2, mode="bilinear")

        assert torch.equal(graph(image), upsampled)


def test_all_between_is_in_8_bits(images):
    graph = to_device_form(make_net(CONFIG))
    insert_qdq(graph, images)
    convolutions = [n for n in layers_of(graph, torch.nn.Conv2d) if n.target != "conv_first"]

    assert len(layers_of(graph, Quantize)) == len(layers_of(graph, Dequantize))
    reading = [graph.get_submodule(node.args[0].target) for node in convolutions]
    assert all(isinstance(layer, Dequantize) for layer in reading)


@pytest.mark.parametrize("shift", SHIFTS)
def test_onnxruntime_computes_in_integers(made, tmp_path, shift):
    graph = optimized(made["w8a8", shift], tmp_path)
    kinds = [node.op_type for node in graph.node]

    assert kinds.count("Conv") == 0
    shifts = WIDE.depth + 1 if shift == "depthwise" else 0
    assert kinds.count("QLinearConv") == 2 * WIDE.depth + 3 + shifts
    assert kinds.count("QLinearAdd") == WIDE.depth
    assert kinds.count("QLinearLeakyRelu") == kinds.count("Relu") == 0
    assert kinds.count("Transpose") == 2  # one into channels last, one out
    assert (kinds.count("QuantizeLinear"), kinds.count("DequantizeLinear")) == (1, 1)


def test_products_of_two_channels_side_by_side_fit_into_16_bits(made):
    """Where they do not, onnxruntime saturates on x86 without VNNI, and only there."""
    graph = onnx.load(made["w8a8", "slice_concat"]).graph
    weights = [onnx.numpy_helper.to_array(t) for t in graph.initializer if len(t.dims) == 4]
    in_steps = [weight.astype(int) for weight in weights if weight.dtype == np.int8]
    both = [weight[:, 0::2] + weight[:, 1::2] for weight in in_steps]

    assert len(both) == 2 * WIDE.depth + 3
    assert all(255 * np.abs(sums).max() < 2**15 for sums in both)
    assert max(np.abs(sums).max() for sums in both) > 120  # no bit is given away


def test_shift_moves_bytes(made):
    nodes = onnx.load(made["w8a8", "slice_concat"]).graph.node
    makers = {name: node.op_type for node in nodes for name in node.output}
    pads = [node for node in nodes if node.op_type == "Pad"]

    assert [makers[node.input[0]] for node in pads] == ["QuantizeLinear"] * (WIDE.depth + 1)


@pytest.mark.parametrize("config", CONVERTED_NETWORKS)
def test_every_network_passes_at_any_size(tmp_path, checkpoint, two_photographs, config):
    wanted = ConversionOptions("onnx", "slice_concat", "w8a8", None, calibration=two_photographs)
    (path,) = convert(checkpoint(config), [wanted], tmp_path / "out")
    session = open_session(path)
    for size in ((2, 3), (17, 40)):
        output = session.run(np.zeros((1, 3, *size), np.float32))
        assert output.shape == (1, 3, *(side * config.scale for side in size))
    assert session.model.precision == "w8a8"
    assert read_manifest(path).psnr_loss_db < 0.15


def test_both_forms_of_the_shift_give_the_same(made, photograph):
    first, second = (open_session(made["w8a8", shift]).run(photograph) for shift in SHIFTS)

    assert np.array_equal(first, second)


def test_file_is_smaller_than_in_fp16(made):
    sizes = [made[name, "depthwise"].stat().st_size for name in ("w8a8", "fp16")]

    assert sizes[0] < sizes[1]


def test_same_network_and_photographs_give_the_same_file(made, tmp_path):
    path = made["w8a8", "slice_concat"]
    checkpoint = open_checkpoint(path.parent.parent / "net.safetensors")
    wanted = ConversionOptions("onnx", "slice_concat", "w8a8", None)
    (again,) = convert(checkpoint, [wanted], tmp_path / "out", verify=False)

    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("shift", SHIFTS)
def test_check_finds_no_error(made, shift):
    path = made["w8a8", shift]

    assert all(report.passed for report in check(path))
    assert count_operators(path)["QuantizeLinear"] > 0


@pytest.mark.parametrize("shift", SHIFTS)
def test_pieces_run_on_the_reference_evaluator(made, tmp_path, photograph, shift):
    """ONNX's evaluator has these operators from set 19 on only; files are of set 18."""
    path, piece = made["w8a8", shift], tmp_path / "piece.onnx"
    image = photograph[:, :, :16, :16]
    graph = onnx.load(path).graph
    tensor = next(node.output[0] for node in graph.node if node.op_type == "LeakyRelu")
    cut(path, tensor, piece)
    expected = REFERENCES[".onnx"].run(piece, image)

    np.testing.assert_allclose(open_session(piece).run(image), expected, atol=1e-5)
    reference = REFERENCES[".onnx"].run(path, image)
    assert np.abs(open_session(path).run(image) - reference).max() < 0.05
