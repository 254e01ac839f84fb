"""Pages with generated blocks, each between `<!-- begin: NAME -->` and `<!-- end: NAME -->`."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from docs_tables import benchmarks, models, peers, references, rules, tiles, weights
from docs_tables.results import ROOT
from scnet.weights import WEIGHTS

BLOCKS: dict[str, Callable[[], str]] = {
    "precisions": references.precisions_table,
    "tolerances": references.tolerances_table,
    "pictures read": references.pictures_read_table,
    "pictures written": references.pictures_written_table,
    "rules": rules.rules_tables,
    "tiles": tiles.work_table,
    "weights": weights.short_table,
    "weights in full": weights.full_table,
    "quality of files": weights.files_quality_table,
    "quantization": weights.quantization_table,
    "results": models.summary_table,
    "files": models.files_table,
    "targets": models.targets_table,
    "GPU": models.gpu_table,
    "models environment": models.environment,
    "forms": partial(benchmarks.forms_table, "benchmark", 4, 128),
    "forms x2": partial(benchmarks.forms_table, "benchmark", 2, 128),
    "forms on AVX2": partial(benchmarks.forms_table, "benchmark-avx2", 4, 128),
    "baselines": partial(peers.baselines_table, 4, 128),
    "peers x2": partial(peers.peers_table, 2),
    "peers x4": partial(peers.peers_table, 4),
    "peers in front": peers.front_table,
    "growth": benchmarks.growth_table,
    "benchmark environment": partial(benchmarks.environment, "benchmark"),
    "AVX2 environment": partial(benchmarks.environment, "benchmark-avx2"),
}
"""Name -> its Markdown. A card has one more, `quality`, and the front matter."""

BLOCK = re.compile(r"(<!-- begin: (.+?) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)
FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)


def pages() -> Iterator[Path]:
    """List the pages that may hold generated blocks."""
    yield ROOT / "README.md"
    yield from sorted((ROOT / "docs").glob("*.md"))
    yield from (path.with_suffix(".md") for path in WEIGHTS.values())


def render(page: Path) -> str:
    """Return the text of a page as it should be, its generated blocks made anew.

    Raises:
        KeyError: A block has a name that is not in `BLOCKS`.
    """
    text = page.read_text()
    blocks = BLOCKS
    if page.stem in WEIGHTS:
        blocks = BLOCKS | {"quality": partial(weights.card_table, page)}
        matter = f"---\n{weights.front_matter(page)}\n---\n"
        text = matter + FRONT_MATTER.sub("", text, count=1)

    def fill(found: re.Match[str]) -> str:
        return f"{found[1]}{blocks[found[2]]()}\n{found[3]}"

    return BLOCK.sub(fill, text)
