"""Make what the browser tests compare with: pictures, and what Python makes of them.

    PYTHONPATH=tests python tests/web/make_cases.py PAGE MODELS OUTPUT

PAGE is the built page, MODELS holds the files that it was built from. OUTPUT gets `cases.json`, the
pictures as raw RGBA, `models/` with a network so small that many tiles take no time, and `bundle/`,
what `scnet bundle` makes of it.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from networks import make_net

from converters.conversion import convert
from converters.golden_samples import PHOTOGRAPHS
from converters.options import ConversionOptions
from mobile_runtime.device.bundle import bundle
from mobile_runtime.engines.session import open_session
from mobile_runtime.imaging.hidden_colors import spread_colors
from mobile_runtime.imaging.pictures import Picture
from mobile_runtime.imaging.reading import open_picture
from mobile_runtime.upscaling.upscale_picture import upscale_picture
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import SCNetConfig

WHOLE = 1024
"""A tile that every picture here fits into."""


def main(page: Path, models: Path, output: Path) -> None:
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    tiny = make_tiny(output, "tiny", blocks=1)
    make_tiny(output, "tiny-photo", blocks=2)
    bundle(tiny, output / "bundle")
    cases = [
        *write_full_cases(page, models, output),
        write_case(output, "tiny tiles", "tiny", tiny, photograph(384, 300)),
        write_case(output, "tiny ribbon", "tiny", tiny, photograph(300, 8)),
        write_case(output, "tiny alpha", "tiny", tiny, fade(photograph(300, 270))),
        write_case(output, "tiny gray", "tiny", tiny, drain(photograph(300, 270))),
    ]
    (output / "cases.json").write_text(json.dumps(cases))


def make_tiny(output, name, blocks):
    weights = output / f"{name}.safetensors"
    save_weights(make_net(SCNetConfig(2, "direct", 8, blocks)), weights, {})
    wanted = [ConversionOptions("onnx", sizes=None)]
    (path,) = convert(open_checkpoint(weights), wanted, output / "models")
    return path


def write_full_cases(page: Path, models: Path, output: Path) -> Iterator[dict]:
    """One photograph per model; with the cheapest, also one of several tiles, and a stamp."""
    (catalog,) = page.glob("assets/*/models.json")
    files = [models / entry["file"] for entry in json.loads(catalog.read_text())["models"]]
    for path in files:
        yield write_case(output, f"photograph {path.stem}", "full", path, photograph(96, 72))
    yield write_case(output, "tiles", "full", files[0], photograph(300, 40))
    yield write_case(output, "stamp", "full", files[0], photograph(20, 16))


def photograph(width, height):
    """The upper left corner of a photograph, mirrored outwards as far as needed."""
    pixels = open_picture(PHOTOGRAPHS[0]).pixels
    missing = [
        (0, max(0, need - had)) for need, had in zip((height, width), pixels.shape, strict=False)
    ]
    return Picture(np.pad(pixels, [*missing, (0, 0)], mode="symmetric")[:height, :width])


def fade(picture):
    """Transparent on the left, noisy on the right; what is hidden is as the page reads it."""
    height, width = picture.pixels.shape[:2]
    alpha = np.linspace(0, 255, width) * np.ones((height, 1))
    noise = np.random.default_rng(0).integers(0, 256, (height, width))
    alpha[:, width // 2 :] = noise[:, width // 2 :]
    alpha = alpha.astype(np.uint8)
    return Picture(spread_colors(picture.pixels, alpha), alpha)


def drain(picture):
    """Without color, which the network brings back."""
    return Picture(np.repeat(picture.pixels[..., :1], 3, axis=2))


def write_case(output, name, page, model, picture):
    """Upscale in one piece, and write both pictures."""
    session = open_session(model)
    upscaled = upscale_picture(session, picture, tile=WHOLE)
    name = name.replace(" ", "-")
    for end, content in (("input", picture), ("output", upscaled)):
        (output / f"{name}.{end}.rgba").write_bytes(to_rgba(content).tobytes())
    height, width = picture.pixels.shape[:2]
    model = session.model
    kind = {"scale": model.scale, "weights": "photo" if "-photo" in model.weights.name else "clean"}
    return {"name": name, "page": page, **kind, "width": width, "height": height}


def to_rgba(picture):
    alpha = picture.alpha
    if alpha is None:
        alpha = np.full(picture.pixels.shape[:2], 255, np.uint8)
    return np.dstack([picture.pixels, alpha])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
