"""TFLite files in 8 bits: integers from end to end, exact where that was promised."""

from collections import Counter

import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from model_files import edit_manifest
from networks import CONVERTED_NETWORKS, make_net

from converters.conversion import convert
from converters.options import SHIFTS, ConversionOptions, FileName
from converters.quantization.calibration import CALIBRATED_AT
from converters.quantization.tflite_int8 import VERSIONS
from mobile_runtime.check.placement import check
from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.reader import count_operators, cut
from mobile_runtime.formats.tflite_schema import TYPES, operator_kinds, pack, unpack
from mobile_runtime.model_file.file_hash import hash_file
from mobile_runtime.model_file.manifest import manifest_path, read_manifest
from mobile_runtime.upscaling.upscale import upscale_image
from mobile_runtime.validation.fault_localization import localize_fault
from mobile_runtime.validation.reference_runs import REFERENCES
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig
from scnet.shift import shift_kernel

SIZE = (24, 20)
WIDE = SCNetConfig(2, "direct", 64, 4)
"""Wide enough that the weights decide the size."""
KEYS = [
    *((precision, shift, "tensor") for precision in ("fp32", "w8", "w8a8") for shift in SHIFTS),
    *(("w8a8", shift, "image") for shift in SHIFTS),
]
INTEGERS = KEYS[4:]
CONVERSIONS = {"tensor": {"QUANTIZE": 1, "DEQUANTIZE": 1}, "image": {"QUANTIZE": 2}}
"""All that there are, by interface: at the ends."""


@pytest.fixture(scope="module")
def made(converted):
    """One file of each kind, of one network."""
    wanted = [ConversionOptions("tflite", shift, name, (SIZE,), end) for name, shift, end in KEYS]
    return dict(zip(KEYS, converted(*wanted, config=WIDE), strict=True))


@pytest.fixture(scope="module")
def picture(photograph):
    return photograph[..., : SIZE[0], : SIZE[1]]


def read(path):
    """The model, its graph, and its operators by kind."""
    model = unpack(path.read_bytes())
    graph, kinds = model.subgraphs[0], operator_kinds(model)
    return model, graph, [(kinds[op.opcodeIndex], op) for op in graph.operators]


def type_of(graph, index):
    return TYPES[graph.tensors[index].type]


@pytest.mark.parametrize("config", CONVERTED_NETWORKS)
def test_every_network_passes_on_every_engine(tmp_path, checkpoint, two_photographs, config):
    """At the size that ranges are measured at, and at another: it lays constants out anew."""
    forms = ("depthwise", CALIBRATED_AT, "tensor"), ("slice_concat", SIZE, "image")
    wanted = [
        ConversionOptions("tflite", shift, "w8a8", (size,), end, two_photographs)
        for shift, size, end in forms
    ]
    for path in convert(checkpoint(config), wanted, tmp_path / "out"):
        manifest = read_manifest(path)
        assert all(verdict.passed for verdict in manifest.verified)
        assert manifest.psnr_loss_db < 0.15


@pytest.mark.parametrize(("precision", "shift", "interface"), INTEGERS)
def test_conversions_are_at_the_ends_alone(made, precision, shift, interface):
    """All between reads and writes int8; what is in float is the first and the last step."""
    _, graph, operators = read(made[precision, shift, interface])
    kinds = Counter(kind for kind, _ in operators)
    converted = [kind for kind, op in operators if type_of(graph, op.outputs[0]) == "float32"]

    assert {kind: kinds[kind] for kind in CONVERSIONS[interface]} == CONVERSIONS[interface]
    assert kinds["DEQUANTIZE"] == CONVERSIONS[interface].get("DEQUANTIZE", 0)
    exact = ["ADD", "CONV_2D", "DEQUANTIZE", "LEAKY_RELU", "RESIZE_BILINEAR"]
    assert sorted(converted) == (exact if interface == "tensor" else [])


@pytest.mark.parametrize(("precision", "shift", "interface"), INTEGERS)
def test_nothing_is_added_but_the_conversions_and_relu_fuses(made, precision, shift, interface):
    before = Counter(count_operators(made["fp32", shift, "tensor"]))
    after = Counter(count_operators(made[precision, shift, interface]))

    assert after - before == Counter(CONVERSIONS[interface])
    assert before - after == Counter({"LEAKY_RELU": 2})


