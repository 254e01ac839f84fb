"""Errors of converting: why no file was made.

ConversionError
|-- UnsupportedOptionError  this format cannot do that; the message says what it can
|-- ToolUnavailableError    a library is missing; the message has the command that helps
|-- OutputError             the folder cannot be written to, or holds the file already
`-- VerificationError       converted, but wrong: nothing is kept; `.results` holds the figures
"""

from mobile_runtime.errors import ScnetError
from mobile_runtime.model_file.validation_result import ValidationResult


class ConversionError(ScnetError):
    """No file was made; the message says why, and what to do."""


class UnsupportedOptionError(ConversionError):
    """The format cannot do what was asked."""


class ToolUnavailableError(ConversionError):
    """A library that the format needs is not installed."""


class OutputError(ConversionError):
    """The output cannot be written, or is there already."""


class VerificationError(ConversionError):
    """The converted file does not compute what PyTorch does."""

    exit_code = 1

    def __init__(self, message: str, results: tuple[ValidationResult, ...]) -> None:
        super().__init__(message)
        self.results = results
        """Of every engine that ran the file."""
