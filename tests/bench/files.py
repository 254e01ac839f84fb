"""Files of what is measured, converted once and kept."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench import plain
from bench.baselines import build
from bench.lower_bound import without_shift
from bench.reference import reference_form
from bench.subjects import LOWER_BOUND, REFERENCE, Subject, random_net
from converters.conversion import describe_model, import_converter, rewrite
from converters.errors import ConversionError
from converters.options import ConversionOptions
from converters.suppress_output import suppress_output
from mobile_runtime.model_file.format import FORMATS, FormatName
from mobile_runtime.model_file.model import Size
from scnet.checkpoint import Checkpoint, open_checkpoint, save_weights
from scnet.config import SCNetConfig
from scnet.network import SCNet
from scnet.weights import WEIGHTS

ROOT = Path(__file__).parents[2]

SOURCES = ("converters/**/*.py", "scnet/*.py", "tests/bench/baselines/*.py")
SOURCE_FILES = (
    *(f"tests/bench/{name}.py" for name in ("files", "reference", "lower_bound", "plain")),
    "mobile_runtime/formats/tflite_schema.py",
    "constraints.txt",
)
"""What decides how a file comes out: when any of it changes, all files are made anew."""

PLAIN = {"tflite": plain.convert_tflite, "onnx": plain.convert_onnx}

REFUSALS = (ConversionError, RuntimeError, ValueError, TypeError, NotImplementedError)
"""What converters raise for a network that they cannot take: it makes a row that says so."""


@dataclass(frozen=True)
class Made:
    """A file that was made, or the reason why not."""

    subject: Subject
    path: Path
    conversion_s: float | None
    failure: str | None = None


class Workshop:
    """Makes files in a folder of their own, and finds them there the next time."""

    def __init__(self, cache: Path) -> None:
        self.folder = cache / _digest_sources()
        self.folder.mkdir(parents=True, exist_ok=True)

    def make(self, subject: Subject, format_: FormatName, size: Size) -> Made:
        """Convert a subject, unless that was done before.

        Args:
            subject: What.
            format_: To which format.
            size: Of the input; our own `.onnx` take any.
        """
        name = f"{subject.network} {subject.form} x{subject.scale}".replace(" ", "-").lower()
        if subject.shift is None or format_ != "onnx":
            name += f"-{size[0]}x{size[1]}"
        path = self.folder / f"{name}{FORMATS[format_].suffix}"
        seconds = path.with_name(f"{path.name}.seconds")
        if not seconds.exists():
            start = perf_counter()
            try:
                self._convert(subject, format_, size, path)
            except REFUSALS as error:
                return Made(subject, path, None, _first_line(error))
            seconds.write_text(f"{perf_counter() - start:.2f}")
        return Made(subject, path, float(seconds.read_text()))

    def _convert(self, subject: Subject, format_: FormatName, size: Size, path: Path) -> None:
        if subject.baseline is not None:
            net = build(subject.baseline, subject.scale)
            better = plain.with_tflite_operators(net) if format_ == "tflite" else net
            PLAIN[format_](better, size, path)
            return
        assert subject.config is not None
        checkpoint = self._open_weights(subject.config)
        if subject.form == REFERENCE:
            PLAIN[format_](reference_form(checkpoint.net), size, path)
            return
        net = checkpoint.net
        if subject.form == LOWER_BOUND:
            net = without_shift(net)
        options = ConversionOptions(
            format_,
            subject.shift or "slice_concat",
            subject.precision,
            None if format_ == "onnx" else (size,),
        )
        _convert_ours(checkpoint, net, options, path)

    def _open_weights(self, config: SCNetConfig) -> Checkpoint:
        """Take the bundled weights, or random ones where there are none: speed is the same."""
        name = f"scnet-{config.variant}-x{config.scale}-{config.head}"
        if name in WEIGHTS:
            return open_checkpoint(WEIGHTS[name])
        path = self.folder / f"{name}.safetensors"
        if not path.exists():
            save_weights(random_net(config), path, {"licence": "none: random weights"})
        return open_checkpoint(path)


def _convert_ours(
    checkpoint: Checkpoint, net: SCNet, options: ConversionOptions, path: Path
) -> None:
    """Convert as `scnet convert` does, less the proof: `nox -s models` proves such files."""
    tool = import_converter(options.format)
    model = describe_model(checkpoint, options, tool)
    with suppress_output():
        tool.convert(rewrite(net, options), options, model, path)


def _digest_sources() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _sources() -> Iterable[Path]:
    for pattern in SOURCES:
        yield from sorted(ROOT.glob(pattern))
    yield from (ROOT / name for name in SOURCE_FILES)


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines() or ["no reason given"]
    return f"{type(error).__name__}: {text[0][:200]}"