@pytest.mark.parametrize("shift", SHIFTS)
def test_weights_only_adds_one_dequantize_for_each_weight(made, shift):
    """Each has one scale, as GPUs want it; the arithmetic is that of fp32."""
    path = made["w8", shift, "tensor"]
    _, graph, operators = read(path)
    added = Counter(count_operators(path)) - Counter(count_operators(made["fp32", shift, "tensor"]))

    assert set(added) == {"DEQUANTIZE"}
    for kind, op in operators:
        if kind == "DEQUANTIZE":
            assert type_of(graph, op.inputs[0]) == "int8"
            assert len(graph.tensors[op.inputs[0]].quantization.scale) == 1


@pytest.mark.parametrize(("precision", "shift", "interface"), KEYS[2:])
def test_files_are_far_smaller_than_in_fp32(made, precision, shift, interface):
    sizes = [
        made[key].stat().st_size
        for key in ((precision, shift, interface), ("fp32", shift, "tensor"))
    ]
    assert sizes[0] < 0.6 * sizes[1]


@pytest.mark.parametrize(("precision", "shift", "interface"), INTEGERS)
def test_old_runtimes_know_the_operators(made, precision, shift, interface):
    """Versions as TFLite 2.14 has them; the float ones are those of fp32 files."""
    model, graph, operators = read(made[precision, shift, interface])
    for kind, op in operators:
        if type_of(graph, op.outputs[0]) == "int8":
            assert model.operatorCodes[op.opcodeIndex].version == VERSIONS[kind]
    assert {index for _, op in operators for index in (*op.inputs, *op.outputs)} == set(
        range(len(graph.tensors))
    )


@pytest.mark.parametrize("precision", ["w8", "w8a8"])
def test_the_shift_stays_exact(made, precision):
    model, graph, operators = read(made[precision, "depthwise", "tensor"])
    weights = {op.outputs[0]: op.inputs[0] for kind, op in operators if kind == "DEQUANTIZE"}
    for op in [op for kind, op in operators if kind == "DEPTHWISE_CONV_2D"]:
        tensor = graph.tensors[weights.get(op.inputs[1], op.inputs[1])]
        steps = np.frombuffer(bytes(model.buffers[tensor.buffer].data), np.int8)
        kernel = shift_kernel(tensor.shape[-1]).numpy()[:, 0].transpose(1, 2, 0)
        reals = steps.reshape(kernel.shape) * np.array(tensor.quantization.scale, np.float32)
        assert np.array_equal(reals, kernel)


@pytest.mark.parametrize("interface", CONVERSIONS)
def test_both_forms_of_the_shift_give_the_same(made, picture, interface):
    first, second = (open_session(made["w8a8", shift, interface]).run(picture) for shift in SHIFTS)

    assert np.array_equal(first, second)


def test_the_skip_stays_exact(tmp_path, picture):
    """Without details, what comes out is the interpolated picture, to the bit."""
    net = make_net(SCNetConfig(2, "direct", 16, 2))
    with torch.no_grad():
        net.conv_last.weight.zero_()
        net.conv_last.bias.zero_()
    save_weights(net, tmp_path / "net.safetensors", {})
    wanted = [ConversionOptions("tflite", "depthwise", name, (SIZE,)) for name in ("fp32", "w8a8")]
    files = convert(open_checkpoint(tmp_path / "net.safetensors"), wanted, tmp_path / "out")
    exact, integer = (open_session(path).run(picture) for path in files)

    assert np.array_equal(exact, integer)


@pytest.mark.parametrize("shift", SHIFTS)
def test_pictures_go_in_and_out_as_bytes(made, picture, shift):
    path = made["w8a8", shift, "image"]
    _, graph, _ = read(path)
    ends = [graph.tensors[index] for index in (*graph.inputs, *graph.outputs)]
    output = open_session(path).run(picture)

    assert [TYPES[end.type] for end in ends] == ["uint8", "uint8"]
    for end in ends:
        assert end.quantization.scale[0] == pytest.approx(1 / 255)
        assert end.quantization.zeroPoint[0] == 0
    assert np.abs(255 * output - np.rint(255 * output)).max() < 1e-4
    assert 0 <= output.min() <= output.max() <= 1
    near = open_session(made["w8a8", shift, "tensor"]).run(picture).clip(0, 1)
    assert np.abs(output - near).mean() < 2 / 255


def test_tiles_equal_the_whole_where_integers_compute(made, photograph):
    """A tile of the file's size, and the middle of it out of a larger picture."""
    session = open_session(made["w8a8", "depthwise", "image"])
    upscaled = upscale_image(session, photograph)
    halo, scale = session.model.halo, WIDE.scale
    output = session.run(photograph[..., : SIZE[0], : SIZE[1]])
    inner = tuple(slice(0, (side - halo) * scale) for side in SIZE)

    assert upscaled.shape == (1, 3, *(side * scale for side in photograph.shape[2:]))
    assert np.array_equal(upscaled[..., *inner], output[..., *inner])


