"""Convert any network with the tools themselves, whatever form it has."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import litert_torch
import onnx
import torch
from litert_converter.mlir import ir
from litert_torch.backend.lowerings.registry import lower
from torch import Tensor, nn

from converters.lowerings.tflite import build_tfl_op, depth_to_space, result_of
from converters.suppress_output import suppress_output
from mobile_runtime.model_file.format import DEFAULT_OPSET
from mobile_runtime.model_file.model import Size


class _Pictures(nn.Module):
    """A network with channels last, as `.tflite` files have them, at both ends."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        """(N, H, W, 3) -> (N, H * scale, W * scale, 3)."""
        output: Tensor = self.net(image.permute(0, 3, 1, 2))
        return output.permute(0, 2, 3, 1)


def convert_tflite(net: nn.Module, size: Size, path: Path) -> None:
    """Write a `.tflite` of one input size."""
    with suppress_output():
        model = litert_torch.convert(_Pictures(net).eval(), (torch.zeros(1, *size, 3),))
        content = model.model_content()
    path.write_bytes(content)


class _DepthToSpace(nn.Module):
    """1 DEPTH_TO_SPACE where litert-torch makes six RESHAPE and TRANSPOSE of a PixelShuffle."""

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block

    def forward(self, features: Tensor) -> Tensor:
        return depth_to_space(features.permute(0, 2, 3, 1), self.block).permute(0, 3, 1, 2)


class _PReLU(nn.Module):
    """1 PRELU where litert-torch makes five operators of one."""

    def __init__(self, slope: Tensor) -> None:
        super().__init__()
        self.slope = nn.Parameter(slope.detach()[None, None])  # (1, 1, C)

    def forward(self, features: Tensor) -> Tensor:
        last = torch.ops.bench.tfl_prelu.default(features.permute(0, 2, 3, 1), self.slope)
        return last.permute(0, 3, 1, 2)  # type: ignore[no-any-return]


class _Deconvolution(nn.Module):
    """A transposed convolution, cropped: litert-torch takes none with padding."""

    def __init__(self, padded: nn.ConvTranspose2d) -> None:
        super().__init__()
        assert isinstance(padded.padding, tuple)  # not its name in words
        self.crop, self.stride = padded.padding[0], padded.stride[0]
        self.conv = deepcopy(padded)
        self.conv.padding = self.conv.output_padding = (0, 0)

    def forward(self, features: Tensor) -> Tensor:
        rows, columns = (
            slice(self.crop, self.crop + side * self.stride) for side in features.shape[2:]
        )
        return self.conv(features)[:, :, rows, columns]  # type: ignore[no-any-return]


@torch.library.custom_op("bench::tfl_prelu", mutates_args=())
def _prelu(features: Tensor, slope: Tensor) -> Tensor:
    return torch.where(features > 0, features, features * slope)


@_prelu.register_fake
def _(features: Tensor, slope: Tensor) -> Tensor:
    return torch.empty_like(features)


@lower(torch.ops.bench.tfl_prelu.default)  # type: ignore[untyped-decorator]
def _lower_prelu(context: Any, features: ir.Value, slope: ir.Value) -> ir.Value:
    return build_tfl_op("prelu", result_of(context), [features, slope], {})


def with_tflite_operators(net: nn.Module) -> nn.Module:
    """Give a baseline operators as good as those of our own files, so that the comparison is fair.

    DEPTH_TO_SPACE has its channels in another order than PixelShuffle, which means nothing for
    random weights.

    Args:
        net: Left as it is.
    """
    better = deepcopy(net)
    for name, layer in list(better.named_modules()):
        if isinstance(layer, nn.PixelShuffle):
            better.set_submodule(name, _DepthToSpace(layer.upscale_factor))
        elif isinstance(layer, nn.PReLU):
            better.set_submodule(name, _PReLU(layer.weight))
        elif isinstance(layer, nn.ConvTranspose2d):
            better.set_submodule(name, _Deconvolution(layer))
    return better


def convert_onnx(net: nn.Module, size: Size, path: Path) -> None:
    """Write an `.onnx` of one input size: what is known when it is written can be folded."""
    with suppress_output():
        program = torch.onnx.export(
            net.eval(),
            (torch.zeros(1, 3, *size),),
            dynamo=True,
            verbose=False,
            opset_version=DEFAULT_OPSET,
            input_names=["image"],
            output_names=["upscaled_image"],
        )
        assert program is not None
        program.optimize()
    onnx.save(program.model_proto, path)
