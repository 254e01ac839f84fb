"""Errors of checkpoints and training.

CheckpointError  not a checkpoint, not of an SCNet, or not of the one that was asked for
TrainingError    training had to stop
"""

from mobile_runtime.errors import ScnetError


class CheckpointError(ScnetError, ValueError):
    """The file is not a checkpoint of the SCNet that was asked for; the message says why."""


class TrainingError(ScnetError, ValueError):
    """Training had to stop; the message says why, and what is left."""
