"""Each rule on its examples; our own files, a naive conversion, foreign files and broken ones."""

import contextlib
import json
import os
from dataclasses import replace
from itertools import product
from random import Random

import coremltools as ct
import onnx
import pytest
import torch
from bench.reference import reference_form
from check_examples import EXAMPLES
from click.testing import CliRunner
from coremltools.converters.mil import Builder as mb  # noqa: N813  its own manual's name
from model_files import copy_alone, corrupt, list_parts
from networks import make_net
from onnx import TensorProto, helper

from converters.conversion import convert
from converters.options import SHIFTS, ConversionOptions
from mobile_runtime.check.placement import NOT_STATIC, RULES, TARGETS, apply_rules, check
from mobile_runtime.cli.check import command
from mobile_runtime.errors import EngineUnavailableError, ModelLoadError
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX, FORMATS
from scnet.checkpoint import open_checkpoint, save_weights
from scnet.config import HEADS, SCNetConfig

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")

SIZE = (16, 32)
RULE = {rule.id: rule for rule in RULES}
TARGET = {target.name: target for target in TARGETS}


def by_target(path):
    return {report.target: report for report in check(path)}


def rules_found(report):
    return {finding.rule for finding in report.findings}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_finds_what_breaks_it_and_nothing_else(rule):
    broken, kept = EXAMPLES[rule.id]
    assert rule.match(broken)
    assert not rule.match(kept)


def test_every_rule_has_its_own_id_and_its_examples():
    assert len(RULE) == len(RULES)
    assert RULE.keys() == EXAMPLES.keys()
    assert not {rule.id for rule in NOT_STATIC} & RULE.keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_says_what_is_wrong_what_to_do_and_who_says_so(rule):
    assert rule.message.endswith((".", ")"))
    assert rule.fix.endswith((".", ")"))
    assert rule.source
    assert set(rule.targets) <= TARGET.keys()
    assert not rule.id.startswith("ANE") or "MLComputePlan" in rule.message


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.unsupported], ids=lambda rule: rule.id
)
def test_what_is_unsupported_is_counted_so(rule):
    for name in rule.targets:
        report = apply_rules(
            replace(EXAMPLES[rule.id][0], unsupported=frozenset()), TARGET[name], "file"
        )
        assert report.resident < report.total
        assert sum(p.operators for p in report.partitions) == report.total
        assert len(report.operators) == len({p.unit for p in report.partitions})


# Our own files


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """Every format, shift form and precision, the heads in turn; by options."""
    folder = tmp_path_factory.mktemp("ours")
    files, wanted = {}, list(product(FORMATS, SHIFTS, ("fp32", "fp16")))
    for turn, head in enumerate(HEADS):
        scale = 4 if head == "direct" else 2
        save_weights(make_net(SCNetConfig(scale, head, 8, 1)), folder / "net.safetensors", {})
        checkpoint = open_checkpoint(folder / "net.safetensors")
        mine = wanted[turn :: len(HEADS)]
        options = [ConversionOptions(f, s, p, None if f == "onnx" else (SIZE,)) for f, s, p in mine]
        files |= zip(mine, convert(checkpoint, options, folder / "out", verify=False), strict=True)
    return files


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("format_", FORMATS)
def test_our_files_have_no_errors(ours, format_, shift, precision):
    for report in check(ours[format_, shift, precision]):
        assert report.passed, report.findings
        pads = shift == "slice_concat" and report.target == "coreml-provider"
        chosen = precision == "fp32" and report.target == "neural-engine"
        assert (report.resident == report.total) == (not pads and not chosen)
        assert pads or len(report.partitions) == 1


def test_our_depthwise_files_have_no_warnings_but_these(ours):
    """What is left is true: see the messages."""
    known = {"ANE001", "ANE009", "ONX004"}
    for key in product(FORMATS, ["depthwise"], ("fp32", "fp16")):
        for report in check(ours[key]):
            warned = {f.rule for f in report.findings if f.severity == "warning"}
            assert warned <= known


