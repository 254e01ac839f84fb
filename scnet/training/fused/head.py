"""The head `direct`: forward from `conv_up`, the loss, and back again, all in one kernel."""

import triton
import triton.language as tl

from scnet.training.fused.cuts import (
    LUMA_BLUE,
    LUMA_GREEN,
    LUMA_RED,
    find_place,
    read_colors,
)
from scnet.training.fused.features import dot, read_shifted, read_weight, round_to_bytes

SLOTS = tl.constexpr(16)
"""Columns per color in the last convolution: the first scale * scale of them are used."""


@triton.jit
def _read_upsampled(image, patch, row, column, slot, PATCH: tl.constexpr, SCALE: tl.constexpr):
    """Read red, green and blue of the input at every output pixel, bilinear as in `Upsample`."""
    # Where an output row lies between two input rows depends on its phase alone.
    offset_y = ((slot // SCALE).to(tl.float32) + 0.5) / SCALE - 0.5
    offset_x = ((slot % SCALE).to(tl.float32) + 0.5) / SCALE - 0.5
    dy = tl.where(offset_y < 0, offset_y + 1, offset_y)[None, :]
    dx = tl.where(offset_x < 0, offset_x + 1, offset_x)[None, :]
    above = row[:, None] + tl.where(offset_y < 0, -1, 0)[None, :]
    left = column[:, None] + tl.where(offset_x < 0, -1, 0)[None, :]
    below, right = tl.minimum(above + 1, PATCH - 1), tl.minimum(left + 1, PATCH - 1)
    above, left = tl.maximum(above, 0) * (PATCH * 16), tl.maximum(left, 0) * 16
    below, right = below * (PATCH * 16), right * 16
    first = image + patch[:, None] * (PATCH * PATCH * 16)
    red = _interpolate(first, above, below, left, right, dy, dx)
    green = _interpolate(first + 1, above, below, left, right, dy, dx)
    blue = _interpolate(first + 2, above, below, left, right, dy, dx)
    return red, green, blue


@triton.jit
def _interpolate(color, above, below, left, right, dy, dx):
    """Interpolate one color of the input: `color` points at its first element in each patch."""
    top = tl.load(color + (above + left)) * (1 - dx) + tl.load(color + (above + right)) * dx
    bottom = tl.load(color + (below + left)) * (1 - dx) + tl.load(color + (below + right)) * dx
    return (top * (1 - dy) + bottom * dy) * (1 / 255)


@triton.jit
def _read_target(
    high_res, cuts, patch, row, column, slot, there, PATCH: tl.constexpr, SCALE: tl.constexpr
):
    """Read red, green and blue, in [0, 255], of what every output pixel should be."""
    cut = cuts + patch * 5
    orientation = tl.load(cut + 4)[:, None]
    y, x = find_place(
        row[:, None] * SCALE + (slot // SCALE)[None, :],
        column[:, None] * SCALE + (slot % SCALE)[None, :],
        orientation,
        PATCH * SCALE,
    )
    place = tl.load(cut + 2)[:, None] + y * tl.load(cut + 3)[:, None] + x * 3
    return read_colors(high_res, place, orientation, there)


@triton.jit
def _charbonnier(red, green, blue, epsilon, luma_weight):
    """Return 3 times `charbonnier_loss` of each output pixel, and its gradients, of the errors."""
    luma = LUMA_RED * red + LUMA_GREEN * green + LUMA_BLUE * blue
    square = epsilon * epsilon
    red_size = tl.sqrt(red * red + square)
    green_size = tl.sqrt(green * green + square)
    blue_size = tl.sqrt(blue * blue + square)
    luma_size = tl.sqrt(luma * luma + square)
    size = red_size + green_size + blue_size + 3 * luma_weight * luma_size
    common = 3 * luma_weight * luma / luma_size
    red = red / red_size + LUMA_RED * common
    green = green / green_size + LUMA_GREEN * common
    blue = blue / blue_size + LUMA_BLUE * common
    return size, red, green, blue


@triton.jit
def head(
    cuts,
    high_res,
    image,
    t,
    e,
    weights,
    biases,
    gradients,
    losses,
    ranges,
    state,
    pixels,
    matrices,
    epsilon,
    luma_weight,
    PATCH: tl.constexpr,
    WIDTH: tl.constexpr,
    SIDE: tl.constexpr,
    SCALE: tl.constexpr,
    DEPTH: tl.constexpr,
    BLOCK: tl.constexpr,
    TURNS: tl.constexpr,
    ROUND: tl.constexpr,
):
    """From what `conv_up` wrote to the loss, and back to the gradient of the shift's result.

    gradients: (programs, matrices, SIDE + 1, SIDE) float32, of the loss times 3 times the number of
    output pixels times the loss scale. losses: (programs,), sums over output pixels.
    """
    program = tl.program_id(0)
    channel, slot = tl.arange(0, WIDTH), tl.arange(0, SLOTS)
    used = slot < SCALE * SCALE
    number = 2 * DEPTH + 2
    dtype = t.dtype.element_ty
    hr = read_weight(weights, number, channel, channel, SIDE)
    last_red = read_weight(weights, number + 1, slot, channel, SIDE)
    last_green = read_weight(weights, number + 1, slot + SLOTS, channel, SIDE)
    last_blue = read_weight(weights, number + 1, slot + 2 * SLOTS, channel, SIDE)
    hr_bias = tl.load(biases + number * SIDE + channel)[None, :]
    last_bias = biases + (number + 1) * SIDE + slot
    red_bias = tl.load(last_bias)[None, :]
    green_bias = tl.load(last_bias + SLOTS)[None, :]
    blue_bias = tl.load(last_bias + 2 * SLOTS)[None, :]
    loss_scale = tl.load(state + 2)

    hr_sum = tl.zeros((WIDTH, WIDTH), tl.float32)
    red_sum = tl.zeros((SLOTS, WIDTH), tl.float32)
    green_sum = tl.zeros((SLOTS, WIDTH), tl.float32)
    blue_sum = tl.zeros((SLOTS, WIDTH), tl.float32)
    hr_bias_sum = tl.zeros((WIDTH,), tl.float32)
    red_bias_sum = tl.zeros((SLOTS,), tl.float32)
    green_bias_sum = tl.zeros((SLOTS,), tl.float32)
    blue_bias_sum = tl.zeros((SLOTS,), tl.float32)
    loss_sum = tl.zeros((BLOCK,), tl.float32)

    for turn in range(TURNS):
        pixel = (program + turn * tl.num_programs(0)) * BLOCK + tl.arange(0, BLOCK)
        inside = pixel < pixels
        row, column = (pixel // PATCH) % PATCH, pixel % PATCH
        patch = tl.where(inside, pixel // (PATCH * PATCH), 0)

        read = read_shifted(t, pixel, inside, PATCH, WIDTH, 1)
        active = tl.where(read > 0, read.to(tl.float32), 0.02 * read.to(tl.float32))
        active = round_to_bytes(active, inside, ranges, 3 * DEPTH + 1, ROUND, True).to(dtype)
        mixed = dot(active, tl.trans(hr)) + hr_bias
        rise = tl.where(mixed > 0, 1.0, 0.1)
        mixed = round_to_bytes(mixed * rise, inside, ranges, 3 * DEPTH + 2, ROUND, True).to(dtype)
        red = dot(mixed, tl.trans(last_red)) + red_bias
        green = dot(mixed, tl.trans(last_green)) + green_bias
        blue = dot(mixed, tl.trans(last_blue)) + blue_bias
        red = round_to_bytes(red, inside, ranges, 3 * DEPTH + 3, ROUND, True)
        green = round_to_bytes(green, inside, ranges, 3 * DEPTH + 3, ROUND, True)
        blue = round_to_bytes(blue, inside, ranges, 3 * DEPTH + 3, ROUND, True)

        there = inside[:, None] & used[None, :]
        skip_red, skip_green, skip_blue = _read_upsampled(
            image, patch, row, column, slot, PATCH, SCALE
        )
        true_red, true_green, true_blue = _read_target(
            high_res, cuts, patch, row, column, slot, there, PATCH, SCALE
        )
        red = tl.where(there, red + skip_red - true_red * (1 / 255), 0.0)
        green = tl.where(there, green + skip_green - true_green * (1 / 255), 0.0)
        blue = tl.where(there, blue + skip_blue - true_blue * (1 / 255), 0.0)
        size, red, green, blue = _charbonnier(red, green, blue, epsilon, luma_weight)
        loss_sum += tl.sum(tl.where(there, size, 0.0), 1)

        red = (red * loss_scale).to(dtype)
        green = (green * loss_scale).to(dtype)
        blue = (blue * loss_scale).to(dtype)
        red_sum += dot(tl.trans(red), mixed)
        green_sum += dot(tl.trans(green), mixed)
        blue_sum += dot(tl.trans(blue), mixed)
        red_bias_sum += tl.sum(red.to(tl.float32), 0)
        green_bias_sum += tl.sum(green.to(tl.float32), 0)
        blue_bias_sum += tl.sum(blue.to(tl.float32), 0)
        back = dot(red, last_red) + dot(green, last_green) + dot(blue, last_blue)
        back = (back * rise).to(dtype)
        hr_sum += dot(tl.trans(back), active)
        hr_bias_sum += tl.sum(back.to(tl.float32), 0)
        back = dot(back, hr) * tl.where(read > 0, 1.0, 0.02)
        tl.store(
            e + pixel[:, None] * WIDTH + channel[None, :], back.to(dtype), mask=inside[:, None]
        )

    tl.store(losses + program, tl.sum(loss_sum))
    matrix = gradients + (program * matrices + number) * (SIDE + 1) * SIDE
    place = channel[:, None] * SIDE + channel[None, :]
    tl.store(matrix + place, hr_sum)
    tl.store(matrix + SIDE * SIDE + channel, hr_bias_sum)
    matrix += (SIDE + 1) * SIDE
    place = slot[:, None] * SIDE + channel[None, :]
    tl.store(matrix + place, red_sum)
    tl.store(matrix + SLOTS * SIDE + place, green_sum)
    tl.store(matrix + 2 * SLOTS * SIDE + place, blue_sum)
    tl.store(matrix + SIDE * SIDE + slot, red_bias_sum)
    tl.store(matrix + SIDE * SIDE + SLOTS + slot, green_bias_sum)
    tl.store(matrix + SIDE * SIDE + 2 * SLOTS + slot, blue_bias_sum)
