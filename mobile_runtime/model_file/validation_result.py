"""The result of running a model file on one engine of one device."""

from dataclasses import dataclass

from mobile_runtime.model_file.parity import Difference


@dataclass(frozen=True)
class EngineInfo:
    """An engine, as exactly as it makes a difference to what a file computes."""

    name: str
    """As `--engine` takes it, such as `xnnpack`."""
    version: str | None = None
    """The library behind it with its version, such as `ai-edge-litert 2.3.0`, and the GPU where it
    computes on one; None where this project itself computes."""
    threads: int | None = None
    """None where the engine has none, or decides for itself."""

    def __str__(self) -> str:
        """Return it as tables show it, such as `xnnpack, ai-edge-litert 2.3.0, 2 threads`."""
        named = (self.version or "").lower().startswith(self.name.lower())  # onnxruntime 1.32.0
        parts = (
            "" if named else self.name,
            self.version,
            self.threads and f"{self.threads} threads",
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class ValidationResult:
    """How a file did on one engine of one device, over all golden samples."""

    engine: str
    """See `EngineInfo`, as for `version` and `threads`."""
    version: str | None
    threads: int | None
    device: str
    compared: str
    """With what, on which inputs."""
    worst: Difference
    """The worst figure of each kind over all inputs, and the median of mean signed errors."""
    passed: bool
    placement: str = ""
    """Where its operators ran; empty where nobody could tell."""
    failure: str = ""
    """Why it did not pass; empty if it did."""

    @property
    def engine_info(self) -> EngineInfo:
        """What ran the file."""
        return EngineInfo(self.engine, self.version, self.threads)

    def replaces(self, other: "ValidationResult") -> bool:
        """Return whether this is a newer result of the same engine on the same device."""
        return (self.engine_info, self.device) == (other.engine_info, other.device)
