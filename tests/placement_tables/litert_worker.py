"""Worker that opens `.tflite` files with LiteRT's GPU engine; see `placement_tables.litert`."""

import base64
import json
import os
import sys
from tempfile import TemporaryFile
from typing import Any

os.environ["LITERT_DISABLE_OPENCL"] = "1"  # its search for OpenCL is reported on stdout

from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.environment import Environment
from ai_edge_litert.hardware_accelerator import HardwareAccelerator
from ai_edge_litert.options import GpuOptions, Options

from mobile_runtime.engines.litert_gpu import ON_GPU


def main() -> None:
    """Answer each line of stdin, a file in base64, with a line of JSON on stdout."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    environment = Environment.create()
    for line in sys.stdin:
        with TemporaryFile() as log:
            os.dup2(log.fileno(), 2)
            found = _open(base64.b64decode(line), environment)
            log.seek(0)
            count = ON_GPU.search(log.read())
        found["gpu"] = int(count[1]) if count else None
        print(json.dumps(found), file=answers, flush=True)


def _open(content: bytes, environment: Any) -> dict[str, Any]:
    options = Options(
        HardwareAccelerator.GPU | HardwareAccelerator.CPU,
        gpu_options=GpuOptions(enforce_f32=True),
    )
    try:
        model = CompiledModel.from_buffer(content, environment=environment, options=options)
        return {"whole": model.is_fully_accelerated(), "failure": None}
    except (ValueError, RuntimeError) as error:
        return {"whole": False, "failure": str(error)}


if __name__ == "__main__":
    main()
