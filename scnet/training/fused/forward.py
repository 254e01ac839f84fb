"""Forward through `conv_first` and the residual blocks, to what `conv_up` writes."""

import triton
import triton.language as tl

from scnet.training.fused.cuts import find_place, read_colors
from scnet.training.fused.features import dot, read_shifted, read_weight, round_to_bytes


@triton.jit
def first_forward(
    cuts,
    low_res,
    image,
    x,
    t,
    weights,
    biases,
    ranges,
    pixels,
    PATCH: tl.constexpr,
    WIDTH: tl.constexpr,
    SIDE: tl.constexpr,
    BLOCK: tl.constexpr,
    ROUND: tl.constexpr,
):
    """Cut patches, then `conv_first`, LeakyReLU and the first block's first convolution.

    image: (pixels, 16), 0 to 255, three columns used. x, t: (pixels, WIDTH).
    """
    pixel = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = pixel < pixels
    cut = cuts + (pixel // (PATCH * PATCH)) * 5
    orientation = tl.load(cut + 4, mask=inside, other=0)
    y, column = find_place((pixel // PATCH) % PATCH, pixel % PATCH, orientation, PATCH)
    start = tl.load(cut, mask=inside, other=0)
    stride = tl.load(cut + 1, mask=inside, other=0)
    red, green, blue = read_colors(low_res, start + y * stride + column * 3, orientation, inside)
    color = tl.arange(0, 16)[None, :]
    read = tl.where(color == 0, red[:, None], 0.0)
    read = tl.where(color == 1, green[:, None], read)
    read = tl.where(color == 2, blue[:, None], read).to(image.dtype.element_ty)
    tl.store(image + pixel[:, None] * 16 + color, read, mask=inside[:, None])

    channel, color = tl.arange(0, WIDTH), tl.arange(0, 16)
    first = tl.trans(read_weight(weights, 0, channel, color, SIDE))
    bias = tl.load(biases + channel)
    features = dot(read, first) * (1 / 255) + bias[None, :]
    features = tl.where(features > 0, features, 0.1 * features)
    features = round_to_bytes(features, inside, ranges, 0, ROUND, True).to(x.dtype.element_ty)
    place = pixel[:, None] * WIDTH + channel[None, :]
    tl.store(x + place, features, mask=inside[:, None])

    conv1 = tl.trans(read_weight(weights, 1, channel, channel, SIDE))
    moved = dot(features, conv1) + tl.load(biases + SIDE + channel)[None, :]
    tl.store(t + place, moved.to(t.dtype.element_ty), mask=inside[:, None])


@triton.jit(do_not_specialize=["block"])
def block_forward(
    x,
    t,
    x_next,
    t_next,
    weights,
    biases,
    ranges,
    block,
    pixels,
    PATCH: tl.constexpr,
    WIDTH: tl.constexpr,
    SIDE: tl.constexpr,
    BLOCK: tl.constexpr,
    ROUND: tl.constexpr,
):
    """The second half of a block, then the first convolution of what follows it."""
    pixel = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = pixel < pixels
    channel = tl.arange(0, WIDTH)
    place = pixel[:, None] * WIDTH + channel[None, :]
    hidden = read_shifted(t, pixel, inside, PATCH, WIDTH, 1)
    hidden = tl.maximum(hidden, 0.0).to(x.dtype.element_ty)
    hidden = round_to_bytes(hidden, inside, ranges, 1 + 3 * block, ROUND, True)
    number = 2 + 2 * block
    conv2 = tl.trans(read_weight(weights, number, channel, channel, SIDE))
    change = dot(hidden, conv2) + tl.load(biases + number * SIDE + channel)[None, :]
    change = round_to_bytes(change, inside, ranges, 2 + 3 * block, ROUND, True)
    features = tl.load(x + place, mask=inside[:, None], other=0.0).to(tl.float32) + change
    features = round_to_bytes(features, inside, ranges, 3 + 3 * block, ROUND, True)
    features = features.to(x.dtype.element_ty)
    tl.store(x_next + place, features, mask=inside[:, None])

    number += 1
    conv1 = tl.trans(read_weight(weights, number, channel, channel, SIDE))
    moved = dot(features, conv1) + tl.load(biases + number * SIDE + channel)[None, :]
    tl.store(t_next + place, moved.to(t.dtype.element_ty), mask=inside[:, None])
