"""The PSNR that a converted file loses against PyTorch on photographs."""

import numpy as np
import torch

from converters.golden_samples import photographs
from converters.options import Size
from mobile_runtime.engines.session import open_session
from mobile_runtime.imaging.metrics import luma, psnr_db, resize_bicubic
from mobile_runtime.imaging.pictures import to_image, to_pixels
from mobile_runtime.model_file.file import ModelFile
from scnet.network import SCNet

ANY_SIZE: Size = (64, 64)
"""The size that a file for any size is measured at, in pixels."""


def measure_loss_db(net: SCNet, file: ModelFile) -> float:
    """Return what a file loses against PyTorch when both upscale the bundled photographs.

    The photographs are reduced by MATLAB's bicubic, as papers do it, to the size that the file
    takes; those that are too small for it are mirrored outwards first.

    Args:
        net: What the file was made of.
        file: Its default engine runs it.

    Returns:
        PSNR on Y that PyTorch has and the file has not, in dB, mean of the photographs.

    Raises:
        ScnetError: The file cannot be run.
    """
    session, scale = open_session(file), net.config.scale
    height, width = (file.manifest.model.sizes or (ANY_SIZE,))[0]
    losses = []
    for _, truth in photographs((height * scale, width * scale)):
        image = to_image(resize_bicubic(truth, 1 / scale))
        with torch.inference_mode():
            outputs = net(torch.from_numpy(image)).numpy(), session.run(image)
        exact, compressed = (psnr_db(luma(truth), luma(to_pixels(output))) for output in outputs)
        losses.append(exact - compressed)
    return float(np.mean(losses))
