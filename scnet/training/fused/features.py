"""What all kernels share: how features and weights lie in memory, the shift, and rounding.

Features are (pixels, width), width innermost; pixels run over patches, rows and columns. A block's
second convolution and the next block's first are one kernel, since nothing but pixels of their own
passes between them; what a shift moves goes through memory. Forward, x is the residual stream and
t what is about to be shifted. Backward, g is the gradient of x, and e that of a shift's result.

Weights are padded to (side, side) each and lie behind one another; a gradient has one row more,
which is that of the bias. Sums over pixels stay in registers while a program walks over its tiles,
and are written once per program, so that equal runs give equal bytes (no atomic additions).
"""

import triton
import triton.language as tl


@triton.jit
def dot(a, b):
    """Multiply two matrices with sums in float32, and without rounding float32 operands."""
    return tl.dot(a, b, input_precision="ieee")


@triton.jit
def read_weight(weights, number, rows, columns, SIDE: tl.constexpr):
    """Read one matrix: (rows, columns) of matrix `number`."""
    return tl.load(weights + number * SIDE * SIDE + rows[:, None] * SIDE + columns[None, :])


@triton.jit
def read_shifted(
    features,
    pixel,
    inside,
    PATCH: tl.constexpr,
    WIDTH: tl.constexpr,
    SIGN: tl.constexpr,
):
    """Read features as `spatial_shift` moves them (SIGN 1), or as its gradient does (-1)."""
    channel = tl.arange(0, WIDTH)
    group = channel // (WIDTH // 8)
    up = (group == 0) | (group == 6) | (group == 7)
    down = (group == 1) | (group == 4) | (group == 5)
    left = (group == 2) | (group == 5) | (group == 7)
    right = (group == 3) | (group == 4) | (group == 6)
    dy = tl.where(down, SIGN, tl.where(up, -SIGN, 0))
    dx = tl.where(right, SIGN, tl.where(left, -SIGN, 0))
    row = ((pixel // PATCH) % PATCH)[:, None] + dy[None, :]
    column = (pixel % PATCH)[:, None] + dx[None, :]
    there = (row >= 0) & (row < PATCH) & (column >= 0) & (column < PATCH) & inside[:, None]
    moved = (dy * PATCH + dx) * WIDTH + channel
    return tl.load(features + pixel[:, None] * WIDTH + moved[None, :], mask=there, other=0.0)


@triton.jit
def round_to_bytes(
    value,
    inside,
    ranges,
    number,
    ROUND: tl.constexpr,
    RECORD: tl.constexpr,
):
    """Round to multiples of the step that the last batch's range gave; keep this one's range.

    ranges: (values, 3) float32: step, lowest and highest of this batch.
    """
    if ROUND:
        exact = value.to(tl.float32)
        if RECORD:
            seen = tl.where(inside[:, None], exact, 0.0)
            tl.atomic_min(ranges + number * 3 + 1, tl.min(seen))
            tl.atomic_max(ranges + number * 3 + 2, tl.max(seen))
        step = tl.load(ranges + number * 3)
        safe = tl.where(step > 0, step, 1.0)
        value = tl.where(step > 0, tl.floor(exact / safe + 0.5) * step, exact).to(value.dtype)
    return value
