"""What an engine made of one file."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """What an engine made of one file."""

    load_ms: float | None = None
    first_run_ms: float | None = None
    peak_memory_mb: float | None = None
    """While it is opened and run in a fresh process, above what Python and libraries take."""
    samples_ms: tuple[float, ...] = ()
    """One per round; none if it failed."""
    failure: str | None = None
