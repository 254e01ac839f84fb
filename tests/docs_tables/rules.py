"""The rules of `scnet check` as Markdown."""

from collections.abc import Iterator

from docs_tables.results import markdown
from mobile_runtime.check import neural_engine, tflite_gpu, web
from mobile_runtime.check.placement import NOT_STATIC, TARGETS
from mobile_runtime.model_file.format import FORMATS

SECTIONS = (
    ("Core ML on the Neural Engine", neural_engine.RULES),
    ("TFLite on GPUs", tflite_gpu.RULES),
    ("ONNX in browsers and in onnxruntime's CoreML provider", web.RULES),
)


def rules_tables() -> str:
    """Write the targets, the rules in a table per format, and what no file tells."""
    return "\n\n".join(f"## {title}\n\n{table}" for title, table in _tables())


def _tables() -> Iterator[tuple[str, str]]:
    units = [
        [f"`{t.name}`", t.title, f"`{FORMATS[t.format].suffix}`", t.unit, t.fallback]
        for t in TARGETS
    ]
    yield "Targets", markdown(["target", "engine", "files", "unit", "falls back to"], units)
    columns = ["rule", "severity", "targets", "stays", "finding", "remedy", "source"]
    for title, rules in SECTIONS:
        rows = [
            [
                rule.id,
                rule.severity,
                ", ".join(f"`{target}`" for target in rule.targets),
                "no" if rule.unsupported else "yes",
                rule.message.removesuffix(neural_engine.EMPIRICAL).rstrip(),
                rule.fix,
                rule.source,
            ]
            for rule in rules
        ]
        yield title, markdown(columns, [[cell.replace("|", "\\|") for cell in row] for row in rows])
    reasons = [[rule.id, rule.reason] for rule in NOT_STATIC]
    yield "Not decidable from a file", markdown(["rule", "why"], reasons)
