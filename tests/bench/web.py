"""Run `.onnx` files in Chromium: onnxruntime-web, WASM, one thread."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bench.timing import Timing
from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.model_file.model import Size

if TYPE_CHECKING:
    from bench.files import Made

NAME = "onnxruntime-web WASM"

ROOT = Path(__file__).parents[2]

SCRIPT = Path(__file__).with_name("web.mjs")


def run(files: "list[Made]", size: Size, plan: Plan) -> list[Timing]:
    """Run files in turns; one that the engine refuses is left out.

    Args:
        files: `.onnx` files inside the project.
        size: Of the input.
        plan: How often.

    Raises:
        subprocess.CalledProcessError: Node.js or Chromium failed, not a file.
    """
    height, width = size
    named = [
        {"path": made.path.resolve().relative_to(ROOT).as_posix(), "height": height, "width": width}
        for made in files
    ]
    task = json.dumps({"files": named, **asdict(plan)})
    done = subprocess.run(
        ["node", str(SCRIPT), task], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return [_read(found) for found in json.loads(done.stdout.splitlines()[-1])]


def _read(found: dict[str, object]) -> Timing:
    if found["failure"] is not None:
        return Timing(failure=str(found["failure"]))
    samples = found["samples_ms"]
    assert isinstance(samples, list)
    load = found["load_ms"]
    assert isinstance(load, float | int)
    return Timing(load_ms=float(load), samples_ms=tuple(map(float, samples)))
