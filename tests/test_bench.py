"""`nox -s bench`: what it compares is what it says, and a run leaves table, JSON and picture."""

import json
from dataclasses import replace

import pytest
import torch
from bench.__main__ import run, save
from bench.baselines import BASELINES, build, count_macs
from bench.files import Workshop
from bench.lower_bound import without_shift
from bench.measure import ENGINES
from bench.reference import reference_form
from bench.report import print_tables
from bench.subjects import BASELINES_GROUP, LOWER_BOUND, Scope, forms, random_net
from bench.targets import TARGETS, judge
from docs_tables.benchmarks import summarize
from docs_tables.results import load
from networks import NETWORKS, make_net
from PIL import Image as Pillow
from torch import nn
from torch.nn import functional as F

from scnet.config import SCNetConfig, macs_per_pixel
from scnet.network import count_parameters


def name_of(baseline):
    return baseline.name


TINY = Scope(
    scales=(4,),
    heads=("pixelshuffle",),
    sizes=((16, 24),),
    precisions=("fp32",),
    baselines=tuple(baseline for baseline in BASELINES if baseline.name == "ESPCN"),
    scaling=((16, 24),),
    width=8,
    depth=1,
    runs=2,
    warmup_runs=1,
    seconds_limit=5,
)


@pytest.mark.parametrize("config", NETWORKS)
@torch.no_grad()
def test_reference_form_is_the_network(config):
    net, image = make_net(config), torch.rand(1, 3, 9, 7)
    assert torch.equal(reference_form(net)(image), net(image))


def test_lower_bound_differs_by_the_shift_alone():
    net = make_net(SCNetConfig(4, "mlp", 8, 2))
    bound = without_shift(net)
    assert {name: value.tolist() for name, value in bound.state_dict().items()} == {
        name: value.tolist() for name, value in net.state_dict().items()
    }
    assert sum(isinstance(layer, nn.Identity) for layer in bound.modules()) == 4


PEERS = {(row["network"], row["scale"]): row for row in load("peers")["peers"]}


@pytest.mark.parametrize("baseline", [b for b in BASELINES if b.published_k], ids=name_of)
def test_baseline_has_the_published_parameters(baseline):
    """To the last digit that its paper prints, or 1 %."""
    for scale, published_k in baseline.published_k.items():
        net = baseline.build(scale)
        counted = sum(
            weight.numel()
            for name, weight in net.named_parameters()
            if baseline.counted_by == "weights and biases" or weight.dim() == 4
        )
        assert counted / 1e3 == pytest.approx(published_k, rel=0.01), (scale, counted)


