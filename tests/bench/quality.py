"""How good the pictures are: PSNR on Y of Set5, as published or as the model cards say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bench.subjects import Scope, name_network
from scnet.network import SCNetConfig
from scnet.weights import WEIGHTS


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
            yield from _read_card(SCNetConfig(scale, head, scope.width, scope.depth))
        for peer in scope.peers:
            if scale in peer.psnr_db:
                source = peer.psnr_source or peer.paper
                yield Quality(peer.name, scale, peer.psnr_db[scale], source)


def _read_card(config: SCNetConfig) -> Iterator[Quality]:
    name = f"scnet-{config.variant}-x{config.scale}-{config.head}"
    if name not in WEIGHTS:
        return
    card = WEIGHTS[name].with_suffix(".md").read_text()
    if found := re.search(r"^\| these weights \| ([\d.]+) /", card, re.MULTILINE):
        yield Quality(name_network(config), config.scale, float(found[1]), f"{name}.md, ours")
