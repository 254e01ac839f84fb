"""From the sums of gradients to new weights: Muon, Adam, running means, loss scale."""

import triton
import triton.language as tl


@triton.jit
def add_up(
    parts,
    gradients,
    state,
    numbers,
    factor,
    PROGRAMS: tl.constexpr,
    CHUNK: tl.constexpr,
):
    """Sum what the programs found, undo the loss scale, and note what is no finite number."""
    place = tl.program_id(0) * CHUNK + tl.arange(0, CHUNK)
    inside = place < numbers
    total = tl.zeros((CHUNK,), tl.float32)
    for program in range(PROGRAMS):
        total += tl.load(parts + program * numbers + place, mask=inside, other=0.0)
    total *= factor / tl.load(state + 2)
    tl.store(gradients + place, total, mask=inside)
    wrong = tl.max(tl.where(tl.abs(total) < float("inf"), 0.0, 1.0))
    tl.atomic_max(state + 4, wrong)


@triton.jit
def update(
    gradients,
    weights,
    biases,
    halves,
    mean_weights,
    mean_biases,
    momentum,
    bias_mean,
    bias_square,
    state,
    ema_decay,
    matrices,
    SIDE: tl.constexpr,
    WIDTH: tl.constexpr,
    SCALE: tl.constexpr,
):
    """Update one matrix by Muon and its bias by Adam, and the running means of both.

    As torch.optim.Muon with `adjust_lr_fn="match_rms_adamw"`: zeros around a matrix change neither
    its norm nor what Newton and Schulz's iteration makes of it.
    """
    number = tl.program_id(0)
    rate, done = tl.load(state), tl.load(state + 3)
    sound = tl.load(state + 4) == 0
    side = tl.arange(0, SIDE)
    place = number * SIDE * SIDE + side[:, None] * SIDE + side[None, :]
    gradient = gradients + number * (SIDE + 1) * SIDE
    slope = tl.load(gradient + side[:, None] * SIDE + side[None, :])
    gathered = tl.load(momentum + place)
    gathered += 0.05 * (slope - gathered)
    ahead = slope + 0.95 * (gathered - slope)
    matrix = ahead / tl.maximum(tl.sqrt(tl.sum(ahead * ahead)), 1e-7)
    matrix = matrix.to(tl.float16)
    for _ in range(5):
        gram = tl.dot(matrix, tl.trans(matrix)).to(tl.float16)
        mixed = -4.775 * gram.to(tl.float32) + 2.0315 * tl.dot(gram, gram)
        matrix = (3.4445 * matrix.to(tl.float32) + tl.dot(mixed.to(tl.float16), matrix)).to(
            tl.float16
        )
    longest = tl.where(
        (number == matrices - 1) & (3 * SCALE * SCALE > WIDTH), 3 * SCALE * SCALE, WIDTH
    )
    length = 0.2 * tl.sqrt(longest.to(tl.float32))
    weight = tl.load(weights + place) - rate * length * matrix.to(tl.float32)

    bias_place = number * SIDE + side
    slope = tl.load(gradient + SIDE * SIDE + side)
    first = tl.load(bias_mean + bias_place)
    first += 0.1 * (slope - first)
    second = 0.99 * tl.load(bias_square + bias_place) + 0.01 * slope * slope
    count = done + 1
    root = tl.sqrt(second / (1 - tl.exp(count * -0.01005033585350145)))
    first_right = first / (1 - tl.exp(count * -0.10536051565782628))
    bias = tl.load(biases + bias_place) - rate * first_right / (root + 1e-8)

    newest = tl.where(done == 0, 1.0, tl.maximum(1 - ema_decay, 9 / (10 + done)))
    mean = tl.load(mean_weights + place)
    bias_mean_value = tl.load(mean_biases + bias_place)
    if sound:
        tl.store(momentum + place, gathered)
        tl.store(weights + place, weight)
        tl.store(halves + place, weight.to(halves.dtype.element_ty))
        tl.store(mean_weights + place, mean + newest * (weight - mean))
        tl.store(bias_mean + bias_place, first)
        tl.store(bias_square + bias_place, second)
        tl.store(biases + bias_place, bias)
        tl.store(mean_biases + bias_place, bias_mean_value + newest * (bias - bias_mean_value))


@triton.jit
def advance(
    state,
    losses,
    ranges,
    loss_factor,
    RANGES: tl.constexpr,
    RANGE_LANES: tl.constexpr,
    PROGRAMS: tl.constexpr,
    PROGRAM_LANES: tl.constexpr,
    ROUND: tl.constexpr,
):
    """Count the step, adapt the loss scale, sum the loss, and make ranges into rounding steps."""
    lane = tl.arange(0, PROGRAM_LANES)
    loss = tl.sum(tl.load(losses + lane, mask=lane < PROGRAMS, other=0.0)) * loss_factor
    sound = tl.load(state + 4) == 0
    scale, good = tl.load(state + 2), tl.load(state + 5)
    good = tl.where(sound, good + 1, 0.0)
    grown = tl.where(good >= 2000, tl.minimum(scale * 2, 1024.0), scale)
    tl.store(state + 1, tl.load(state + 1) + 1)
    tl.store(state + 2, tl.where(sound, grown, tl.maximum(scale * 0.5, 0.0625)))
    tl.store(state + 3, tl.load(state + 3) + tl.where(sound, 1.0, 0.0))
    tl.store(state + 4, 0.0)
    tl.store(state + 5, tl.where(good >= 2000, 0.0, good))
    tl.store(state + 6, tl.load(state + 6) + loss)
    if ROUND:
        number = tl.arange(0, RANGE_LANES)
        there = number < RANGES
        lowest = tl.load(ranges + number * 3 + 1, mask=there, other=0.0)
        highest = tl.load(ranges + number * 3 + 2, mask=there, other=0.0)
        tl.store(ranges + number * 3, (highest - lowest) / 255, mask=there)
        tl.store(ranges + number * 3 + 1, tl.zeros_like(lowest), mask=there)
        tl.store(ranges + number * 3 + 2, tl.zeros_like(lowest), mask=there)
