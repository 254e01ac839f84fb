"""Core ML files with fewer bits: what is in them, and what stays exact."""

import shutil
import struct

import numpy as np
import pytest
from coremltools.proto import Model_pb2

from converters.conversion import convert
from converters.options import SHIFTS, ConversionOptions
from converters.quantization.coreml_weights import make_palette
from mobile_runtime.check.placement import check
from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.coreml_package import BLOB_HEADER
from mobile_runtime.formats.coreml_program import load_program
from mobile_runtime.formats.reader import cut
from mobile_runtime.model_file.file_hash import measure_file
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.model_file.manifest import read_manifest
from mobile_runtime.model_file.precision import PRECISIONS
from mobile_runtime.validation.reference_runs import REFERENCES
from scnet.checkpoint import open_checkpoint
from scnet.config import SCNetConfig
from scnet.shift import shift_kernel

SIZE = (16, 24)
COMPRESSED = [name for name in FORMATS["coreml"].precisions if PRECISIONS[name].weight_bits < 16]
KINDS = {
    "w8": "constexpr_affine_dequantize",
    "w8a8": "constexpr_affine_dequantize",
    "w6": "constexpr_lut_to_dense",
    "w4": "constexpr_lut_to_dense",
}
LARGE = SCNetConfig(2, "direct", 64, 2)
"""Wide enough that the weights, not the program, decide the size."""
COMPRESSED_CONVOLUTIONS = 2 * LARGE.depth + 3
"""Two of each block, and three of the head; not the first."""

WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"
SPECIFICATION = "Data/com.apple.CoreML/model.mlmodel"


@pytest.fixture(scope="module")
def made(converted):
    """One file of each precision and shift form, and the network that they are of."""
    keys = [(name, shift) for name in ("fp16", *COMPRESSED) for shift in SHIFTS]
    wanted = [ConversionOptions("coreml", shift, name, (SIZE,), "image") for name, shift in keys]
    return dict(zip(keys, converted(*wanted, config=LARGE), strict=True))


def specification(path):
    model = Model_pb2.Model()
    model.ParseFromString((path / SPECIFICATION).read_bytes())
    return model


def operations(path):
    (block,) = specification(path).mlProgram.functions["main"].block_specializations.values()
    return list(block.operations)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("precision", COMPRESSED)
def test_every_large_weight_is_compressed_and_the_file_smaller(made, precision, shift):
    path = made[precision, shift]
    kinds = [op.type for op in operations(path)]

    assert kinds.count(KINDS[precision]) == COMPRESSED_CONVOLUTIONS
    assert all(verdict.passed for verdict in read_manifest(path).verified)
    size, half = ((file / WEIGHTS).stat().st_size for file in (path, made["fp16", shift]))
    assert size < half
    if precision == "w8a8":  # the tail is twice as wide: 2 bytes for each of its own weights
        half = 2 * sum(np.size(c) for c in load_program(path).constants.values())
    assert size < 0.6 * half
    if precision != "w8a8":  # whose many quantize and dequantize steps weigh more than 2 blocks
        assert measure_file(path) < measure_file(made["fp16", shift])


@pytest.mark.parametrize("precision", COMPRESSED)
def test_the_shift_stays_exact(made, precision):
    program = load_program(made[precision, "depthwise"])
    constants = program.constants.values()
    kernels = [c for c in constants if np.shape(c)[1:] == (1, 3, 3)]

    assert kernels
    assert all((kernel == shift_kernel(len(kernel)).numpy()).all() for kernel in kernels)


@pytest.mark.parametrize("precision", COMPRESSED)
def test_both_forms_of_the_shift_give_the_same(made, precision):
    image = np.random.default_rng(0).random((1, 3, *SIZE), np.float32)
    first, second = (open_session(made[precision, shift]).run(image) for shift in SHIFTS)

    assert np.array_equal(first, second)


@pytest.mark.parametrize("precision", COMPRESSED)
def test_the_oldest_system_rises_only_for_eight_bit_activations(made, precision):
    versions = {"w8a8": 8}  # iOS 17; iOS 16 is 7

    assert specification(made[precision, "depthwise"]).specificationVersion == versions.get(
        precision, 7
    )


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("precision", COMPRESSED)
def test_check_finds_no_error(made, precision, shift):
    assert all(report.passed for report in check(made[precision, shift]))


@pytest.mark.parametrize("precision", COMPRESSED)
def test_a_file_can_be_cut_at_any_feature(made, precision, tmp_path):
    path = made[precision, "slice_concat"]
    image = np.zeros((1, 3, *SIZE), np.float32)
    for op in [op for op in operations(path) if op.type in ("add", "dequantize")][:2]:
        cut(path, op.outputs[0].name, tmp_path / f"{op.outputs[0].name}.mlpackage")
        features = REFERENCES[".mlpackage"].run(tmp_path / f"{op.outputs[0].name}.mlpackage", image)
        assert features.shape == (1, LARGE.width, *SIZE)


@pytest.mark.parametrize("precision", ["w4", "w8"])
def test_a_damaged_palette_or_scale_in_the_weight_file_is_refused(made, precision, tmp_path):
    path = shutil.copytree(made[precision, "depthwise"], tmp_path / "damaged.mlpackage")
    op = next(op for op in operations(path) if op.type == KINDS[precision])
    parameter = {"w4": "lut", "w8": "scale"}[precision]
    offset = op.attributes[parameter].blobFileValue.offset
    content = bytearray((path / WEIGHTS).read_bytes())
    *_, size, start = BLOB_HEADER.unpack_from(content, offset)
    if parameter == "lut":  # two values are missing
        struct.pack_into("<Q", content, offset + 8, size - 4)
    else:
        content[start : start + size] = bytes(size)
    (path / WEIGHTS).write_bytes(content)

    with pytest.raises(ModelLoadError, match=r"damaged|a scale is zero"):
        open_session(path).run(np.zeros((1, 3, *SIZE), np.float32))


def test_the_same_network_gives_the_same_weights(made, tmp_path):
    path = made["w4", "depthwise"]
    options = ConversionOptions("coreml", "depthwise", "w4", (SIZE,), "image")
    checkpoint = open_checkpoint(path.parent.parent / "net.safetensors")
    (again,) = convert(checkpoint, [options], tmp_path / "out", verify=False)

    assert (again / WEIGHTS).read_bytes() == (path / WEIGHTS).read_bytes()


def test_a_palette_holds_few_values_exactly():
    weight = np.array([[0.5, -1.0], [2.0, 0.5]], np.float16)
    palette, indices = make_palette(weight, bits=4)

    assert palette.shape == (16,)
    assert np.array_equal(palette[indices].reshape(2, 2), weight)


def test_a_palette_lies_nearer_than_even_steps():
    weight = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32) ** 3
    palette, indices = make_palette(weight, bits=4)
    even = np.linspace(weight.min(), weight.max(), 16)
    nearest = even[np.abs(weight[..., None] - even).argmin(-1)]

    error = np.square(palette[indices].reshape(64, 64) - weight).mean()
    assert error < 0.2 * np.square(nearest - weight).mean()
