"""Manifests of schema version 1, as they were published, still open."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file.file import add_results
from mobile_runtime.model_file.manifest import manifest_path, read_manifest, write_manifest
from mobile_runtime.model_file.schema_v1 import parse_engine
from mobile_runtime.model_file.validation_result import EngineInfo

PUBLISHED = Path(__file__).parent / "manifest_v1.tflite.json"
"""Written by `nox -s models` on 2026-11-28, with the first of its golden samples only."""

ENGINES = {
    "xnnpack, ai-edge-litert 2.3.0, 2 threads": ("xnnpack", "ai-edge-litert 2.3.0", 2),
    "tflite-runtime 2.14.0, 16 threads": ("tflite-runtime", "tflite-runtime 2.14.0", 16),
    "onnxruntime 1.32.0, CPU, 2 threads": ("onnxruntime", "onnxruntime 1.32.0", 2),
    "litert-gpu, ai-edge-litert 2.3.0, SwiftShader Device (LLVM 10.0.0)": (
        "litert-gpu",
        "ai-edge-litert 2.3.0, SwiftShader Device (LLVM 10.0.0)",
        None,
    ),
    "coreml-gpu, Core ML on macOS 15.1": ("coreml-gpu", "Core ML on macOS 15.1", None),
    "MIL reference executor, rounding as typed": ("reference-fp16", None, None),
    "MIL reference executor, all in fp32": ("reference-fp32", None, None),
    "XNNPACK, benchmark_model, 4 threads": ("XNNPACK", "benchmark_model", 4),
    "GPU delegate, fp16, benchmark_model, 4 threads": (
        "GPU delegate, fp16",
        "benchmark_model",
        4,
    ),
    "an engine of somebody's": ("an engine of somebody's", None, None),
}


@pytest.fixture
def model(tmp_path):
    """A file whose manifest is of version 1."""
    file = json.loads(PUBLISHED.read_text())["file"]
    manifest_path(tmp_path / file).write_bytes(PUBLISHED.read_bytes())
    return tmp_path / file


def test_results_are_read_field_by_field(model):
    manifest, published = read_manifest(model), json.loads(PUBLISHED.read_text())
    assert [result.engine for result in manifest.verified] == ["xnnpack", "builtin"]
    for result, verdict in zip(manifest.verified, published["verified"], strict=True):
        assert str(result.engine_info) == verdict["engine"]
        assert (result.version, result.threads) == ("ai-edge-litert 2.3.0", 2)
        assert (result.device, result.worst.max_abs, result.placement) == (
            verdict["device"],
            verdict["worst"]["max_abs"],
            "CPU",
        )


def test_nothing_else_changes_and_it_is_written_in_todays_schema(model):
    manifest = read_manifest(model)
    write_manifest(manifest, model.parent)
    content, published = (json.loads(p.read_text()) for p in (manifest_path(model), PUBLISHED))
    assert (published.pop("schema_version"), content.pop("schema_version")) == (1, 2)
    assert published.pop("verified") != content.pop("verified")
    assert content == published
    assert read_manifest(model) == manifest


def test_a_new_result_replaces_that_of_the_same_engine(model):
    manifest = read_manifest(model)
    first, second = manifest.verified
    again = replace(first, passed=False)
    assert add_results(manifest, [again]).verified == (second, again)


@pytest.mark.parametrize("text", ENGINES)
def test_the_engine_is_read_from_its_words(text):
    assert parse_engine(text) == EngineInfo(*ENGINES[text])


@pytest.mark.parametrize("verified", [5, [{}], [{"engine": 1}], {"a": 1}])
@pytest.mark.parametrize("version", [1, 2])
def test_malformed_results_are_refused(model, verified, version):
    content = json.loads(PUBLISHED.read_text()) | {"verified": verified, "schema_version": version}
    manifest_path(model).write_text(json.dumps(content))
    with pytest.raises(ManifestError, match="is not a manifest"):
        read_manifest(model)


def test_a_schema_of_the_future_is_refused(model):
    content = json.loads(PUBLISHED.read_text()) | {"schema_version": 3}
    manifest_path(model).write_text(json.dumps(content))
    with pytest.raises(ManifestError, match="is not a manifest"):
        read_manifest(model)
