"""The training pictures on the GPU, as bytes: kernels cut their patches there."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mobile_runtime.imaging.pictures import Pixels
from scnet.training.patches import Pair


class DevicePictures:
    """Pairs of pictures behind one another, and a table of where each lies."""

    def __init__(self, pairs: Sequence[Pair], device: torch.device) -> None:
        """Copy the pictures, about 4 bytes a pixel.

        Args:
            pairs: At least one; all of one scale.
            device: Where to.
        """
        self._pairs = self._high_res_of = pairs
        rows, low_start, high_start = [], 0, 0
        for pair in pairs:
            height, width = pair.low_res.shape[:2]
            rows.append((low_start, high_start, height, width, 0))
            low_start, high_start = low_start + pair.low_res.size, high_start + pair.high_res.size
        self.low_res = _join([pair.low_res for pair in pairs]).to(device)
        self.high_res = _join([pair.high_res for pair in pairs]).to(device)
        self.table = torch.tensor(rows, dtype=torch.int64, device=device)
        """(pictures, 5): first byte in `low_res` and in `high_res`, low-resolution height and
        width, and 1 where colors are to be read as Y."""

    def replace(self, pairs: Sequence[Pair]) -> None:
        """Take the low-resolution pictures of another epoch; nothing moves on the device.

        Args:
            pairs: As many as before, of the same shapes. A high-resolution picture that is another
                object than the first time is the gray copy of it: the device makes its own.
        """
        if pairs is self._pairs:
            return
        self._pairs = pairs
        self.low_res.copy_(_join([pair.low_res for pair in pairs]))
        known = zip(pairs, self._high_res_of, strict=True)
        gray = torch.tensor([int(pair.high_res is not first.high_res) for pair, first in known])
        self.table[:, 4] = gray.to(self.table.device)


def _join(pictures: Sequence[Pixels]) -> Tensor:
    return torch.from_numpy(np.concatenate([picture.reshape(-1) for picture in pictures]))
