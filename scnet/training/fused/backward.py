"""Backward through the residual blocks and `conv_first`."""

import triton
import triton.language as tl

from scnet.training.fused.features import dot, read_shifted, read_weight, round_to_bytes


@triton.jit(do_not_specialize=["block"])
def block_backward(
    x,
    t_before,
    g,
    e,
    e_before,
    weights,
    gradients,
    ranges,
    block,
    pixels,
    matrices,
    PATCH: tl.constexpr,
    WIDTH: tl.constexpr,
    SIDE: tl.constexpr,
    RESIDUAL: tl.constexpr,
    BLOCK: tl.constexpr,
    TURNS: tl.constexpr,
    ROUND: tl.constexpr,
):
    """Through a block's first convolution, then the second of the block before it.

    `x` is what the first reads; `block` counts from 1, the last being `conv_up`, behind which
    nothing is added (RESIDUAL false). g is changed in place.
    """
    program = tl.program_id(0)
    channel = tl.arange(0, WIDTH)
    dtype = x.dtype.element_ty
    number = 1 + 2 * block
    conv1 = read_weight(weights, number, channel, channel, SIDE)
    conv2 = read_weight(weights, number - 1, channel, channel, SIDE)
    sum1 = tl.zeros((WIDTH, WIDTH), tl.float32)
    sum2 = tl.zeros((WIDTH, WIDTH), tl.float32)
    bias_sum1 = tl.zeros((WIDTH,), tl.float32)
    bias_sum2 = tl.zeros((WIDTH,), tl.float32)
    for turn in range(TURNS):
        pixel = (program + turn * tl.num_programs(0)) * BLOCK + tl.arange(0, BLOCK)
        inside = pixel < pixels
        place = pixel[:, None] * WIDTH + channel[None, :]
        moved = read_shifted(e, pixel, inside, PATCH, WIDTH, -1)
        features = tl.load(x + place, mask=inside[:, None], other=0.0)
        read = read_shifted(t_before, pixel, inside, PATCH, WIDTH, 1)
        sum1 += dot(tl.trans(moved), features)
        bias_sum1 += tl.sum(moved.to(tl.float32), 0)
        back = dot(moved, conv1)
        if RESIDUAL:
            back += tl.load(g + place, mask=inside[:, None], other=0.0).to(tl.float32)
        back_half = back.to(dtype)
        tl.store(g + place, back_half, mask=inside[:, None])

        hidden = tl.maximum(read, 0.0).to(dtype)
        hidden = round_to_bytes(hidden, inside, ranges, 3 * block - 2, ROUND, False)
        sum2 += dot(tl.trans(back_half), hidden)
        bias_sum2 += tl.sum(back_half.to(tl.float32), 0)
        change = dot(back_half, conv2)
        change = tl.where(read > 0, change, 0.0).to(dtype)
        tl.store(e_before + place, change, mask=inside[:, None])

    place = channel[:, None] * SIDE + channel[None, :]
    matrix = gradients + (program * matrices + number - 1) * (SIDE + 1) * SIDE
    tl.store(matrix + place, sum2)
    tl.store(matrix + SIDE * SIDE + channel, bias_sum2)
    matrix += (SIDE + 1) * SIDE
    tl.store(matrix + place, sum1)
    tl.store(matrix + SIDE * SIDE + channel, bias_sum1)


@triton.jit
def first_backward(
    image,
    x,
    g,
    e,
    weights,
    gradients,
    pixels,
    matrices,
    PATCH: tl.constexpr,
    WIDTH: tl.constexpr,
    SIDE: tl.constexpr,
    BLOCK: tl.constexpr,
    TURNS: tl.constexpr,
):
    """Through the first block's first convolution and `conv_first`."""
    program = tl.program_id(0)
    channel, color = tl.arange(0, WIDTH), tl.arange(0, 16)
    dtype = x.dtype.element_ty
    conv1 = read_weight(weights, 1, channel, channel, SIDE)
    sum1 = tl.zeros((WIDTH, WIDTH), tl.float32)
    first_sum = tl.zeros((WIDTH, 16), tl.float32)
    bias_sum1 = tl.zeros((WIDTH,), tl.float32)
    first_bias_sum = tl.zeros((WIDTH,), tl.float32)
    for turn in range(TURNS):
        pixel = (program + turn * tl.num_programs(0)) * BLOCK + tl.arange(0, BLOCK)
        inside = pixel < pixels
        place = pixel[:, None] * WIDTH + channel[None, :]
        moved = read_shifted(e, pixel, inside, PATCH, WIDTH, -1)
        features = tl.load(x + place, mask=inside[:, None], other=0.0)
        sum1 += dot(tl.trans(moved), features)
        bias_sum1 += tl.sum(moved.to(tl.float32), 0)
        back = tl.load(g + place, mask=inside[:, None], other=0.0).to(tl.float32)
        back = (back + dot(moved, conv1)) * tl.where(features > 0, 1.0, 0.1)
        read = tl.load(
            image + pixel[:, None] * 16 + color[None, :], mask=inside[:, None], other=0.0
        )
        first_sum += dot(tl.trans(back.to(dtype)), read)
        first_bias_sum += tl.sum(back, 0)

    matrix = gradients + program * matrices * (SIDE + 1) * SIDE
    tl.store(matrix + channel[:, None] * SIDE + color[None, :], first_sum * (1 / 255))
    tl.store(matrix + SIDE * SIDE + channel, first_bias_sum)
    matrix += (SIDE + 1) * SIDE
    tl.store(matrix + channel[:, None] * SIDE + channel[None, :], sum1)
    tl.store(matrix + SIDE * SIDE + channel, bias_sum1)
