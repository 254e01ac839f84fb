"""What may a compressed file lose, in pictures?"""

from pathlib import Path

import numpy as np
import torch

from converters.golden_samples import photographs
from converters.options import Size
from mobile_runtime.engines.session import open_session
from mobile_runtime.imaging.metrics import luma, psnr_db, resize_bicubic
from mobile_runtime.imaging.pictures import to_image, to_pixels
from mobile_runtime.model_file.manifest import read_manifest
from scnet.network import SCNet

LOSSES_DB = {"fp16": 0.01, "w8": 0.05, "w6": 0.15, "w4": 0.5, "w8a8": 0.15}
"""Precision -> the PSNR on Y that a file may lose against PyTorch; an exact one is held by parity
alone. fp16 and w8a8 as this project set them out to be; x4 direct loses 0.000, 0.001, 0.013, 0.091
and 0.026 dB in Core ML (2026-11-26)."""

ANY_SIZE: Size = (64, 64)
"""The size that a file for any size is measured at, in pixels."""


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
        ScnetError: The file cannot be run.
    """
    session, scale = open_session(path), net.config.scale
    height, width = (read_manifest(path).model.sizes or (ANY_SIZE,))[0]
    losses = []
    for _, truth in photographs((height * scale, width * scale)):
        image = to_image(resize_bicubic(truth, 1 / scale))
        with torch.inference_mode():
            outputs = net(torch.from_numpy(image)).numpy(), session.run(image)
        exact, compressed = (psnr_db(luma(truth), luma(to_pixels(output))) for output in outputs)
        losses.append(exact - compressed)
    return float(np.mean(losses))
