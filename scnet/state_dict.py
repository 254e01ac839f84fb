"""Configuration of a state dict, inferred from the names and shapes of its tensors."""

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from scnet.config import HEADS, STAGES, Head, SCNetConfig
from scnet.errors import CheckpointError
from scnet.network import SCNet
from scnet.other_networks import recognize

_AUTHORS_HEADS: Mapping[int, Head] = {0: "pixelshuffle", 1: "mlp"}
"""Position of the first convolution in `up_layer` -> head."""

_REAL = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def infer_config(
    tensors: Mapping[str, Tensor],
    *,
    header: SCNetConfig | None = None,
    scale: int | None = None,
    head: Head | None = None,
) -> SCNetConfig:
    """Return the configuration of the SCNet that a state dict belongs to; see `open_checkpoint`.

    The shapes must allow what the file's header says.

    Raises:
        CheckpointError: It belongs to none, or not to the one that was asked for.
    """
    if other := recognize(tensors):
        raise CheckpointError(
            f"Not an SCNet but {other}, which this program cannot run: it takes the .pth files of "
            "SCNet's author, weights by `scnet train`, and the bundled ones."
        )
    possible = _infer_configs(tensors)
    if header is not None and header not in possible:
        raise CheckpointError(
            f"Damaged or forged: its header says {_describe(header)}, but its tensors are of "
            f"{' or '.join(map(_describe, possible))}."
        )
    possible = [header] if header is not None else possible
    found, scales = possible[0].head, [config.scale for config in possible]
    if head is not None and head != found:
        raise CheckpointError(
            f"Its head is {found}, not {head}: the weights of one head do not fit another."
        )
    if scale is None and len(scales) > 1:
        raise CheckpointError(
            f"An mlp head with one upsampler may be x{' or x'.join(map(str, scales))}, and the "
            "file does not say which: say it when converting (scnet convert --scale)."
        )
    if scale is not None and scale not in scales:
        raise CheckpointError(
            f"Scale {scale} contradicts the file, which is x{' or x'.join(map(str, scales))}."
        )
    return possible[0 if scale is None else scales.index(scale)]


def _infer_configs(tensors: Mapping[str, Tensor]) -> list[SCNetConfig]:
    """Return the configurations that names and shapes allow; only their scales may differ."""
    for name in ("conv_first.weight", "conv_hr.weight", "conv_last.weight"):
        if name not in tensors:
            raise CheckpointError(f"Not an SCNet: it has no {name}. {_what_it_has(tensors)}")
        shape = tuple(tensors[name].shape)
        if len(shape) != 4 or shape[2:] != (1, 1) or 0 in shape:
            raise CheckpointError(f"Not an SCNet: {name} is {shape}, not a 1x1 convolution's.")
    width = tensors["conv_first.weight"].shape[0]
    depth = len({name.split(".")[1] for name in tensors if re.match(r"body\.\d+\.", name)})
    head = _infer_head(tensors)
    try:
        return [SCNetConfig(scale, head, width, depth) for scale in _infer_scales(tensors, head)]
    except ValueError as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"Not an SCNet: {error}") from error


def _infer_head(tensors: Mapping[str, Tensor]) -> Head:
    for position, head in _AUTHORS_HEADS.items():
        if f"upconv1.up_layer.{position}.weight" in tensors:
            return head
    if "conv_up.weight" in tensors:
        return "direct"
    raise CheckpointError(
        f"Not an SCNet: no upsampler of a known head ({', '.join(HEADS)}). {_what_it_has(tensors)}"
    )


def _infer_scales(tensors: Mapping[str, Tensor], head: Head) -> list[int]:
    """Return the scales that the upsampler's shapes allow."""
    if head == "direct":
        outputs = tensors["conv_last.weight"].shape[0]
        scales = [scale for scale in STAGES if 3 * scale**2 == outputs]
    else:
        found = (re.match(r"upconv\d+\.", name) for name in tensors)
        stages = len({match[0] for match in found if match})
        scales = [scale for scale, factors in STAGES.items() if len(factors) == stages]
        if head == "pixelshuffle":
            width = tensors["conv_first.weight"].shape[0]
            shape = tensors.get("upconv1.up_layer.3.weight", torch.empty(0)).shape
            scales = [s for s in scales if shape[:1] == (width * STAGES[s][0] ** 2,)]
    if not scales:
        raise CheckpointError(
            f"Not an SCNet: the shapes of its {head} upsampler fit none of x2, x3, x4, x8."
        )
    return scales


def check_tensors(tensors: Mapping[str, Tensor]) -> None:
    """Check that tensors can be weights, before anything is computed with them.

    Raises:
        CheckpointError: One is sparse, on the meta device, not of a float dtype, or larger than its
            storage.
    """
    for name, tensor in tensors.items():
        if flaw := _flaw(tensor):
            raise CheckpointError(
                f"{show_name(name)} {flaw}: expected plain tensors of real floating-point numbers."
            )


def _flaw(tensor: Tensor) -> str | None:
    if tensor.layout != torch.strided or tensor.is_nested:
        return "is sparse or nested"
    if tensor.device.type != "cpu":
        return f"holds no values (device {tensor.device.type})"
    if tensor.dtype not in _REAL:
        return f"is {str(tensor.dtype).removeprefix('torch.')}"
    claimed, stored = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
    if claimed > stored:
        return f"claims {claimed} bytes, but the file stores {stored}"
    return None


def build_net(config: SCNetConfig, tensors: Mapping[str, Tensor]) -> SCNet:
    """Return a network in evaluation mode, its state dict loaded strictly, as float32.

    Raises:
        CheckpointError: Names or shapes do not fit, or some values are not finite.
    """
    with torch.device("meta"):  # allocates nothing for the sizes that a forged file claims
        net = SCNet(config)
    _check_fit(config, net.state_dict(), tensors)
    weights = {name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}
    broken = [name for name, tensor in weights.items() if not tensor.isfinite().all()]
    if broken:
        raise CheckpointError(f"{list_names(broken)}: some values are not finite numbers.")
    net.load_state_dict(weights, assign=True)
    return net.eval()


def _check_fit(
    config: SCNetConfig, expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor]
) -> None:
    misfits = [f"{name} is missing" for name in expected if name not in tensors]
    misfits += [f"{show_name(name)} is unknown" for name in tensors if name not in expected]
    misfits += [
        f"{name} is {tuple(tensors[name].shape)}, expected {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    if misfits:
        raise CheckpointError(
            f"Almost an SCNet {_describe(config)}, "
            f"but {'; '.join(misfits[:5])}{'; ...' if len(misfits) > 5 else ''}."
        )


def _describe(config: SCNetConfig) -> str:
    return f"x{config.scale}, head {config.head}, D{config.width}B{config.depth}"


def _what_it_has(tensors: Mapping[str, Tensor]) -> str:
    if not tensors:
        return "It is empty."
    return f"It has {list_names(tensors)}."


def list_names(names: Iterable[str]) -> str:
    """Return the first names from a file in words, as `show_name` returns them."""
    listed = [show_name(name) for name in names]
    return ", ".join(listed[:4]) + (", ..." if len(listed) > 4 else "")


def show_name(name: str) -> str:
    """Return a name from a file, escaped for a terminal and at most 80 characters of it."""
    return repr(name[:80])[1:-1]
