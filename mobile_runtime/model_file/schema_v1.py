"""Manifests of schema version 1, in which an engine was one string, converted on reading."""

import re
from typing import Any

import msgspec

from mobile_runtime.model_file.validation_result import EngineInfo

REFERENCES = {
    "MIL reference executor, rounding as typed": "reference-fp16",
    "MIL reference executor, all in fp32": "reference-fp32",
}
"""What stood there -> the engine's name."""


def upgrade(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a manifest in today's schema.

    Raises:
        msgspec.ValidationError: It has no place for results, or one without an engine.
    """
    results = msgspec.convert(content.get("verified", ()), tuple[dict[str, Any], ...])
    return content | {"schema_version": 2, "verified": list(map(_upgrade_result, results))}


def _upgrade_result(result: dict[str, Any]) -> dict[str, Any]:
    engine = parse_engine(msgspec.convert(result.get("engine"), str))
    return result | {"engine": engine.name, "version": engine.version, "threads": engine.threads}


def parse_engine(text: str) -> EngineInfo:
    """Return the engine that a string of version 1 named.

    Such as `xnnpack, ai-edge-litert 2.3.0, 2 threads`, `onnxruntime 1.32.0, CPU, 2 threads` and
    `GPU delegate, fp16, benchmark_model, 4 threads`.
    """
    if text in REFERENCES:
        return EngineInfo(REFERENCES[text])
    found = re.fullmatch(r"(?P<rest>.*?)(, (?P<threads>\d{1,4}) threads)?", text, re.DOTALL)
    assert found is not None
    threads = int(found["threads"]) if found["threads"] else None
    rest = found["rest"].removesuffix(", CPU")
    if plain := re.fullmatch(r"(\S+) \d[^ ,]*", rest):
        return EngineInfo(plain[1], rest, threads)
    name, _, version = rest.rpartition(", ") if "benchmark_model" in rest else rest.partition(", ")
    return EngineInfo(name, version or None, threads)
