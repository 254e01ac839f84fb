"""The reference executor against torch, through real files that coremltools saved."""

import json
import shutil
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import coremltools as ct
import numpy as np
import pytest
import torch
from coremltools.converters.mil import Builder as mb  # noqa: N813  its own manual's name
from coremltools.converters.mil.mil import get_new_symbol
from coremltools.proto import Model_pb2
from model_files import corrupt
from torch.nn import functional as F

from mobile_runtime.engines import coreml as run_coreml
from mobile_runtime.engines.mil_reference import executor as mil
from mobile_runtime.engines.mil_reference.operators import EXACT, OPERATORS
from mobile_runtime.engines.session import open_session, prepare
from mobile_runtime.errors import (
    EngineUnavailableError,
    ImageError,
    MissingDependencyError,
    ModelLoadError,
)
from mobile_runtime.formats import coreml_program as mil_program
from mobile_runtime.formats.reader import count_operators
from mobile_runtime.model_file.model import Model, TensorSpec, Weights

# coremltools leaves a temporary folder to the garbage collector with each model.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Implicitly cleaning up <TemporaryDirectory:ResourceWarning"
)

SPECIFICATION = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"


def values(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers in [-4, 4) that fp16 holds exactly, so that only the arithmetic rounds."""
    return (np.random.default_rng(seed).integers(-256, 256, shape) / 64).astype(np.float32)


def save(
    path: Path, build, *shapes, target=ct.target.iOS16, half=False, passes=(), **options
) -> Path:
    """Write what `build` builds, operator by operator, to a file; cast to fp16 if `half`."""
    program = mb.program(
        input_specs=[mb.TensorSpec(shape=shape) for shape in shapes], opset_version=target
    )(build)
    pipeline = ct.PassPipeline.EMPTY
    if half:
        pipeline.append_pass("common::add_fp16_cast")
        for name in passes:
            pipeline.append_pass(name)
    model = ct.convert(
        program,
        convert_to="mlprogram",
        minimum_deployment_target=target,
        pass_pipeline=pipeline,
        skip_model_load=True,
        **options,
    )
    model.save(str(path))
    return path


def run(path: Path, arithmetic: str, *inputs: np.ndarray) -> np.ndarray:
    program = mil_program.load_program(path)
    feeds = dict(zip((port.name for port in program.inputs), inputs, strict=True))
    (result,) = mil.Executor(program, arithmetic).run(feeds).values()
    return result


STEP = np.float32(1 / 32)
STEPS = (np.array([1, 2, 4, 8]) / 64).astype(np.float32)
"""Of quantized values, for each of four channels; fp16 holds them exactly."""


@dataclass(frozen=True)
class Case:
    operator: str
    name: str
    shapes: tuple[tuple[int, ...], ...]
    build: Callable
    expected: Callable
    """On torch tensors."""
    target: ct.target = ct.target.iOS16


PICTURE = (1, 4, 6, 5)


def convolution(name, weight, *, bias=True, before=lambda x: x, keywords=None, **torch_keywords):
    """A case of `conv`; `before` pads where torch cannot."""
    weights = values(*weight, seed=1)
    biases = values(weight[0], seed=2) if bias else None
    constants = {"weight": weights, **({"bias": biases} if bias else {})}
    return Case(
        "conv",
        name,
        ((2, 4, 9, 8),),
        lambda x: mb.conv(x=x, **constants, **(keywords or {})),
        lambda x: F.conv2d(
            before(x),
            torch.from_numpy(weights),
            None if biases is None else torch.from_numpy(biases),
            **torch_keywords,
        ),
    )


def binary(name, function):
    return [
        Case(
            name, "tensors", (PICTURE, PICTURE), lambda x, y: getattr(mb, name)(x=x, y=y), function
        ),
        Case(
            name,
            "broadcast",
            (PICTURE,),
            lambda x: getattr(mb, name)(x=x, y=values(4, 1, 1, seed=3) + 8),
            lambda x: function(x, torch.from_numpy(values(4, 1, 1, seed=3) + 8)),
        ),
        Case(
            name,
            "scalar",
            (PICTURE,),
            lambda x: getattr(mb, name)(x=x, y=np.float32(0.75)),
            lambda x: function(x, torch.tensor(0.75)),
        ),
    ]


def unary(name, function, **constants):
    return Case(name, "", (PICTURE,), lambda x: getattr(mb, name)(x=x, **constants), function)


def pooling(operator, name, function, **keywords):
    window = {"kernel_sizes": [3, 2], "strides": [2, 1], **keywords}
    return Case(
        operator, name, ((1, 4, 7, 6),), lambda x: getattr(mb, operator)(x=x, **window), function
    )


def resizing(mode, points):
    """A case of `resize_bilinear` against its documented formula, from 4x3 to 7x5."""
    return Case(
        "resize_bilinear",
        mode,
        ((1, 2, 4, 3),),
        lambda x: mb.resize_bilinear(
            x=x, target_size_height=7, target_size_width=5, sampling_mode=mode
        ),
        lambda x: sampled(x, points(4, 7), points(3, 5)),
    )


def sampled(x, rows, columns):
    """Bilinear interpolation of each output pixel by itself."""
    return torch.stack(
        [torch.stack([one_sample(x, row, column) for column in columns], -1) for row in rows], -2
    )


def one_sample(x, row, column):
    row, column = np.clip(row, 0, x.shape[-2] - 1), np.clip(column, 0, x.shape[-1] - 1)
    top, left = int(row), int(column)
    bottom, right = min(top + 1, x.shape[-2] - 1), min(left + 1, x.shape[-1] - 1)
    upper = x[..., top, left] * (1 - column % 1) + x[..., top, right] * (column % 1)
    lower = x[..., bottom, left] * (1 - column % 1) + x[..., bottom, right] * (column % 1)
    return upper * (1 - row % 1) + lower * (row % 1)


def tensorflow_depth_to_space(x, block):
    """tf.nn.depth_to_space, from its documentation: depth = (row, column, color)."""
    n, c, h, w = x.shape
    colors = c // block**2
    y = torch.empty(n, colors, h * block, w * block)
    for i in range(block):
        for j in range(block):
            first = (i * block + j) * colors
            y[:, :, i::block, j::block] = x[:, first : first + colors]
    return y


def slicing(name, **keywords):
    """A case of `slice_by_index` whose `keywords` mean what `index` says."""
    index = keywords.pop("index")
    return Case(
        "slice_by_index",
        name,
        ((4, 6, 5),),
        lambda x: mb.slice_by_index(x=x, **keywords),
        lambda x: torch.from_numpy(x.numpy()[index].copy()),
    )


def transposed_convolution(name, weight, keywords, shape=(2, 4, 5, 6), **torch_keywords):
    """A case of `conv_transpose`, with a bias."""
    weights = values(*weight, seed=1)
    biases = values(weight[1] * keywords.get("groups", 1), seed=2)
    return Case(
        "conv_transpose",
        name,
        (shape,),
        lambda x: mb.conv_transpose(x=x, weight=weights, bias=biases, **keywords),
        lambda x: F.conv_transpose2d(
            x, torch.from_numpy(weights), torch.from_numpy(biases), **torch_keywords
        ),
    )


def comparison(name):
    return Case(
        name,
        "",
        (PICTURE, PICTURE),
        lambda x, y: mb.cast(x=getattr(mb, name)(x=x, y=mb.round(x=y)), dtype="fp32"),
        lambda x, y: getattr(torch, name)(x, y.round()).float(),
    )


def reduction(name, function):
    return Case(
        name,
        "",
        (PICTURE,),
        lambda x: getattr(mb, name)(x=x, axes=[1, -1], keep_dims=True),
        lambda x: function(x, (1, 3), keepdim=True),
    )


def positive(name, function, **constants):
    """A case of an operator for numbers above zero."""
    return Case(
        name,
        "",
        (PICTURE,),
        lambda x: getattr(mb, name)(x=mb.add(x=mb.abs(x=x), y=np.float32(0.5)), **constants),
        lambda x: function(x.abs() + 0.5),
    )


STRIDED = {"strides": [2, 2], "pad_type": "custom", "pad": [1, 1, 1, 1]}

FACTORS = {name: values(4, seed=seed) for seed, name in enumerate(("gamma", "beta", "mean"), 4)}

QUANTIZED = np.arange(-24, 24, dtype=np.int8).reshape(6, 4, 2, 1)
PACKED = np.array([0b10_11_00_01, 0b00_00_00_11], np.uint8)
PALETTE = np.array([0.5, -1, 2, 3], np.float32)

CASES = [
    transposed_convolution("4x4 of stride 2", (4, 3, 4, 4), STRIDED, stride=2, padding=1),
    transposed_convolution("valid", (4, 3, 3, 3), {}),
    transposed_convolution(
        "9x9 of FSRCNN, cut unevenly",
        (4, 1, 9, 9),
        {"strides": [3, 3], "pad_type": "custom", "pad": [4, 2, 4, 2]},
        stride=3,
        padding=4,
        output_padding=2,
    ),
    transposed_convolution(
        "of a given size",
        (4, 3, 3, 3),
        STRIDED | {"output_shape": [2, 3, 10, 12]},
        stride=2,
        padding=1,
        output_padding=1,
    ),
    transposed_convolution(
        "in groups, dilated",
        (4, 3, 3, 2),
        {"groups": 2, "dilations": [2, 1], "strides": [1, 2]},
        groups=2,
        dilation=(2, 1),
        stride=(1, 2),
    ),
    transposed_convolution("same", (4, 3, 2, 2), {"strides": [2, 2], "pad_type": "same"}, stride=2),
    unary("silu", F.silu),
    unary("round", torch.round),
    unary("ceil", torch.ceil),
    unary("floor", torch.floor),
    unary("abs", torch.abs),
    unary("sign", torch.sign),
    unary("square", torch.square),
    unary("erf", torch.erf),
    unary("elu", lambda x: F.elu(x, 0.5), alpha=np.float32(0.5)),
    unary("softplus", F.softplus),
    unary("relu6", F.relu6),
    unary("exp", torch.exp),
    unary("sigmoid_hard", F.hardsigmoid, alpha=np.float32(1 / 6), beta=np.float32(0.5)),
    unary(
        "clamped_relu",
        lambda x: F.leaky_relu(x, 0.25).clamp(max=2),
        alpha=np.float32(0.25),
        beta=np.float32(2),
    ),
    unary("prelu", lambda x: F.prelu(x, torch.from_numpy(STEPS)), alpha=STEPS),
    Case("gelu", "exact", (PICTURE,), lambda x: mb.gelu(x=x), F.gelu),
    Case(
        *("gelu", "tanh", (PICTURE,), lambda x: mb.gelu(x=x, mode="TANH_APPROXIMATION")),
        lambda x: F.gelu(x, approximate="tanh"),
    ),
    Case(
        *("gelu", "sigmoid", (PICTURE,), lambda x: mb.gelu(x=x, mode="SIGMOID_APPROXIMATION")),
        lambda x: x * torch.sigmoid(1.702 * x),
    ),
    positive("sqrt", torch.sqrt),
    positive("log", torch.log),
    positive("rsqrt", torch.rsqrt),
    positive("inverse", torch.reciprocal, epsilon=np.float32(1e-7)),
    Case(
        *("pow", "", (PICTURE,), lambda x: mb.pow(x=mb.abs(x=x), y=np.float32(1.5))),
        lambda x: x.abs() ** 1.5,
    ),
    Case(
        *("floor_div", "", (PICTURE,), lambda x: mb.floor_div(x=x, y=np.float32(0.75))),
        lambda x: torch.floor(x / 0.75),
    ),
    *map(comparison, ("greater", "greater_equal", "less", "less_equal")),
    Case(
        *("equal", "", (PICTURE,)),
        lambda x: mb.cast(x=mb.equal(x=mb.round(x=x), y=np.float32(1)), dtype="fp32"),
        lambda x: (x.round() == 1).float(),
    ),
    Case(
        *("not_equal", "", (PICTURE,)),
        lambda x: mb.cast(x=mb.not_equal(x=mb.round(x=x), y=np.float32(1)), dtype="fp32"),
        lambda x: (x.round() != 1).float(),
    ),
    Case(
        *("select", "", (PICTURE, PICTURE)),
        lambda x, y: mb.select(cond=mb.greater(x=x, y=y), a=x, b=y),
        torch.maximum,
    ),
    unary("crop", lambda x: x[..., 1:-2, :-3], crop_height=[1, 2], crop_width=[0, 3]),
    reduction("reduce_sum", torch.sum),
    reduction("reduce_l2_norm", lambda x, axes, keepdim: x.square().sum(axes, keepdim).sqrt()),
    unary("thresholded_relu", lambda x: x * (x >= 0.5), alpha=np.float32(0.5)),
    reduction("reduce_max", torch.amax),
    reduction("reduce_min", torch.amin),
    Case(
        *("stack", "", (PICTURE, PICTURE), lambda x, y: mb.stack(values=[x, y], axis=1)),
        lambda x, y: torch.stack((x, y), 1),
    ),
    Case(
        *("tile", "", (PICTURE,), lambda x: mb.tile(x=x, reps=[1, 2, 1, 3])),
        lambda x: x.tile(1, 2, 1, 3),
    ),
    Case(
        *("batch_norm", "", (PICTURE,)),
        lambda x: mb.batch_norm(x=x, variance=STEPS + 1, **FACTORS),
        lambda x: F.batch_norm(
            x,
            torch.from_numpy(FACTORS["mean"]),
            torch.from_numpy(STEPS + 1),
            torch.from_numpy(FACTORS["gamma"]),
            torch.from_numpy(FACTORS["beta"]),
        ),
    ),
    Case(
        *("instance_norm", "", (PICTURE,)),
        lambda x: mb.instance_norm(x=x, gamma=FACTORS["gamma"], beta=FACTORS["beta"]),
        lambda x: F.instance_norm(
            x,
            weight=torch.from_numpy(FACTORS["gamma"]),
            bias=torch.from_numpy(FACTORS["beta"]),
        ),
    ),
    Case(
        *("layer_norm", "", ((2, 3, 5, 4),)),
        lambda x: mb.layer_norm(x=x, axes=[-1], gamma=FACTORS["gamma"], beta=FACTORS["beta"]),
        lambda x: F.layer_norm(
            x, (4,), torch.from_numpy(FACTORS["gamma"]), torch.from_numpy(FACTORS["beta"])
        ),
    ),
    convolution("1x1", (6, 4, 1, 1)),
    convolution("1x1 without bias", (6, 4, 1, 1), bias=False),
    convolution("1x1 in groups", (6, 2, 1, 1), keywords={"groups": 2}, groups=2),
    convolution(
        "depthwise",
        (4, 1, 3, 3),
        keywords={"groups": 4, "pad_type": "custom", "pad": [1, 1, 1, 1]},
        groups=4,
        padding=1,
    ),
    convolution("depthwise, two outputs each", (8, 1, 3, 3), keywords={"groups": 4}, groups=4),
    convolution("3x3 valid", (6, 4, 3, 3), keywords={"pad_type": "valid"}),
    convolution("3x3 same", (6, 4, 3, 3), keywords={"pad_type": "same"}, padding=1),
    convolution(
        "3x3 same with strides",  # 9x8 by 2: 5x4, which takes 2 rows and 1 column more
        (6, 4, 3, 3),
        keywords={"pad_type": "same", "strides": [2, 2]},
        before=lambda x: F.pad(x, [0, 1, 1, 1]),
        stride=2,
    ),
    convolution(
        "3x3 same_lower with strides",
        (6, 4, 3, 3),
        keywords={"pad_type": "same_lower", "strides": [2, 2]},
        before=lambda x: F.pad(x, [1, 0, 1, 1]),
        stride=2,
    ),
    convolution(
        "3x2 with strides, dilations and uneven padding",
        (6, 2, 3, 2),
        keywords={
            "pad_type": "custom",
            "pad": [2, 1, 0, 3],
            "strides": [2, 3],
            "dilations": [2, 1],
            "groups": 2,
        },
        before=lambda x: F.pad(x, [0, 3, 2, 1]),
        stride=(2, 3),
        dilation=(2, 1),
        groups=2,
    ),
    pooling("max_pool", "valid", lambda x: F.max_pool2d(x, (3, 2), (2, 1)), pad_type="valid"),
    pooling(
        "max_pool",
        "custom",
        lambda x: F.max_pool2d(x - 9, (3, 2), (2, 1), (1, 1)) + 9,
        pad_type="custom",
        pad=[1, 1, 1, 1],
    ),
    pooling("avg_pool", "valid", lambda x: F.avg_pool2d(x, (3, 2), (2, 1)), pad_type="valid"),
    pooling(
        "avg_pool",
        "padding counts",
        lambda x: F.avg_pool2d(x, (3, 2), (2, 1), (1, 1)),
        pad_type="custom",
        pad=[1, 1, 1, 1],
    ),
    pooling(
        "avg_pool",
        "padding does not count",
        lambda x: F.avg_pool2d(x, (3, 2), (2, 1), (1, 1), count_include_pad=False),
        pad_type="custom",
        pad=[1, 1, 1, 1],
        exclude_padding_from_average=True,
    ),
    Case(
        "linear",
        "",
        ((2, 7),),
        lambda x: mb.linear(x=x, weight=values(5, 7, seed=1), bias=values(5, seed=2)),
        lambda x: (
            x @ torch.from_numpy(values(5, 7, seed=1)).T + torch.from_numpy(values(5, seed=2))
        ),
    ),
    Case("matmul", "", ((2, 3, 4), (2, 4, 5)), lambda x, y: mb.matmul(x=x, y=y), torch.matmul),
    Case(
        "matmul",
        "transposed",
        ((2, 4, 3), (2, 5, 4)),
        lambda x, y: mb.matmul(x=x, y=y, transpose_x=True, transpose_y=True),
        lambda x, y: x.mT @ y.mT,
    ),
    *binary("add", torch.add),
    *binary("sub", torch.sub),
    *binary("mul", torch.mul),
    *binary("real_div", lambda x, y: x / y)[1:],
    *binary("maximum", torch.maximum),
    *binary("minimum", torch.minimum),
    unary("relu", F.relu),
    unary("leaky_relu", lambda x: F.leaky_relu(x, 0.125), alpha=np.float32(0.125)),
    Case(
        "leaky_relu",
        "steeper below",
        (PICTURE,),
        lambda x: mb.leaky_relu(x=x, alpha=np.float32(2)),
        lambda x: F.leaky_relu(x, 2.0),
    ),
    unary("clip", lambda x: x.clamp(-0.5, 1.25), alpha=np.float32(-0.5), beta=np.float32(1.25)),
    unary("sigmoid", torch.sigmoid),
    unary("tanh", torch.tanh),
    unary("softmax", lambda x: x.softmax(1), axis=1),
    unary("reduce_mean", lambda x: x.mean((2, 3), keepdim=True), axes=[2, 3], keep_dims=True),
    Case("reduce_mean", "of all", (PICTURE,), lambda x: mb.reduce_mean(x=x, axes=None), torch.mean),
    unary("identity", lambda x: x),
    unary("cast", lambda x: x.int(), dtype="int32"),
    Case(
        "cast",
        "there and back",
        (PICTURE,),
        lambda x: mb.cast(x=mb.cast(x=x, dtype="bool"), dtype="fp32"),
        lambda x: (x != 0).float(),
    ),
    unary("shape", lambda x: torch.tensor(x.shape)),
    unary("pad", lambda x: F.pad(x, [2, 1, 0, 3]), pad=[0, 3, 2, 1]),
    Case(
        "pad",
        "constant",
        (PICTURE,),
        lambda x: mb.pad(
            x=x, pad=[1, 0, 0, 0, 2, 1], mode="constant", constant_val=np.float32(-1.5)
        ),
        lambda x: F.pad(x, [2, 1, 0, 0, 1, 0], value=-1.5),
    ),
    Case(
        "pad",
        "reflect",
        (PICTURE,),
        lambda x: mb.pad(x=x, pad=[0, 3, 2, 1], mode="reflect"),
        lambda x: F.pad(x, [2, 1, 0, 3], mode="reflect"),
    ),
    Case(
        "pad",
        "replicate",
        (PICTURE,),
        lambda x: mb.pad(x=x, pad=[0, 3, 2, 1], mode="replicate"),
        lambda x: F.pad(x, [2, 1, 0, 3], mode="replicate"),
    ),
    unary("slice_by_size", lambda x: x[:, 1:3, 2:, 1:5], begin=[0, 1, 2, 1], size=[1, 2, -1, 4]),
    slicing("plain", begin=[1, 0, 2], end=[3, 5, 4], index=np.s_[1:3, 0:5, 2:4]),
    slicing("from the end", begin=[-3, 0, -4], end=[-1, -2, -1], index=np.s_[-3:-1, 0:-2, -4:-1]),
    slicing(
        "strides",
        begin=[0, 5, 0],
        end=[4, 0, 5],
        stride=[2, -2, 3],
        index=np.s_[0:4:2, 5:0:-2, 0:5:3],
    ),
    slicing(
        "masks",
        begin=[2, 1, 1],
        end=[3, 3, 3],
        begin_mask=[True, False, False],
        end_mask=[False, True, False],
        index=np.s_[:3, 1:, 1:3],
    ),
    slicing(
        "squeezed",
        begin=[-1, 0, 2],
        end=[0, 6, 0],
        squeeze_mask=[True, False, True],
        index=np.s_[-1, 0:6, 2],
    ),
    Case(
        "concat",
        "",
        (PICTURE, (1, 3, 6, 5)),
        lambda x, y: mb.concat(values=[x, y, x], axis=-3),
        lambda x, y: torch.cat([x, y, x], 1),
    ),
    Case("concat", "of one", (PICTURE,), lambda x: mb.concat(values=[x], axis=1), lambda x: x),
    Case(
        "concat",
        "interleaved",
        (PICTURE, PICTURE),
        lambda x, y: mb.concat(values=[x, y], axis=1, interleave=True),
        lambda x, y: torch.stack([x, y], 2).flatten(1, 2),
    ),
    Case(
        "split",
        "equal parts",
        (PICTURE,),
        lambda x: mb.sub(x=(parts := mb.split(x=x, num_splits=2, axis=1))[0], y=parts[1]),
        lambda x: x[:, :2] - x[:, 2:],
    ),
    Case(
        "split",
        "sizes",
        (PICTURE,),
        lambda x: mb.sub(x=(parts := mb.split(x=x, split_sizes=[3, 1], axis=1))[0], y=parts[1]),
        lambda x: x[:, :3] - x[:, 3:],
    ),
    unary("transpose", lambda x: x.permute(0, 2, 3, 1), perm=[0, 2, 3, 1]),
    unary("reshape", lambda x: x.reshape(1, 4, 15, 2), shape=[0, 0, -1, 2]),
    unary("expand_dims", lambda x: x[..., None], axes=[-1]),
    Case(
        "expand_dims",
        "twice",
        ((4, 5),),
        lambda x: mb.expand_dims(x=x, axes=[0, -1]),
        lambda x: x[None, ..., None],
    ),
    Case(
        "squeeze",
        "named",
        ((1, 4, 1, 5),),
        lambda x: mb.squeeze(x=x, axes=[-2]),
        lambda x: x.squeeze(-2),
    ),
    Case("squeeze", "all", ((1, 4, 1, 5),), lambda x: mb.squeeze(x=x), torch.squeeze),
    unary("gather", lambda x: x[:, [2, 0]], indices=np.array([2, 0], np.int32), axis=1),
    Case(
        "pixel_shuffle",
        "",
        ((1, 18, 2, 3),),
        lambda x: mb.pixel_shuffle(x=x, upscale_factor=3),
        lambda x: F.pixel_shuffle(x, 3),
    ),
    Case(
        "pixel_unshuffle",
        "",
        ((1, 2, 6, 9),),
        lambda x: mb.pixel_unshuffle(x=x, downscale_factor=np.uint32(3)),
        lambda x: F.pixel_unshuffle(x, 3),
    ),
    Case(
        "depth_to_space",
        "",
        ((1, 12, 2, 3),),
        lambda x: mb.depth_to_space(x=x, block_size=2),
        lambda x: tensorflow_depth_to_space(x, 2),
    ),
    Case(
        "space_to_depth",
        "undoes depth_to_space",
        ((1, 12, 2, 3),),
        lambda x: mb.space_to_depth(x=mb.depth_to_space(x=x, block_size=2), block_size=2),
        lambda x: x,
    ),
    unary(
        "upsample_nearest_neighbor",
        lambda x: x.repeat_interleave(3, -2).repeat_interleave(2, -1),
        scale_factor_height=3,
        scale_factor_width=2,
    ),
    unary(
        "upsample_bilinear",
        lambda x: F.interpolate(x, scale_factor=(4, 2), mode="bilinear"),
        scale_factor_height=4,
        scale_factor_width=2,
        align_corners=False,
    ),
    Case(
        "upsample_bilinear",
        "half-pixel centers, explicitly",
        (PICTURE,),
        lambda x: mb.upsample_bilinear(
            x=x,
            scale_factor_height=2.0,
            scale_factor_width=3.0,
            align_corners=False,
            half_pixel_centers=True,
        ),
        lambda x: F.interpolate(x, scale_factor=(2, 3), mode="bilinear"),
    ),
    Case(
        "upsample_bilinear",
        "aligned corners",
        (PICTURE,),
        lambda x: mb.upsample_bilinear(
            x=x, scale_factor_height=2, scale_factor_width=3, align_corners=True
        ),
        lambda x: F.interpolate(x, scale_factor=(2, 3), mode="bilinear", align_corners=True),
    ),
    Case(
        "upsample_bilinear",
        "neither",
        (PICTURE,),
        lambda x: mb.upsample_bilinear(
            x=x,
            scale_factor_height=2,
            scale_factor_width=3,
            align_corners=False,
            half_pixel_centers=False,
        ),
        lambda x: sampled(x, np.arange(12) / 2, np.arange(15) / 3),
    ),
    Case(
        "upsample_bilinear",
        "fractional",
        (PICTURE,),
        lambda x: mb.upsample_bilinear(
            x=x, scale_factor_height=1.5, scale_factor_width=1.5, align_corners=False
        ),
        lambda x: F.interpolate(x, size=(9, 7), mode="bilinear"),
    ),
    resizing("STRICT_ALIGN_CORNERS", lambda n, m: np.linspace(0, n - 1, m)),
    resizing("ALIGN_CORNERS", lambda n, m: np.linspace(0, n - 1, m)),
    resizing("DEFAULT", lambda n, m: np.arange(m) * ((n - n / m) / (m - 1))),
    resizing("OFFSET_CORNERS", lambda n, m: (n - 1) / m * (0.5 + np.arange(m))),
    resizing("UNALIGN_CORNERS", lambda n, m: np.arange(m) * (n / m) + 0.5 * (n / m) - 0.5),
    Case(
        "resize_bilinear",
        "ALIGN_CORNERS to a single pixel",
        ((1, 2, 4, 3),),
        lambda x: mb.resize_bilinear(x=x, sampling_mode="ALIGN_CORNERS"),
        lambda x: sampled(x, [1.5], [1.0]),
    ),
    Case(
        "resize",
        "",
        (PICTURE,),
        lambda x: mb.resize(
            x=x,
            shape=np.array([1, 9, 0], np.int32),
            resized_dims=np.uint32(2),
            interpolation_mode="LINEAR",
            sampling_mode="UNALIGN_CORNERS",
        ),
        lambda x: F.interpolate(x, size=(9, 5), mode="bilinear"),
        ct.target.iOS17,
    ),
    Case(
        "constexpr_affine_dequantize",
        "along an axis",
        ((6, 4, 2, 1),),
        lambda x: mb.add(
            x=x,
            y=mb.constexpr_affine_dequantize(
                quantized_data=QUANTIZED,
                zero_point=np.array([3, -1, 0, 2], np.int8),
                scale=np.array([0.25, 0.5, 1, 2], np.float32),
                axis=1,
            ),
        ),
        lambda x: (
            x
            + (torch.from_numpy(QUANTIZED).float() - torch.tensor([3.0, -1, 0, 2])[:, None, None])
            * torch.tensor([0.25, 0.5, 1, 2])[:, None, None]
        ),
    ),
    Case(
        "constexpr_affine_dequantize",
        "scalars",
        ((6, 4, 2, 1),),
        lambda x: mb.add(
            x=x,
            y=mb.constexpr_affine_dequantize(
                quantized_data=QUANTIZED, zero_point=np.int8(5), scale=np.float32(0.5), axis=0
            ),
        ),
        lambda x: x + (torch.from_numpy(QUANTIZED).float() - 5) * 0.5,
    ),
    Case(
        "constexpr_lut_to_dense",
        "",
        ((5,),),
        lambda x: mb.add(
            x=x,
            y=mb.constexpr_lut_to_dense(
                indices=PACKED, lut=PALETTE, shape=np.array([5], np.uint32)
            ),
        ),
        lambda x: x + torch.from_numpy(PALETTE)[[1, 0, 3, 2, 3]],
    ),
    Case(
        "quantize",
        "one scale, ties to even, clipped",
        (PICTURE,),
        lambda x: mb.dequantize(
            input=mb.quantize(input=x, scale=STEP, zero_point=np.uint8(100), output_dtype="uint8"),
            scale=STEP,
            zero_point=np.uint8(100),
        ),
        lambda x: ((x / STEP).round() + 100).clamp(0, 255).sub(100) * STEP,
        ct.target.iOS17,
    ),
    Case(
        "dequantize",
        "a scale per channel, no zero point",
        (PICTURE,),
        lambda x: mb.dequantize(
            input=mb.quantize(input=x, scale=STEPS, axis=1, output_dtype="int8"),
            scale=STEPS,
            axis=1,
        ),
        lambda x: torch.fake_quantize_per_channel_affine(
            x, torch.from_numpy(STEPS), torch.zeros(4), 1, -128, 127
        ),
        ct.target.iOS17,
    ),
]


def test_every_operator_in_the_table_has_a_case():
    assert {case.operator for case in CASES} == OPERATORS.keys()


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.operator} {case.name}".strip())
def test_an_operator_computes_what_its_definition_says(tmp_path, case, precision):
    path = save(
        tmp_path / "case.mlpackage",
        case.build,
        *case.shapes,
        target=case.target,
        half=precision == "fp16",
    )
    inputs = [values(*shape, seed=10 + i) for i, shape in enumerate(case.shapes)]
    expected = case.expected(*map(torch.from_numpy, inputs)).numpy()

    actual = run(path, precision, *inputs)

    assert case.operator in {op.type for op in mil_program.load_program(path).operations}
    assert actual.shape == expected.shape
    assert actual.dtype == (np.int32 if expected.dtype.kind == "i" else np.float32)
    near = 2**-10 if precision == "fp16" and case.operator not in EXACT else 1e-5
    np.testing.assert_allclose(actual, expected, rtol=near, atol=near)


# Arithmetic


def test_fp16_rounds_after_every_operator(tmp_path):
    def chain(x):
        return mb.sub(x=mb.mul(x=mb.add(x=x, y=np.float32(0.3)), y=np.float32(1.7)), y=x)

    path = save(tmp_path / "chain.mlpackage", chain, (1000,), half=True)
    x = np.linspace(-3, 3, 1000, dtype=np.float32)
    half = x.astype(np.float16)
    by_hand = (half + np.float16(0.3)) * np.float16(1.7) - half  # numpy rounds each to fp16

    rounded = run(path, "fp16", x)

    np.testing.assert_array_equal(rounded, by_hand.astype(np.float32))
    assert np.abs(rounded - run(path, "fp32", x)).max() > 1e-4


def test_fp32_takes_weights_as_stored_and_ignores_fp16_types(tmp_path):
    path = save(
        tmp_path / "m.mlpackage",
        lambda x: mb.mul(x=x, y=np.float32(0.3)),
        (4,),
        half=True,
        passes=["common::const_elimination"],  # stores the factor as fp16
    )
    x = np.array([1, 1 + 2**-20, 3, 70000], np.float32)  # fp16 holds neither second nor last

    np.testing.assert_array_equal(run(path, "fp32", x), x * np.float32(np.float16(0.3)))


def test_both_arithmetics_are_the_same_for_an_fp32_file(tmp_path):
    path = save(
        tmp_path / "m.mlpackage", lambda x: mb.tanh(x=mb.mul(x=x, y=np.float32(0.3))), (99,)
    )
    x = np.linspace(-3, 3, 99, dtype=np.float32)

    np.testing.assert_array_equal(run(path, "fp16", x), run(path, "fp32", x))


def test_sums_inside_an_operator_are_wider_than_fp16(tmp_path):
    def total(x):  # of ones, which fp16 cannot count beyond 2048
        return mb.linear(x=x, weight=np.ones((1, 4096), np.float32))

    path = save(tmp_path / "sum.mlpackage", total, (1, 4096), half=True)

    assert run(path, "fp16", np.ones((1, 4096), np.float32)).item() == 4096


def test_what_is_too_large_for_fp16_becomes_infinite(tmp_path):
    path = save(tmp_path / "large.mlpackage", lambda x: mb.add(x=x, y=x), (3,), half=True)

    actual = run(path, "fp16", np.array([40000, -40000, 30000], np.float32))

    np.testing.assert_array_equal(actual, [np.inf, -np.inf, 60000])


def test_rounding_is_what_numpy_casts():
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
    finite = np.unique(halves[np.isfinite(halves)])
    ties = (finite[1:] + finite[:-1]) / 2
    up, down = np.nextafter(ties, np.float32(np.inf)), np.nextafter(ties, np.float32(-np.inf))
    edges = np.array([65519.99, 65520, -65520, 1e30, np.inf, -np.inf, np.nan, 1e-45], np.float32)
    bits = np.random.default_rng(0).integers(0, 2**32, 100_000, dtype=np.uint32).view(np.float32)
    for x in (halves, ties, up, down, edges, bits, np.float32(0.1).reshape(())):
        with np.errstate(over="ignore", invalid="ignore"):
            expected = x.astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(mil.round_to_half(x), expected)


def test_tensors_are_freed_after_their_last_use(tmp_path):
    def chain(x):
        for _ in range(40):
            x = mb.add(x=x, y=np.float32(1))
        return x

    path = save(tmp_path / "chain.mlpackage", chain, (512, 512))
    executor = mil.Executor(mil_program.load_program(path), "fp32")
    (port,) = executor.program.inputs
    tracemalloc.start()
    executor.run({port.name: np.zeros((512, 512), np.float32)})  # 1 MiB each
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 5 * 2**20


# Files


@pytest.fixture
def package(tmp_path) -> Path:
    """A small file with weights outside its specification."""
    return save(
        tmp_path / "small.mlpackage",
        lambda x: mb.relu(x=mb.conv(x=x, weight=values(8, 3, 3, 3))),
        (1, 3, 9, 9),
    )


def test_operators_are_counted_without_constants(package):
    assert count_operators(package) == {"conv": 1, "relu": 1}


def test_compressed_constants_are_not_counted(tmp_path):
    (case,) = (case for case in CASES if case.operator == "constexpr_lut_to_dense")
    path = save(tmp_path / "lut.mlpackage", case.build, *case.shapes)

    assert count_operators(path) == {"add": 1}


def edit(package: Path, change: Callable) -> None:
    """Change the specification of a package."""
    model = Model_pb2.Model()
    model.ParseFromString((package / SPECIFICATION).read_bytes())
    change(model)
    (package / SPECIFICATION).write_bytes(model.SerializeToString())


def operations(model):
    (block,) = model.mlProgram.functions["main"].block_specializations.values()
    return block.operations


def point_manifest_to(target):
    def damage(package):
        manifest = json.loads((package / "Manifest.json").read_text())
        for item in manifest["itemInfoEntries"].values():
            item["path"] = target
        (package / "Manifest.json").write_text(json.dumps(manifest))

    return damage


def link_specification_outside(package):
    (package / SPECIFICATION).rename(package.parent / "model.mlmodel")
    (package / SPECIFICATION).symlink_to(package.parent / "model.mlmodel")


def point_weights_outside(package):
    (package.parent / "weight.bin").write_bytes((package / WEIGHTS).read_bytes())

    def change(model):
        (weight,) = (
            op for op in operations(model) if op.attributes["val"].HasField("blobFileValue")
        )
        weight.attributes["val"].blobFileValue.fileName = "@model_path/../../../weight.bin"

    edit(package, change)


def replace_by_file(package):
    shutil.rmtree(package)
    package.write_bytes(b"not a folder")


def empty(package):
    shutil.rmtree(package)
    package.mkdir()


def cut(name, share):
    def damage(package):
        content = (package / name).read_bytes()
        (package / name).write_bytes(content[: int(len(content) * share)])

    return damage


def overwrite(name, content):
    return lambda package: (package / name).write_bytes(content)


def edited(change):
    return lambda package: edit(package, change)


def drop_main(model):
    model.mlProgram.functions["other"].CopyFrom(model.mlProgram.functions["main"])
    del model.mlProgram.functions["main"]


NOISE = np.random.default_rng(0).bytes(5000)
DAMAGES = {
    "a file, not a folder": (replace_by_file, "not a folder"),
    "an empty folder": (empty, r"Manifest\.json cannot be read"),
    "no manifest": (lambda p: (p / "Manifest.json").unlink(), r"Manifest\.json cannot be read"),
    "manifest of noise": (overwrite("Manifest.json", NOISE), "does not name its model"),
    "manifest of other JSON": (overwrite("Manifest.json", b"[1, 2]"), "does not name its model"),
    "manifest without its root": (
        overwrite("Manifest.json", b'{"itemInfoEntries": {}, "rootModelIdentifier": "x"}'),
        "does not name its model",
    ),
    "manifest pointing outside": (point_manifest_to("../../secret.mlmodel"), "outside itself"),
    "manifest pointing nowhere": (point_manifest_to("a\0b"), "which is no path"),
    "specification linked from outside": (link_specification_outside, "outside itself"),
    "no specification": (lambda p: (p / SPECIFICATION).unlink(), r"model\.mlmodel cannot be read"),
    "an empty specification": (overwrite(SPECIFICATION, b""), "type unknown, not an mlprogram"),
    "specification cut off": (cut(SPECIFICATION, 0.5), "was cut off"),
    "specification cut at its end": (cut(SPECIFICATION, 0.999), "was cut off"),
    "specification of noise": (overwrite(SPECIFICATION, NOISE), "no Core ML specification"),
    "a neural network": (
        edited(lambda model: model.neuralNetwork.SetInParent()),
        "type neuralNetwork, not an mlprogram",
    ),
    "no function main": (edited(drop_main), "no function `main`"),
    "no block for its opset": (
        edited(lambda model: setattr(model.mlProgram.functions["main"], "opset", "CoreML99")),
        "no block for CoreML99",
    ),
    "another input described": (
        edited(lambda model: setattr(model.description.input[0], "name", "other")),
        "name different inputs",
    ),
    "a missing constant": (edited(lambda model: operations(model).pop(0)), "nothing computes"),
    "an operator twice": (
        edited(lambda model: operations(model).append(operations(model)[-1])),
        "computes again",
    ),
    "no weights": (lambda p: (p / WEIGHTS).unlink(), r"weight\.bin cannot be read"),
    "weights cut off": (cut(WEIGHTS, 0.9), "was cut off"),
    "weights cut before their header": (cut(WEIGHTS, 0.05), "was cut off"),
    "weights of noise": (overwrite(WEIGHTS, NOISE), "holds something else"),
    "weights outside": (point_weights_outside, "outside itself"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_package_is_refused_with_its_reason(package, damage, message):
    damage(package)

    with pytest.raises(ModelLoadError, match=message):
        mil_program.load_program(package)


def test_no_changed_byte_of_the_specification_escapes_as_another_error(package):
    content, random, refused = (package / SPECIFICATION).read_bytes(), Random(0), 0
    for _ in range(400):
        (package / SPECIFICATION).write_bytes(corrupt(content, random, counts=[1]))
        try:
            mil.Executor(mil_program.load_program(package), "fp32")
        except ModelLoadError:
            refused += 1

    assert refused > 100


def test_all_unknown_operators_are_named_before_anything_runs(tmp_path):
    path = save(tmp_path / "m.mlpackage", lambda x: mb.cos(x=mb.cumsum(x=x)), (1, 3, 4, 4))

    with pytest.raises(ModelLoadError, match=r"cos \(first: cos_0\), cumsum \(first: cumsum_0\)"):
        open_session(path, engine="reference-fp32")


def test_an_unknown_parameter_is_refused_with_its_operator(package):
    def change(model):
        (relu,) = (op for op in operations(model) if op.type == "relu")
        relu.inputs["strength"].CopyFrom(relu.inputs["x"])

    edit(package, change)

    with pytest.raises(ModelLoadError, match=r"relu_0 \(relu\).*strength"):
        mil.Executor(mil_program.load_program(package), "fp32")


def test_an_operator_that_cannot_take_its_inputs_is_named(package):
    with pytest.raises(ModelLoadError, match=r"conv_0 \(conv\) cannot take what it gets"):
        run(package, "fp32", values(1, 5, 9, 9))


@pytest.mark.parametrize(
    "build",
    [
        lambda x: mb.max_pool(
            x=x, kernel_sizes=[2, 2], strides=[2, 2], pad_type="valid", ceil_mode=True
        ),
        lambda x: mb.upsample_nearest_neighbor(
            x=x, scale_factor_height=1.5, scale_factor_width=2.0
        ),
    ],
)
def test_a_meaning_that_the_executor_does_not_know_is_refused(tmp_path, build):
    path = save(tmp_path / "m.mlpackage", build, (1, 1, 5, 6))

    with pytest.raises(ModelLoadError, match="does not know"):
        run(path, "fp32", values(1, 1, 5, 6))


# Sessions


def shifted(x):
    """Double, then move right by a pixel; any size goes."""
    padded = mb.pad(x=mb.mul(x=x, y=np.float32(2)), pad=[0, 0, 1, 0], mode="constant")
    return mb.slice_by_index(
        x=padded,
        begin=[0, 0, 0, 0],
        end=[0, 0, 0, -1],
        begin_mask=[True] * 4,
        end_mask=[True, True, True, False],
    )


def change_parameter(kind, parameter, change):
    """Let `change` edit what is written inside the program as a parameter of an operator."""

    def edit_parameter(model):
        (op,) = (op for op in operations(model) if op.type == kind)
        name = op.inputs[parameter].arguments[0].name if parameter in op.inputs else None
        constants = {
            o.outputs[0].name: o.attributes["val"] for o in operations(model) if o.type == "const"
        }
        change(constants[name] if name else op.attributes[parameter])

    return edit_parameter


def shorten_palette(value):
    value.type.tensorType.dimensions[0].constant.size = 3
    del value.immediateValue.tensor.floats.values[3:]


def shorten_indices(value):
    value.type.tensorType.dimensions[0].constant.size = 1
    value.immediateValue.tensor.bytes.values = value.immediateValue.tensor.bytes.values[:1]


def set_ints(*numbers):
    def change(value):
        value.immediateValue.tensor.ints.values[:] = numbers

    return change


def set_floats(number):
    def change(value):
        floats = value.immediateValue.tensor.floats.values
        floats[:] = [number] * len(floats)

    return change


@pytest.mark.parametrize(
    ("kind", "parameter", "change", "message"),
    [
        ("constexpr_lut_to_dense", "lut", shorten_palette, "a palette has 3 values"),
        ("constexpr_lut_to_dense", "indices", shorten_indices, "1 bytes of indices are not 5"),
        ("constexpr_affine_dequantize", "scale", set_floats(0.0), "a scale is zero"),
        ("constexpr_affine_dequantize", "scale", set_floats(np.nan), "a scale is zero"),
        ("quantize", "scale", set_floats(np.inf), "a scale is zero"),
        ("dequantize", "scale", set_floats(0.0), "a scale is zero"),
    ],
)
def test_a_damaged_palette_or_scale_is_refused(tmp_path, kind, parameter, change, message):
    case = next(case for case in CASES if case.operator == kind)
    path = save(tmp_path / "case.mlpackage", case.build, *case.shapes, target=case.target)
    edit(path, change_parameter(kind, parameter, change))

    with pytest.raises(ModelLoadError, match=message):
        run(path, "fp32", values(*case.shapes[0]))


@pytest.mark.parametrize(
    ("parameter", "numbers"),
    [("size", (1, 4, -1, 4)), ("begin", (0, 1, 7, 1)), ("begin", (0, -3, 2, 1))],
)
def test_a_block_beyond_the_picture_is_refused(tmp_path, parameter, numbers):
    case = next(case for case in CASES if case.operator == "slice_by_size")
    path = save(tmp_path / "case.mlpackage", case.build, *case.shapes)
    edit(path, change_parameter("slice_by_size", parameter, set_ints(*numbers)))

    with pytest.raises(ModelLoadError, match="does not lie within"):
        run(path, "fp32", values(*case.shapes[0]))


def test_what_is_not_a_number_is_not_quantized(tmp_path):
    case = next(case for case in CASES if case.operator == "quantize")
    path = save(tmp_path / "case.mlpackage", case.build, *case.shapes, target=case.target)
    image = values(*case.shapes[0])
    image[..., 2, 2] = np.nan

    with pytest.raises(ModelLoadError, match=r"\(quantize\) .* a value is not a number"):
        run(path, "fp32", image)


def test_a_session_runs_an_array_file_as_typed(tmp_path):
    path = save(tmp_path / "m.mlpackage", shifted, (1, 3, 5, 7), half=True)
    image = np.random.default_rng(0).random((1, 3, 5, 7), np.float32)

    session = open_session(path, engine="reference-fp16")

    expected = np.zeros_like(image)
    expected[..., 1:] = 2 * image.astype(np.float16)[..., :-1]
    np.testing.assert_array_equal(session.run(image), expected)
    assert str(session.engine) == "reference-fp16"
    assert session.model is None


def inverted(image):
    return mb.sub(x=np.float32(255), y=image)


def test_an_image_file_sees_eight_bits_from_0_to_255(tmp_path):
    path = save(
        tmp_path / "m.mlpackage",
        inverted,
        (1, 3, 2, 2),
        inputs=[ct.ImageType("image", shape=(1, 3, 2, 2), color_layout=ct.colorlayout.RGB)],
    )
    image = np.full((1, 3, 2, 2), 100.4 / 255, np.float32)

    result = open_session(path, engine="reference-fp32").run(image)

    np.testing.assert_array_equal(result, 155)


@pytest.mark.filterwarnings("ignore:Function _TORCH_OPS_REGISTRY:DeprecationWarning")
def test_an_image_that_comes_out_is_brought_back_to_0_to_1(tmp_path):
    class Brighter(torch.nn.Module):
        def forward(self, image):
            return image * 2

    shape = (1, 3, 4, 5)
    model = ct.convert(
        torch.export.export(Brighter(), (torch.rand(shape),)).run_decompositions({}),
        inputs=[ct.ImageType("image", shape=shape, scale=1 / 255)],
        outputs=[ct.ImageType("brighter", color_layout=ct.colorlayout.RGB)],
        minimum_deployment_target=ct.target.iOS16,
        skip_model_load=True,
    )
    model.save(str(tmp_path / "m.mlpackage"))
    image = np.full(shape, 102 / 255, np.float32)

    session = open_session(tmp_path / "m.mlpackage", engine="reference-fp32")

    np.testing.assert_allclose(session.run(image), 2 * 102 / 255 / 255, rtol=1e-3)


def test_an_image_file_in_another_colour_order_is_refused(tmp_path):
    path = save(
        tmp_path / "m.mlpackage",
        inverted,
        (1, 3, 2, 2),
        inputs=[ct.ImageType("image", shape=(1, 3, 2, 2), color_layout=ct.colorlayout.BGR)],
    )

    with pytest.raises(ModelLoadError, match="image is a BGR image"):
        open_session(path)


SIZES = [(8, 6), (5, 7)]


@pytest.fixture(params=["array", "image"])
def enumerated(request, tmp_path) -> Path:
    """A file that takes two sizes, and has no fixed shape inside."""
    shapes = ct.EnumeratedShapes([(1, 3, *size) for size in SIZES])
    port = {
        "array": lambda: ct.TensorType("x", shape=shapes),
        "image": lambda: ct.ImageType("x", shape=shapes, color_layout=ct.colorlayout.RGB),
    }[request.param]()
    symbolic = (1, 3, get_new_symbol(), get_new_symbol())
    return save(tmp_path / "sizes.mlpackage", shifted, symbolic, inputs=[port])


@pytest.mark.parametrize("size", SIZES)
def test_every_enumerated_size_runs(enumerated, size):
    image = np.ones((1, 3, *size), np.float32)

    result = open_session(enumerated, engine="reference-fp32").run(image)

    assert result.shape == image.shape
    assert (result[..., 0] == 0).all()
    assert np.unique(result[..., 1:]).size == 1


def test_another_size_is_refused_with_those_that_go(enumerated):
    session = open_session(enumerated, engine="reference-fp32")

    with pytest.raises(ImageError, match=r"takes 8x6, 5x7 \(height x width\), not 6x8"):
        session.run(np.ones((1, 3, 6, 8), np.float32))


def test_a_range_of_sizes_is_kept_to(tmp_path):
    shape = ct.Shape((1, 3, ct.RangeDim(2, 9, default=4), ct.RangeDim(3, 5, default=4)))
    symbolic = (1, 3, get_new_symbol(), get_new_symbol())
    path = save(
        tmp_path / "m.mlpackage", shifted, symbolic, inputs=[ct.TensorType("x", shape=shape)]
    )
    session = open_session(path, engine="reference-fp32")

    assert session.run(np.ones((1, 3, 9, 3), np.float32)).shape == (1, 3, 9, 3)
    with pytest.raises(ImageError, match=r"takes 2\.\.9x3\.\.5 "):
        session.run(np.ones((1, 3, 10, 3), np.float32))


def test_a_file_that_takes_no_picture_is_refused(tmp_path):
    path = save(tmp_path / "m.mlpackage", lambda x: mb.relu(x=x), (4, 5))

    with pytest.raises(ModelLoadError, match="no picture"):
        open_session(path)


def test_a_file_with_two_inputs_is_refused(tmp_path):
    path = save(tmp_path / "m.mlpackage", lambda x, y: mb.add(x=x, y=y), PICTURE, PICTURE)

    with pytest.raises(ModelLoadError, match="2 inputs and 1 outputs"):
        open_session(path)


def test_a_file_says_what_it_is(package):
    port = TensorSpec("image", (1, 3, 9, 9), "float32", "NCHW", "0..1")
    model = Model(
        format="coreml",
        variant="t",
        head="direct",
        scale=4,
        precision="fp32",
        shift="slice_concat",
        sizes=((9, 9),),
        halo=1,
        input=port,
        output=port,
        weights=Weights("test", "0" * 64, "CC0-1.0", "nowhere"),
        tools={"coremltools": ct.__version__},
    )
    edit(package, lambda spec: spec.description.metadata.userDefined.update(model.to_metadata()))

    assert open_session(package).model == model


@pytest.mark.skipif(sys.platform == "darwin", reason="Core ML runs on this system")
def test_core_ml_itself_needs_a_mac(package):
    with pytest.raises(EngineUnavailableError, match=r"on a Mac only.*use reference-fp16"):
        open_session(package, engine="coreml-all")


def test_an_unknown_engine_is_refused_with_those_that_go(package):
    with pytest.raises(EngineUnavailableError, match="reference-fp16, reference-fp32"):
        open_session(package, engine="gpu")


def test_without_coremltools_the_message_says_what_to_install(package, monkeypatch):
    monkeypatch.setitem(sys.modules, "coremltools", None)
    with pytest.raises(EngineUnavailableError, match=r"pip install 'scnet-mobile\[coreml\]'"):
        open_session(package, engine="reference-fp16")
    monkeypatch.setitem(sys.modules, "coremltools.proto.FeatureTypes_pb2", None)
    for name in [name for name in sys.modules if name.startswith("mobile_runtime.formats.coreml")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingDependencyError, match=r"pip install 'scnet-mobile\[coreml\]'"):
        count_operators(package)


def test_an_incomplete_installation_says_what_to_install(package, monkeypatch):
    monkeypatch.setitem(sys.modules, run_coreml.__name__, None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'scnet-mobile\[coreml\]'"):
        prepare(package, "reference-fp16")
