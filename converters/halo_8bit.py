"""The halo that is enough for 8-bit pictures, measured on a network.

What lies near the rim of the receptive field hardly changes a pixel. How little depends on the
weights, so it is measured: pictures are cut into strips, and pixels at each distance from a cut
are compared with those of the whole picture.
"""

from functools import lru_cache

import torch
from torch import Tensor

from converters.golden_samples import inputs
from scnet.config import halo
from scnet.network import SCNet

ALLOWED_LEVELS = 0.25
"""How far a value may move, before it is rounded to 8 bits. The distance to a whole level is for
pictures and cuts that are not measured."""

SIDE = 128
"""About the height and width of the pictures, at least that of two strips."""


@lru_cache(maxsize=1)
def measure_halo_8bit(net: SCNet) -> int:
    """Return the smallest halo at which no value moves by more than `ALLOWED_LEVELS`.

    On the photographs and the stress image of the golden samples, in float32; the exact halo,
    `scnet.config.halo`, if no smaller one is enough. SCNet-T takes 1.5 s of processor time
    (2026-11-29).

    Args:
        net: In paper form. Several files of one network are measured once.
    """
    exact = halo(net.config)
    width = 2 * exact + 1
    side = width * max(2, SIDE // width)
    images = [torch.from_numpy(image) for _, image in inputs((side, side))]
    levels = torch.stack([_compare(net, image, width) for image in images]).amax(0)[:exact]
    too_near = (~(levels <= ALLOWED_LEVELS)).nonzero()  # also where it is not a number
    return int(too_near.max()) + 1 if len(too_near) else 0


@torch.inference_mode()
def _compare(net: SCNet, image: Tensor, width: int) -> Tensor:
    """Return how far values move at each distance from a cut, in levels; `width` is of a strip."""
    whole, count = net(image).clamp(0, 1), image.shape[2] // width
    worst = torch.zeros(width)
    for axis in (2, 3):
        strips = net(torch.cat(image.chunk(count, axis))).clamp(0, 1)
        change = (strips - torch.cat(whole.chunk(count, axis))).abs()
        lines = 255 * change.movedim(axis, 0).reshape(width, -1).amax(1)
        worst = worst.maximum(lines)
    return worst.maximum(worst.flip(0))