@pytest.mark.parametrize(("precision", "shift", "interface"), KEYS[2:])
def test_check_finds_every_operator_on_the_gpu(made, precision, shift, interface):
    for report in check(made[precision, shift, interface]):
        assert report.passed
        assert report.resident == report.total


@pytest.mark.parametrize(("precision", "shift", "interface"), KEYS[2:])
def test_a_file_can_be_cut_at_any_feature(made, picture, tmp_path, precision, shift, interface):
    path = made[precision, shift, interface]
    _, graph, operators = read(path)
    for index in [op.outputs[0] for kind, op in operators if kind in ("CONV_2D", "ADD")][::3]:
        piece = tmp_path / f"{index}.tflite"
        cut(path, f"T#{index}", piece)
        expected, actual = (
            REFERENCES[".tflite"].run(piece, picture),
            open_session(piece).run(picture),
        )
        assert expected.shape == actual.shape
        step = graph.tensors[index].quantization
        allowed = 4 * step.scale[0] if step is not None and step.scale is not None else 1e-5
        assert np.abs(expected - actual).max() <= allowed


def test_a_wrong_integer_file_is_told_from_a_wrong_engine(tmp_path, checkpoint):
    wanted = ConversionOptions("tflite", "depthwise", "w8a8", (SIZE,))
    (path,) = convert(checkpoint(), [wanted], tmp_path / "out")
    model, graph, operators = read(path)
    weight = next(
        graph.tensors[op.inputs[1]]
        for kind, op in operators
        if kind == "CONV_2D" and type_of(graph, op.inputs[1]) == "int8"
    )
    weight.quantization.scale = weight.quantization.scale * 3
    path.write_bytes(pack(model))
    edit_manifest(path, lambda content: content.update(sha256=hash_file(path)))

    assert "The file is wrong, not xnnpack" in str(localize_fault(path, "xnnpack"))


@pytest.mark.parametrize("scales", [[], [0.0], [float("nan")], [0.5, 0.25]])
def test_bytes_that_do_not_say_what_they_stand_for_are_refused(made, tmp_path, scales):
    path = made["w8a8", "depthwise", "image"]
    model, graph, _ = read(path)
    quantization = graph.tensors[graph.inputs[0]].quantization
    quantization.scale, quantization.zeroPoint = scales, [0] * len(scales)
    (tmp_path / "strange.tflite").write_bytes(pack(model))

    with pytest.raises(ModelLoadError, match="in float32 or in quantized 8 bits"):
        open_session(tmp_path / "strange.tflite")


def test_a_lone_file_says_what_goes_in_and_out(made, tmp_path):
    path = tmp_path / "lone.tflite"
    path.write_bytes(made["w8a8", "depthwise", "image"].read_bytes())
    model = open_session(path).model

    assert not manifest_path(path).exists()
    assert (model.precision, model.input.dtype, model.output.dtype) == ("w8a8", "uint8", "uint8")
    assert model.output.clipped


def test_the_same_network_and_photographs_give_the_same_file(made, tmp_path):
    path = made["w8a8", "depthwise", "tensor"]
    checkpoint = open_checkpoint(path.parent.parent / "net.safetensors")
    wanted = ConversionOptions("tflite", "depthwise", "w8a8", (SIZE,))
    (again,) = convert(checkpoint, [wanted], tmp_path / "out", verify=False)

    assert again.read_bytes() == path.read_bytes()


def test_ranges_do_not_depend_on_the_size_of_the_file(made, tmp_path):
    path = made["w8a8", "depthwise", "tensor"]
    checkpoint = open_checkpoint(path.parent.parent / "net.safetensors")
    wanted = ConversionOptions("tflite", "depthwise", "w8a8", ((16, 40),))
    (other,) = convert(checkpoint, [wanted], tmp_path / "out", verify=False)
    scales = [
        [t.quantization.scale.tolist() for t in read(file)[1].tensors if type_is_int8(t)]
        for file in (path, other)
    ]
    assert scales[0] == scales[1]


def type_is_int8(tensor):
    return tensor.type == schema.TensorType.INT8


def test_names_tell_the_interfaces_apart():
    names = [
        str(
            FileName(
                "t", 4, "direct", ConversionOptions("tflite", "depthwise", "w8a8", (SIZE,), end)
            )
        )
        for end in CONVERSIONS
    ]
    assert names == [
        "scnet-t-x4-direct-w8a8-depthwise-24x20.tflite",
        "scnet-t-x4-direct-w8a8-depthwise-image-24x20.tflite",
    ]