@pytest.mark.parametrize("baseline", [b for b in BASELINES if (b.name, 4) in PEERS], ids=name_of)
@pytest.mark.parametrize("scale", [2, 4])
def test_baseline_is_the_network_whose_weights_were_measured(baseline, scale):
    row, net = PEERS[baseline.name, scale], baseline.build(scale)
    assert round(count_parameters(net) / 1e3) == row["parameters_k"]
    macs = count_macs(net, 1 if baseline.luma else 3, 720 // scale, 1280 // scale)
    assert round(macs / 1e9, 1) == row["gmacs_720p"]


def test_every_baseline_is_compared_with_what_was_published():
    named = {name for name, _ in PEERS}
    assert [b.name for b in BASELINES if not b.published_k and b.name not in named] == []


@pytest.mark.parametrize("baseline", BASELINES, ids=name_of)
@pytest.mark.parametrize("scale", [2, 4])
@torch.no_grad()
def test_baseline_takes_a_picture_and_gives_one(baseline, scale):
    assert build(baseline, scale)(torch.rand(1, 3, 16, 24)).shape == (1, 3, 16 * scale, 24 * scale)


def test_multiply_accumulates_are_those_of_the_formula():
    config = SCNetConfig(4, "mlp", 16, 2)
    assert count_macs(random_net(config), 3, 10, 12) == macs_per_pixel(config) * 120


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A run of both engines that need no browser; `nox -s bench` has that one too."""
    cache = tmp_path_factory.mktemp("bench")
    return run(TINY, cache, ("TFLite XNNPACK", "onnxruntime CPU"), lambda step: None)


def test_every_form_is_measured_on_every_engine(report):
    expected = {
        (engine, subject.form)
        for engine in ("TFLite XNNPACK", "onnxruntime CPU")
        for subject in forms(SCNetConfig(4, "pixelshuffle", 8, 1), ENGINES[engine], TINY)
    }
    found = {(row.engine, row.form): row for row in report.rows if row.group == "pixelshuffle x4"}
    assert set(found) == expected
    assert [row.timing.failure for row in report.rows if row.timing.failure] == []
    for row in found.values():
        assert len(row.timing.samples_ms) == TINY.runs
        assert row.timing.peak_memory_mb > 0


def test_lower_bound_has_our_operators_less_the_shift(report):
    """One shift in the block, and one in each of two upsamplers."""
    for engine in ("TFLite XNNPACK", "onnxruntime CPU"):
        counted = {
            row.form: row.operators
            for row in report.rows
            if (row.engine, row.group) == (engine, "pixelshuffle x4")
        }
        assert counted["depthwise fp32"] - counted[LOWER_BOUND] == 3
        assert counted["slice_concat fp32"] - counted[LOWER_BOUND] == 3 * 10


def test_baselines_are_measured_beside_ours(report):
    baselines = [row for row in report.rows if row.group == f"{BASELINES_GROUP} x4"]
    assert {row.network for row in baselines} == {"SCNet-D8B1 direct", "ESPCN"}


def test_targets_are_judged_where_they_were_measured(report):
    outcomes = {outcome.target: outcome for outcome in judge(report.rows)}
    assert set(outcomes) == set(TARGETS)
    assert all(outcome.reached is None for outcome in outcomes.values())  # another size
    rows = [replace(row, height=128, width=128) for row in report.rows]
    found = [one for one in judge(rows) if one.found is not None]
    assert {one.target.head for one in found} == {"pixelshuffle"}
    assert all(one.reached == (one.found <= 1.05) for one in found if one.target.limit == 1.05)


def test_a_run_leaves_table_json_and_picture(report, tmp_path, capsys):
    print_tables(report)
    save(report, tmp_path / "docs")
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("reference", "shift-free", "ESPCN", "16x24"))
    written = json.loads((tmp_path / "docs" / "benchmark.json").read_text())
    assert len(written["rows"]) == len(report.rows)
    assert written["rows"][0]["samples_ms"]
    assert {point["way"] for point in written["growth"]} == {"whole"}
    kept = summarize(written)
    cells = [cell for kind in ("forms", "baselines") for cell in kept[kind]]
    assert sum(len(cell["measured"]) for cell in cells) == len(report.rows)
    with Pillow.open(tmp_path / "docs" / "benchmark.png") as picture:
        assert picture.format == "PNG"


def test_what_cannot_be_converted_is_a_row_that_says_so(tmp_path):
    odd = replace(TINY, heads=(), sizes=((12, 20),), scaling=())
    broken = replace(odd, baselines=(replace(BASELINES[0], build=lambda scale: _Unconvertible()),))
    found = run(broken, tmp_path, ("TFLite XNNPACK",), lambda step: None)
    ours, baseline = found.rows
    assert ours.timing.failure is None
    assert baseline.timing.failure is not None
    assert baseline.timing.samples_ms == ()


class _Unconvertible(nn.Module):
    """litert-torch 0.10 has nothing for this pooling."""

    def forward(self, luma):
        return F.adaptive_max_pool2d(luma, (7, 5))


def test_files_are_made_once(tmp_path):
    (subject, *_), size = list(forms(SCNetConfig(4, "direct", 8, 1), "onnx", TINY)), (16, 16)
    first = Workshop(tmp_path).make(subject, "onnx", size)
    changed = first.path.stat().st_mtime_ns
    again = Workshop(tmp_path).make(subject, "onnx", size)
    assert again == first
    assert again.path.stat().st_mtime_ns == changed
