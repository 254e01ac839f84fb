"""Copies of fp16 `.tflite` files that ask for fp16 arithmetic: `python half_arithmetic.py FILES`.

Beside NAME.tflite, whose weights are fp16 and whose arithmetic is fp32, comes
NAME-fp16accfp16.tflite with its manifest. XNNPACK then computes in fp16 throughout where the CPU
can, as phones since 2018 can and x86 cannot (tensorflow/lite/delegates/xnnpack/README.md, "IEEE
FP16"; `fp16accfp32` was tried, and changes nothing). TFLite's own kernels do not heed it.
"""

import sys
from dataclasses import replace
from pathlib import Path

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from mobile_runtime.model_file.file_hash import hash_file
from mobile_runtime.model_file.manifest import read_manifest, write_manifest

NAME = b"reduced_precision_support"
VALUE = "fp16accfp16"


def write_copy(path: Path) -> Path:
    """Write the copy of a file, and its manifest; samples and tolerance stay the same."""
    copy = path.with_stem(f"{path.stem}-{VALUE}")
    copy.write_bytes(allow_half(path.read_bytes()))
    manifest = replace(read_manifest(path), file=copy.name, sha256=hash_file(copy), verified=())
    write_manifest(manifest, path.parent)
    return copy


def allow_half(content: bytes) -> bytes:
    """Add the metadata that allows fp16 arithmetic."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = list(VALUE.encode())
    model.buffers.append(buffer)
    entry.name, entry.buffer = NAME, len(model.buffers) - 1
    model.metadata.append(entry)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.write(f"Made {write_copy(Path(name)).name}\n")
