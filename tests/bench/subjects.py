"""What is measured: SCNet in every form, and published networks beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from bench.baselines import BASELINES, Baseline
from converters.options import SHIFTS, Shift
from mobile_runtime.model_file.format import FORMATS, FormatName
from mobile_runtime.model_file.model import Size
from mobile_runtime.model_file.precision import PRECISIONS, PrecisionName
from scnet.config import HEADS, Head, SCNetConfig
from scnet.network import SCNet

Form = str
"""`LOWER_BOUND`, `REFERENCE`, `published` (of a baseline), or ours, such as `depthwise fp32`."""

LOWER_BOUND: Form = "floor"
"""The network without its shift: no model, but the least that any way to write it could cost."""

REFERENCE: Form = "naive"
"""The published formulation, as one would write it down."""

LABELS = {LOWER_BOUND: "shift-free", REFERENCE: "reference"}
"""How tables call these forms; in JSON they keep the names that saved results have."""

BASELINES_GROUP = "peers"
"""How groups of published networks are called in JSON."""

FAST: tuple[PrecisionName, ...] = tuple(
    row.name for row in PRECISIONS.values() if row.weight_bits >= 16 or row.calibrated
)
"""Precisions that could change latency here; those that a format does not have are left out."""


@dataclass(frozen=True)
class Scope:
    """How much is measured."""

    scales: tuple[int, ...] = (2, 4)
    heads: tuple[Head, ...] = HEADS
    sizes: tuple[Size, ...] = ((128, 128), (180, 320))
    precisions: tuple[PrecisionName, ...] = FAST
    baselines: tuple[Baseline, ...] = BASELINES
    scaling: tuple[Size, ...] = ((64, 64), (128, 128), (180, 320), (360, 640), (720, 1280))
    width: int = 64
    """Of SCNet; with `depth` it is the variant T."""
    depth: int = 16
    runs: int = 25
    warmup_runs: int = 5
    seconds_limit: float = 10
    """For the runs of one file."""


QUICK = Scope(
    scales=(4,),
    sizes=((128, 128),),
    scaling=((64, 64), (128, 128), (180, 320)),
    runs=10,
    warmup_runs=2,
    seconds_limit=10,
)
"""Minutes instead of hours: for trying the session, not for publishing."""


@dataclass(frozen=True)
class Subject:
    """One network in one form."""

    network: str
    """`SCNet-T pixelshuffle`, or the name of a baseline."""
    form: Form
    scale: int
    config: SCNetConfig | None = None
    """None for a baseline."""
    baseline: Baseline | None = None
    shift: Shift | None = None
    """Of ours alone."""
    precision: PrecisionName = "fp32"


def networks(scope: Scope, scale: int) -> Iterator[SCNetConfig]:
    """List the SCNets of one scale."""
    for head in scope.heads:
        yield SCNetConfig(scale, head, scope.width, scope.depth)


def forms(config: SCNetConfig, format_: FormatName, scope: Scope) -> Iterator[Subject]:
    """List all forms of one SCNet in one format.

    The lower bound, to which the others are compared, is first, the reference implementation last.
    """
    name = name_network(config)
    yield Subject(name, LOWER_BOUND, config.scale, config)
    for shift in SHIFTS:
        for precision in scope.precisions:
            if precision in FORMATS[format_].precisions:
                form = f"{shift} {precision}"
                yield Subject(name, form, config.scale, config, shift=shift, precision=precision)
    yield Subject(name, REFERENCE, config.scale, config)


def baselines(scope: Scope, scale: int) -> Iterator[Subject]:
    """List ours and its baselines at one scale: ours first, which the others are compared to."""
    ours = SCNetConfig(scale, "direct", scope.width, scope.depth)
    yield Subject(name_network(ours), "depthwise fp32", scale, ours, shift="depthwise")
    for baseline in scope.baselines:
        yield Subject(baseline.name, "published", scale, baseline=baseline)


def name_network(config: SCNetConfig) -> str:
    """Name an SCNet by variant and head."""
    return f"SCNet-{config.variant.upper()} {config.head}"


def random_net(config: SCNetConfig) -> SCNet:
    """Make an SCNet whose weights mean nothing, the same at every call."""
    torch.manual_seed(0)
    return SCNet(config).eval()
