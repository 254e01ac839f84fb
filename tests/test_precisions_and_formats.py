"""The tables of precisions and formats, and what cannot import them."""

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from converters.options import SHIFTS
from mobile_runtime.check.placement import TARGETS
from mobile_runtime.device.app_packages import APP_LIBRARIES
from mobile_runtime.device.test_templates import TESTS
from mobile_runtime.engines.registry import ENGINES
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX, FORMATS, FormatName
from mobile_runtime.model_file.precision import PRECISIONS, PrecisionName
from mobile_runtime.validation.reference_runs import REFERENCES
from scnet.config import HEADS

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_names_are_those_of_the_rows():
    assert get_args(PrecisionName) == tuple(PRECISIONS)
    assert get_args(FormatName) == tuple(FORMATS)
    assert len(FORMAT_OF_SUFFIX) == len(FORMATS)


@pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)
def test_a_format_has_all_that_the_program_needs_of_it(format_):
    assert format_.default_precision in format_.precisions
    assert ENGINES[format_.suffix]
    assert any(target.format == format_.name for target in TARGETS)
    assert any(name == format_.name for name, _ in (*APP_LIBRARIES, *TESTS))
    assert import_module(format_.converter).convert
    assert import_module(format_.graph_reader).read_graph
    assert format_.suffix in REFERENCES
    extra = PROJECT["optional-dependencies"].get(format_.name, ())
    assert any(row.startswith(format_.package) for row in (*PROJECT["dependencies"], *extra))


@pytest.mark.parametrize("precision", PRECISIONS.values(), ids=PRECISIONS)
def test_a_precision_is_one_of_some_format_and_limited(precision):
    assert any(precision.name in format_.precisions for format_ in FORMATS.values())
    assert set(precision.coarser_in) <= set(FORMATS)
    for coarser in precision.coarser_in.values():
        assert coarser.is_looser_than(precision.tolerance)


def test_the_page_knows_every_onnx_file_that_was_not_calibrated():
    """Calibrated ones lose more in pictures than the page's visitors are told."""
    text = (ROOT / "web_demo/models.mjs").read_text()
    orders = {
        field: set(re.findall(r"'(\w+)'", order))
        for field, order in re.findall(r"field: '(\w+)', order: \[(.*?)\]", text)
    }
    exact = {name for name in FORMATS["onnx"].precisions if not PRECISIONS[name].calibrated}
    assert orders == {"head": set(HEADS), "precision": exact, "shift": set(SHIFTS)}