def test_images_and_several_sizes_have_no_errors(tmp_path, checkpoint):
    sizes = (SIZE, (32, 32))
    wanted = [ConversionOptions("coreml", "slice_concat", "fp16", sizes, "image")]
    (path,) = convert(checkpoint(SCNetConfig(2, "direct", 8, 1)), wanted, tmp_path, verify=False)
    (report,) = check(path)
    assert report.passed
    assert report.resident == report.total
    assert {"ANE004", "ANE001b"} <= rules_found(report)
    assert "ANE009" not in rules_found(report)


# The published formulation, converted plainly


@pytest.fixture(scope="module")
def naive():
    """The network and a picture; `test_bench` proves that it is the network."""
    return reference_form(make_net(SCNetConfig(2, "pixelshuffle", 8, 1))), torch.rand(1, 3, *SIZE)


def test_naive_tflite_is_caught(tmp_path, naive):
    import litert_torch

    litert_torch.convert(naive[0], naive[1:]).export(str(tmp_path / "naive.tflite"))
    legacy, drift = by_target(tmp_path / "naive.tflite").values()
    assert not legacy.passed
    assert {"TFG014c", "TFG019", "TFG014", "TFG021", "TFG021b"} <= rules_found(legacy)
    assert {"TFG014", "TFG021", "TFG021b"} <= rules_found(drift)
    assert all(p.startswith("Op#") for f in legacy.findings[:1] for p in f.places)


def test_naive_onnx_is_caught(tmp_path, naive):
    program = torch.onnx.export(naive[0], naive[1:], dynamo=True, verbose=False, opset_version=18)
    program.save(str(tmp_path / "naive.onnx"))
    reports = by_target(tmp_path / "naive.onnx")
    assert all("ONX008b" in rules_found(report) for report in reports.values())
    provider = reports["coreml-provider"]
    assert provider.operators["CPU"]["ScatterND"] > 20
    assert len(provider.partitions) > 20


def test_naive_coreml_is_caught(tmp_path, naive):
    program = torch.export.export(naive[0], naive[1:]).run_decompositions({})
    ct.convert(program, minimum_deployment_target=ct.target.iOS16, skip_model_load=True).save(
        str(tmp_path / "naive.mlpackage")
    )
    (report,) = check(tmp_path / "naive.mlpackage")
    assert not report.passed
    assert {"ANE007", "ANE013", "ANE013b", "ANE024"} <= rules_found(report)
    assert report.operators["GPU or CPU"]["scatter"] > 20


# Somebody else's files


def save_onnx(path, nodes, *shape, initializers=(), domain=""):
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("x", "y")]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], initializers)
    opsets = [helper.make_opsetid("", 18), *([helper.make_opsetid(domain, 1)] if domain else [])]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return path


def test_foreign_onnx_with_branches_constants_and_unknown_operators(tmp_path):
    result = helper.make_tensor_value_info("z", TensorProto.FLOAT, None)
    shift = helper.make_node("Shift", ["x"], ["z"], domain="org.example")
    branch = helper.make_graph([shift], "branch", [], [result])
    always = helper.make_tensor("always", TensorProto.BOOL, [], [True])
    nodes = [
        helper.make_node("Constant", [], ["two"], value_floats=[2.0]),
        helper.make_node("If", ["always"], ["i"], then_branch=branch, else_branch=branch),
        helper.make_node("Mul", ["i", "two"], ["y"]),
    ]
    path = save_onnx(tmp_path / "f.onnx", nodes, 1, 3, initializers=[always], domain="org.example")
    report = by_target(path)["wasm"]
    assert report.total == 4
    assert {"ONX007", "ONX007d"} <= rules_found(report)
    (finding,) = [f for f in report.findings if f.rule == "ONX007d"]
    assert finding.places == ("Shift -> z", "Shift -> z (2)")


