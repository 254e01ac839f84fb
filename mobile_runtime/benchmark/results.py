"""Results of a benchmark, and their JSON form, which the web page writes too."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from mobile_runtime.benchmark.cold_start import ColdStart
from mobile_runtime.benchmark.timing import Plan, Ratio, Statistics
from mobile_runtime.errors import ScnetError
from mobile_runtime.model_file.manifest import Positive

Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z", max_length=1000)]
"""Text without control characters: reports come from anybody, and are shown on terminals."""


@dataclass(frozen=True)
class Measurement:
    """One file on one engine, at one size."""

    file: Line
    precision: Line | None
    """None for a file that this project did not make."""
    shift: Line | None
    """Form of the spatial shift; None for a file that this project did not make."""
    engine: Line
    """Its name and version."""
    threads: int | None
    """None where the engine chooses them."""
    placement: Line
    """How many operators run on which unit."""
    height: Positive | None
    """Of the input, in pixels; None where a file of anybody takes no picture."""
    width: Positive | None
    cold: ColdStart
    """In a browser: in a fresh worker, and loading includes the start of the engine."""
    warm: Statistics
    ratio: Ratio
    """To the first file."""
    psnr_db: float | None = None
    """Difference to PyTorch's output, the lowest over the golden samples; only the web page
    measures it here, `scnet validate` does for files."""
    inputs: tuple[Line, ...] = ()
    """Of a file that this project did not make: names, types and shapes."""


@dataclass(frozen=True)
class Benchmark:
    """Files that were run in turns on one machine; in a browser, one file on several backends."""

    device: Line
    date: Line
    """UTC, ISO 8601."""
    plan: Plan
    warmup_runs: int
    """Made of each file; fewer than planned if time ran out."""
    files: Annotated[tuple[Measurement, ...], msgspec.Meta(min_length=1)]


def read_benchmark(path: Path) -> Benchmark:
    """Read what `scnet benchmark --json` or the web page wrote, on any machine.

    Raises:
        ScnetError: The file cannot be read, or is something else.
    """
    try:
        benchmark = msgspec.json.decode(path.read_bytes(), type=Benchmark)
    except OSError as error:
        raise ScnetError(f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ScnetError(
            f"{path} is not a benchmark ({error}): expected what scnet benchmark --json writes, "
            "or the web page's report."
        ) from error
    rounds = {len(row.warm.samples_ms) for row in benchmark.files}
    if len(rounds) > 1 or 0 in rounds:
        raise ScnetError(f"{path} was edited: each of its files must have been run as often.")
    return benchmark
