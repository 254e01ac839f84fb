"""Errors of the harness: why no verdict could be had.

ScnetError
|-- ManifestError           the manifest is missing, malformed, or about another file
|-- ModelLoadError          the model file is damaged, or not what its name says
|-- EngineUnavailableError  no such engine or target for the file, or not on this system
|-- MissingDependencyError  a package is not installed; `.install` is the command that helps
|-- DeviceError             no phone, several, or one that does not do what it is told
`-- ImageError              not a picture, too large, or a shape that the model does not take
"""


class ScnetError(Exception):
    """A file could not be used; the message says what was wrong, and what to do."""

    exit_code = 2
    """Of the program: no verdict could be had; 1 stands for a bad verdict."""


class ManifestError(ScnetError):
    """The manifest is missing, malformed, or about another file."""


class ModelLoadError(ScnetError):
    """The model file is damaged, or not what its name says."""


class EngineUnavailableError(ScnetError):
    """There is no such engine or target for the file, or it cannot run on this system."""


class MissingDependencyError(ScnetError):
    """A package that is needed here is not installed."""

    def __init__(self, package: str, extra: str | None) -> None:
        super().__init__(package, extra)
        self.package = package
        self.install = (
            f"pip install 'scnet-mobile[{extra}]'" if extra else "pip install scnet-mobile"
        )
        """The command that installs it."""

    def __str__(self) -> str:
        """Return what is missing, with the command that installs it."""
        return f"{self.package} is not installed: {self.install}."


class DeviceError(ScnetError):
    """No phone is connected, or several are, or adb or the phone failed."""


class ImageError(ScnetError):
    """The picture cannot be read or written, or the model does not take its size."""
