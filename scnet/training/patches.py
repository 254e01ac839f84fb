"""Training pictures: read once, and cut into patches at random."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.degradation import DEGRADATIONS, matlab_bicubic
from mobile_runtime.imaging.folder import list_pictures
from mobile_runtime.imaging.metrics import crop_to_multiple
from mobile_runtime.imaging.pictures import Pixels
from mobile_runtime.imaging.reading import open_picture

HOLD_OUT_EVERY = 25
"""Every 25th picture of the folder is held out for validation, which chooses the best weights."""


@dataclass(frozen=True)
class Pair:
    """A picture in low and high resolution."""

    low_res: Pixels
    """(H, W, 3) uint8: a reduction of `high_res`."""
    high_res: Pixels
    """(H * scale, W * scale, 3) uint8."""


@dataclass(frozen=True)
class Dataset:
    """A folder of pictures, ready to train on."""

    training: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    skipped: tuple[str, ...]
    """Why each unused file was left out, one sentence a file."""

    def fingerprint(self) -> str:
        """Return a sha256 that identifies these pictures in this order."""
        digest = sha256()
        for pair in (*self.training, *self.validation):
            digest.update(repr(pair.high_res.shape).encode())
            digest.update(pair.low_res.tobytes())
        return digest.hexdigest()


def load_dataset(
    folder: Path, *, scale: int, patch: int, judged_by: Sequence[str] = ("clean",)
) -> Dataset:
    """Read a folder into memory (about 4 bytes a pixel) and degrade it.

    Args:
        folder: Pictures of any size, folders below included.
        scale: Output pixels per input pixel and side.
        patch: Side of a low-resolution patch in pixels; smaller pictures are skipped.
        judged_by: Keys of `DEGRADATIONS`, by which the validation pictures are degraded in turn.

    Raises:
        ImageError: No folder, no pictures, or too few usable ones to train and validate.
    """

    def load(path: Path) -> Pair | str:
        try:
            high_res = crop_to_multiple(open_picture(path).pixels, scale)
        except ImageError as error:
            return str(error)
        if min(high_res.shape[:2]) < patch * scale:
            return f"{path} is smaller than a patch of {patch * scale} pixels."
        return Pair(matlab_bicubic(high_res, scale), high_res)

    with ThreadPoolExecutor() as pool:
        loaded = list(pool.map(load, list_pictures(folder)))
    pairs = [pair for pair in loaded if isinstance(pair, Pair)]
    skipped = tuple(reason for reason in loaded if isinstance(reason, str))
    if len(pairs) < 2:
        raise ImageError(
            f"{folder} holds {len(pairs)} usable pictures; training needs at least 2. "
            + " ".join(skipped[:3])
        )
    return Dataset(
        training=tuple(p for i, p in enumerate(pairs) if i % HOLD_OUT_EVERY),
        validation=tuple(_degrade(pairs[::HOLD_OUT_EVERY], judged_by, scale)),
        skipped=skipped,
    )


def _degrade(pairs: Sequence[Pair], names: Sequence[str], scale: int) -> Iterator[Pair]:
    """Use every picture and every degradation, and no more pairs than that takes."""
    for index in range(max(len(pairs), len(names))):
        high_res = pairs[index % len(pairs)].high_res
        yield Pair(DEGRADATIONS[names[index % len(names)]](high_res, scale), high_res)


def sample_batch(
    pairs: Sequence[Pair], *, patch: int, batch: int, seed: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Cut random patches, flipped and rotated at random.

    The batch is a function of its arguments alone, so a resumed run sees the same patches as an
    unbroken one.

    Args:
        pairs: Where to cut from; large pictures are drawn as often as small ones.
        patch: Side of a low-resolution patch.
        batch: Number of patches.
        seed: Anything that tells this batch from all others, say (seed, step, rank).

    Returns:
        `low_res` (N, 3, patch, patch) and `high_res` (N, 3, patch * scale, patch * scale), [0, 1].
    """
    random = np.random.default_rng(list(seed))
    cut = [_cut(pairs[int(random.integers(len(pairs)))], patch, random) for _ in range(batch)]
    low_res, high_res = (np.stack(side) for side in zip(*cut, strict=True))
    return _to_tensor(low_res), _to_tensor(high_res)


def _cut(pair: Pair, patch: int, random: np.random.Generator) -> tuple[Pixels, Pixels]:
    scale = pair.high_res.shape[0] // pair.low_res.shape[0]
    y, x = (int(random.integers(size - patch + 1)) for size in pair.low_res.shape[:2])
    turns, flip = int(random.integers(4)), bool(random.integers(2))
    patches = []
    for pixels, factor in ((pair.low_res, 1), (pair.high_res, scale)):
        rows = slice(y * factor, (y + patch) * factor)
        columns = slice(x * factor, (x + patch) * factor)
        turned = np.rot90(pixels[rows, columns], turns)
        patches.append(turned[:, ::-1] if flip else turned)
    return patches[0], patches[1]


def _to_tensor(pixels: Pixels) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).float().div_(255)
