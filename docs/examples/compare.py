"""Convert weights, upscale a photograph by the file, and compare it with bicubic and PyTorch.

Run it with the path of any photograph: python docs/examples/compare.py photo.jpg
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import scnet_mobile as sm

SCALE = 4


def main(photo: Path, folder: Path = Path("compared")) -> None:
    """Reduce a photograph, enlarge it again in three ways, and print how close each comes."""
    with Image.open(photo) as opened:
        truth = opened.convert("RGB")
    truth = truth.crop((0, 0, truth.width // SCALE * SCALE, truth.height // SCALE * SCALE))
    small = truth.resize((truth.width // SCALE, truth.height // SCALE), Image.Resampling.BICUBIC)

    checkpoint = sm.open_checkpoint("scnet-t-x4-direct")
    [file] = sm.convert(checkpoint, format="onnx", output_dir=folder, overwrite=True)
    for result in sm.validate(file):
        print(f"{file.name} on {result.engine}: {'passed' if result.passed else 'FAILED'}")

    pixels = np.asarray(small)
    enlarged = {
        "bicubic": np.asarray(small.resize(truth.size, Image.Resampling.BICUBIC)),
        "SCNet, the file": sm.open_model(file).upscale(pixels),
        "SCNet, PyTorch": sm.open_model("scnet-t-x4-direct", engine="pytorch").upscale(pixels),
    }
    for name, result in enlarged.items():
        print(f"{name}: {psnr_db(np.asarray(truth), result):.2f} dB on RGB")
        Image.fromarray(result).save(folder / f"{name.replace(', ', ' ').replace(' ', '-')}.png")


def psnr_db(truth: np.ndarray, picture: np.ndarray) -> float:
    """Return the PSNR of 8-bit pixels."""
    error = np.mean((truth.astype(float) - picture) ** 2)
    return float(10 * np.log10(255**2 / error))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
