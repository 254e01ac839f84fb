"""Why there is no network.

CheckpointError  not a checkpoint, not of an SCNet, or not of the one asked for
TrainingError    training came to no good end
"""

from mobile_runtime.errors import ScnetError


class CheckpointError(ScnetError, ValueError):
    """This is not a checkpoint of the SCNet that was asked for; the message says why."""


class TrainingError(ScnetError, ValueError):
    """Training had to stop; the message says why, and what is left."""
