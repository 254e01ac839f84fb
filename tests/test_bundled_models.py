"""The model files that came with the program: complete, and what `scnet convert` writes today."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from coremltools.proto import Model_pb2

from converters import conversion
from converters.options import complete_options
from mobile_runtime.bundled_models import DEFAULT, MODELS, PRECISION, find_bundled
from mobile_runtime.model_file.file import read_model_file
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.golden_samples import read_golden
from scnet.checkpoint import open_checkpoint
from scnet.weights import WEIGHTS


def test_every_direct_network_has_a_file_of_each_format_that_has_passed():
    expected = {(name, s) for name in WEIGHTS if "-direct" in name for s in FORMAT_OF_SUFFIX}
    assert {(model.weights, model.path.suffix) for model in MODELS} == expected
    for model in MODELS:
        manifest = read_model_file(model.path).manifest
        assert manifest.verified
        assert all(result.passed for result in manifest.verified)


def test_a_file_comes_before_bundled_weights_of_the_same_name(tmp_path, monkeypatch):
    assert find_bundled(None, ".onnx").name.startswith(DEFAULT)
    monkeypatch.chdir(tmp_path)
    (tmp_path / DEFAULT).touch()
    assert find_bundled(tmp_path / DEFAULT, ".onnx") is None


open_once = lru_cache(maxsize=1)(open_checkpoint)
"""How far the pixels of a network see takes seconds to measure, and three files are of each."""


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(
            model,
            id=model.path.name,
            marks=() if model.weights == DEFAULT else pytest.mark.full,
        )
        for model in MODELS
    ],
)
def test_a_bundled_file_is_what_convert_writes(model, tmp_path, monkeypatch):
    """If not: `nox -s bundled` makes them anew."""
    old = read_model_file(model.path).manifest
    # Another build of PyTorch has another version, and makes the same file.
    monkeypatch.setattr(conversion, "version", old.model.tools.__getitem__)
    checkpoint = open_once(WEIGHTS[model.weights])
    options = complete_options(
        FORMAT_OF_SUFFIX[model.path.suffix],
        PRECISION,
        default_size=conversion.default_size(checkpoint.net.config),
    )
    (made,) = conversion.convert(checkpoint, [options], tmp_path, verify=False)
    new = read_model_file(made).manifest
    assert _plain(new) == _plain(old)
    same = _content(made) == _content(model.path)
    assert same  # not the bytes themselves, whose difference nobody can read
    pairs = zip(read_golden(new, tmp_path), read_golden(old, model.path.parent), strict=True)
    for now, then in pairs:
        assert (now.name, now.output_shape) == (then.name, then.output_shape)
        np.testing.assert_array_equal(now.image, then.image)
        np.testing.assert_allclose(now.output, then.output, atol=1e-6)


def _plain(manifest):
    """A manifest without results, and without hashes of what is compared by itself."""
    return replace(manifest, sha256="", verified=(), psnr_loss_db=None, golden=())


def _content(path):
    """All bytes of a file; of a package's graph in one order of its maps, and without its date."""
    if not path.is_dir():
        return path.read_bytes()
    parts = {part.name: part.read_bytes() for part in path.rglob("*") if part.is_file()}
    del parts["Manifest.json"]  # random identifiers
    graph = Model_pb2.Model.FromString(parts.pop("model.mlmodel"))
    graph.description.metadata.userDefined.pop("com.github.apple.coremltools.conversion_date")
    return graph.SerializeToString(deterministic=True), parts
