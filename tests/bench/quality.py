"""How good the pictures are: PSNR on Y of Set5, as published or as saved in docs/results."""

from collections.abc import Iterator
from dataclasses import dataclass

from docs_tables.results import load

from bench.subjects import Scope, name_network
from scnet.config import SCNetConfig


@dataclass(frozen=True)
class Quality:
    """One network at one scale."""

    network: str
    scale: int
    psnr_db: float
    source: str


def find_quality(scope: Scope) -> Iterator[Quality]:
    """List what is known: nothing of networks without weights, or without a source at hand."""
    for scale in scope.scales:
        for head in scope.heads:
            yield from _find_ours(SCNetConfig(scale, head, scope.width, scope.depth))
        for baseline in scope.baselines:
            if scale in baseline.psnr_db:
                source = baseline.psnr_source or baseline.paper
                yield Quality(baseline.name, scale, baseline.psnr_db[scale], source)


def _find_ours(config: SCNetConfig) -> Iterator[Quality]:
    name = f"scnet-{config.variant}-x{config.scale}-{config.head}"
    for score in load("quality")["scores"]:
        if (score["method"], score["folder"]) == (name, "Set5"):
            yield Quality(name_network(config), config.scale, score["psnr_db"], f"{name}, ours")
