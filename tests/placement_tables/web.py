"""onnxruntime-web in Chromium: where it puts the nodes of `.onnx` files, and its version."""

import base64
import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("web.mjs")
NEEDED = "run `npm --prefix web_demo ci`, and install Chromium: `apt-get install chromium`"


class Placed(msgspec.Struct, frozen=True):
    """Nodes by unit, after onnxruntime's own changes to the graph; added casts do not count."""

    gpu: int
    cpu: int
    copies: int
    nodes: tuple[tuple[str, str, bool], ...]
    """Kind, name and whether it is on the GPU; those that WebGPU computes in NHWC are renamed."""


class Found(msgspec.Struct, frozen=True):
    """What came of one file."""

    placed: Placed | None
    """None if the engine refused the file before it placed the nodes."""
    failure: str | None


def engine_version() -> str:
    """Return the version of onnxruntime-web that is installed for the page."""
    package = ROOT / "web_demo/node_modules/onnxruntime-web/package.json"
    return str(json.loads(package.read_text())["version"])


def place(contents: Sequence[bytes], provider: str) -> Iterator[Found]:
    """Yield where the nodes of each file go.

    Args:
        contents: The `.onnx` files.
        provider: `webgpu` or `wasm`.

    Raises:
        RuntimeError: Node.js or Chromium failed, not a file.
    """
    command = ["node", str(SCRIPT), provider]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        writer = threading.Thread(target=_feed, args=(process.stdin, contents))
        writer.start()
        count = 0
        for line in process.stdout:
            count += 1
            yield msgspec.json.decode(line, type=Found)
        writer.join()
    if count != len(contents):
        raise RuntimeError(f"the browser stopped after {count} of {len(contents)} files: {NEEDED}.")


def _feed(pipe: IO[str], contents: Sequence[bytes]) -> None:
    try:
        with pipe as file:
            for content in contents:
                file.write(base64.b64encode(content).decode() + "\n")
    except BrokenPipeError:  # told by the count of answers
        pass
