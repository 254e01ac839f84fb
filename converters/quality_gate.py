"""What may a compressed file lose, in pictures?"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow

from converters.golden import PHOTOGRAPHS, fit
from converters.options import Precision, Size
from mobile_runtime.manifest import read_manifest
from mobile_runtime.pictures import Pixels, to_image, to_pixels
from mobile_runtime.quality import luma, psnr_db, resize_bicubic
from mobile_runtime.session import open_session
from scnet.network import SCNet

LOSSES_DB: dict[str, float] = {"fp16": 0.01, "w8": 0.05, "w6": 0.15, "w4": 0.5, "w8a8": 0.15}

ANY_SIZE: Size = (64, 64)
"""The size that a file for any size is measured at, in pixels."""


def allowed_loss_db(precision: Precision) -> float | None:
    """Say how much PSNR on Y a file may lose against PyTorch; None where parity says it all."""
    return LOSSES_DB.get(precision)


def measure_loss_db(net: SCNet, path: Path) -> float:
    """Upscale the bundled photographs with a file and with PyTorch; compare with the photographs.

    The photographs are reduced as papers do it, by MATLAB's bicubic, to the size that the file
    takes; those that are too small for it are mirrored outwards first.

    Args:
        net: What the file was made of.
        path: A model file with its manifest beside it; its usual engine runs it.

    Returns:
        PSNR on Y that PyTorch has and the file has not, in dB, mean of the photographs.

    Raises:
        RuntimeFileError: The file cannot be run.
    """
    session = open_session(path)
    size = (read_manifest(path).model.sizes or (ANY_SIZE,))[0]
    losses = []
    for truth in _truths(size, net.config.scale):
        image = to_image(resize_bicubic(truth, 1 / net.config.scale))
        with torch.inference_mode():
            outputs = net(torch.from_numpy(image)).numpy(), session.run(image)
        exact, compressed = (psnr_db(luma(truth), luma(to_pixels(output))) for output in outputs)
        losses.append(exact - compressed)
    return float(np.mean(losses))


def _truths(size: Size, scale: int) -> Iterator[Pixels]:
    for path in PHOTOGRAPHS:
        with Pillow.open(path) as photograph:
            yield fit(np.asarray(photograph), (size[0] * scale, size[1] * scale))
