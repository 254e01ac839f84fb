"""Page of all rules of `scnet check`, in Markdown: `python -m mobile_runtime.check.rules_page`."""

import sys
from collections.abc import Iterable, Iterator

from mobile_runtime.check import neural_engine, tflite_gpu, web
from mobile_runtime.check.placement import NOT_STATIC, RULES, TARGETS
from mobile_runtime.check.rule import Rule

SECTIONS = (
    ("Core ML on the Neural Engine", neural_engine.EMPIRICAL, neural_engine.RULES),
    ("TFLite on GPUs", "", tflite_gpu.RULES),
    ("ONNX in browsers and in onnxruntime's CoreML provider", "", web.RULES),
)


def rules_markdown() -> str:
    """Return the page: the targets, the rules in one table per format, what no rule can decide."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Rules of `scnet check`\n"
    yield f"{len(RULES)} rules, generated from `mobile_runtime/check`.\n\n## Targets\n"
    titles = ((f"`{t.name}`", t.title, f"`{t.suffix}`", t.unit, t.fallback) for t in TARGETS)
    yield from _table(("target", "engine", "files", "unit", "falls back to"), titles)
    columns = ("rule", "severity", "targets", "supported", "what", "what to do", "source")
    for title, note, rules in SECTIONS:
        yield f"\n## {title}\n\n{note}\n" if note else f"\n## {title}\n"
        yield from _table(columns, (_row(rule, note) for rule in rules))
    yield "\n## Not decidable from the file\n"
    yield from _table(("rule", "why"), ((rule.id, rule.reason) for rule in NOT_STATIC))


def _row(rule: Rule, note: str) -> tuple[str, ...]:
    targets = ", ".join(f"`{target}`" for target in rule.targets)
    supported = "no" if rule.unsupported else "yes"
    what = rule.message.removesuffix(note).rstrip()
    return rule.id, rule.severity, targets, supported, what, rule.fix, rule.source


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (columns, ("---",) * len(columns), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


if __name__ == "__main__":
    sys.stdout.write(rules_markdown())
