"""An ONNX file small enough to know what it makes of a picture, and `scnet upscale` with it."""

from dataclasses import replace

import numpy as np
import onnx
from click.testing import CliRunner
from onnx import helper

from mobile_runtime.cli.upscale import command
from mobile_runtime.model_file.model import Model, TensorSpec, Weights

SCALE = 3
MODEL = Model(
    format="onnx",
    variant="t",
    head="pixelshuffle",
    scale=SCALE,
    precision="fp32",
    shift="slice_concat",
    sizes=None,
    halo=1,
    input=TensorSpec("image", (1, 3, None, None), "float32", "NCHW", "0..1"),
    output=TensorSpec("upscaled_image", (1, 3, None, None), "float32", "NCHW", "0..1"),
    weights=Weights("test", "0" * 64, "Apache-2.0", "made here"),
    tools={},
)


def write_onnx(path, model=MODEL, tint=(1, 1, 1)):
    """A 3x3 mean with zeros around, and every pixel repeated `SCALE` times each way.

    Red, green and blue are multiplied by `tint`.
    """
    height, width = (model.sizes or (("H", "W"),))[0]
    kernel = np.full((3, 1, 3, 3), 1 / 9, np.float32)
    kernel *= np.array(tint, np.float32).reshape(3, 1, 1, 1)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "kernel"], ["mean"], group=3, pads=[1, 1, 1, 1]),
            helper.make_node(
                "Resize",
                ["mean", "", "scales"],
                ["upscaled_image"],
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            ),
        ],
        "mean",
        [helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 3, height, width])],
        [helper.make_tensor_value_info("upscaled_image", onnx.TensorProto.FLOAT, None)],
        [
            onnx.numpy_helper.from_array(kernel, "kernel"),
            onnx.numpy_helper.from_array(np.array([1, 1, SCALE, SCALE], np.float32), "scales"),
        ],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if model is not FOREIGN:
        helper.set_model_props(proto, model.to_metadata())
    onnx.save(proto, path)
    return path


FOREIGN = replace(MODEL, variant="foreign")
FIXED = replace(MODEL, sizes=((16, 24),))


def run_upscale(opener, *arguments, stdin=None):
    """Run the command; `opener` returns a session for its options. Errors of ours are raised."""
    texts = [str(argument) for argument in arguments]
    result = CliRunner().invoke(command, texts, obj=opener, input=stdin)
    if isinstance(result.exception, Exception):
        raise result.exception
    return result
