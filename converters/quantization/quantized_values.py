"""The choice of the values that become 8 bits, for Q/DQ graphs and TFLite files alike.

`scnet.training.fake_quantization` makes the same choice among the layers of the paper form.
"""

from collections.abc import Mapping, Sequence

from converters.quantization.quant_params import Value


def quantized_values(
    operands: Mapping[Value, Sequence[Value]],
    moved: Mapping[Value, Sequence[Value]],
    image: Value,
    upscaled: Value,
) -> list[Value]:
    """Return all values but those next to the image.

    These are the image and its interpolation, the first convolution, which reads 3 channels and
    computes next to nothing, and the output, where the interpolation is added.

    Args:
        operands: What each value is computed from, in the order of computation.
        moved: Of these, the values that keep the scale of their operands.
        image: The input.
        upscaled: The output.
    """
    exact = {*copies(moved, image), upscaled}
    return [v for v, read in operands.items() if v not in exact and image not in read]


def copies(moved: Mapping[Value, Sequence[Value]], image: Value) -> set[Value]:
    """Return the image and what is only moved from it."""
    found = {image}
    for value, sources in moved.items():
        if found.intersection(sources):
            found.add(value)
    return found