def test_foreign_mlpackage_with_branches_and_a_range_of_sizes(tmp_path):
    @mb.program(input_specs=[mb.TensorSpec((1, 4, 8, ct.RangeDim(8, 64).symbol))])
    def program(x):
        large = mb.greater(x=mb.reduce_sum(x=x), y=0.0)
        return mb.cond(
            pred=large, _true_fn=lambda: mb.silu(x=x), _false_fn=lambda: mb.gather(x=x, indices=[0])
        )

    shape = ct.Shape((1, 4, 8, ct.RangeDim(8, 64)))
    model = ct.convert(
        program,
        convert_to="mlprogram",
        inputs=[ct.TensorType("x", shape)],
        minimum_deployment_target=ct.target.iOS16,
        skip_model_load=True,
    )
    model.save(str(tmp_path / "f.mlpackage"))
    (report,) = check(tmp_path / "f.mlpackage")
    assert {"ANE003", "ANE007"} <= rules_found(report)
    assert report.resident == 0


# Bad input


@pytest.fixture(params=FORMAT_OF_SUFFIX)
def whole_file(request, ours):
    return next(path for path in ours.values() if path.suffix == request.param)


def copy(path, folder):
    target = copy_alone(path, folder)
    return target, [part for part in list_parts(target) if part.suffix != ".bin"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_truncated_files_are_refused(whole_file, tmp_path, share):
    path, parts = copy(whole_file, tmp_path)
    for part in parts:
        content = part.read_bytes()
        part.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(ModelLoadError, match=str(path)):
            check(path)
        part.write_bytes(content)


def test_changed_bytes_end_in_a_report_or_a_clear_error(whole_file, tmp_path):
    path, parts = copy(whole_file, tmp_path)
    random = Random(0)
    for part in parts * 30:
        whole = part.read_bytes()
        part.write_bytes(corrupt(whole, random, counts=[8], among_first=4096))
        with contextlib.suppress(ModelLoadError):
            assert check(path)
        part.write_bytes(whole)


@pytest.mark.parametrize("name", ["no.onnx", "no.tflite", "no.mlpackage", "letter.txt"])
def test_missing_and_unknown_files_are_refused(tmp_path, name):
    with pytest.raises(ModelLoadError, match=name):
        check(tmp_path / name)


def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    path = tmp_path / os.fsdecode(b"mod\xe9.onnx")
    save_onnx(path, [helper.make_node("Relu", ["x"], ["y"])], 1)
    with pytest.raises(ModelLoadError, match="not UTF-8"):
        check(path)


def test_a_target_that_does_not_take_the_file_is_refused(ours):
    with pytest.raises(EngineUnavailableError, match="gpu-legacy, ml-drift, not webgpu"):
        check(ours["tflite", "depthwise", "fp32"], ["webgpu"])


# The command


def test_command_prints_a_table_or_json(ours, tmp_path):
    good = ours["onnx", "depthwise", "fp32"]
    bad = save_onnx(tmp_path / "bad.onnx", [helper.make_node("No", ["x"], ["y"], domain="d")], 1)
    table = CliRunner().invoke(command, [str(good)], catch_exceptions=False)
    assert table.exit_code == 0
    assert "wasm" in table.output
    shown = CliRunner().invoke(command, [str(good), str(bad), "--target", "wasm", "--json", "-"])
    assert shown.exit_code == 1
    first, second = json.loads(shown.output)
    assert first["passed"]
    assert first["resident"] == first["total"]
    assert second["findings"][0]["places"] == ["No -> y"]


def test_names_in_a_file_are_neither_markup_nor_commands_of_a_terminal(tmp_path):
    nodes = [helper.make_node("No", ["x"], ["y"], name="[/b]\x1b]0;owned\x07", domain="d")]
    bad = save_onnx(tmp_path / "bad.onnx", nodes, 1)
    shown = CliRunner().invoke(command, [str(bad), "--target", "wasm"], catch_exceptions=False)
    assert shown.exit_code == 1
    assert "[/b]]0;owned" in shown.output
    assert "\x1b" not in shown.output
