"""Why no verdict could be had.

ScnetError
|-- ManifestError            missing, malformed, or about another file
|-- ModelLoadError           the runtime refused the file
|-- BackendUnavailableError  the runtime is not installed, or not on this system
`-- ImageError               not a picture, too large, or a shape that the model does not take
"""


class ScnetError(Exception):
    """A file could not be used; the message says what was wrong, and what to do."""

    exit_code = 2
    """Of the program: no verdict could be had; 1 stands for a bad verdict."""


class ManifestError(ScnetError):
    """The manifest is missing, malformed, or about another file."""


class ModelLoadError(ScnetError):
    """The model file is damaged, or not what its name says."""


class BackendUnavailableError(ScnetError):
    """The engine is not installed, or cannot run on this system."""


class ImageError(ScnetError):
    """The picture cannot be read or written, or the model does not take its size."""
