"""Why there is no network.

CheckpointError  not a checkpoint, not of an SCNet, or not of the one asked for
"""


class CheckpointError(ValueError):
    """This is not a checkpoint of the SCNet that was asked for; the message says why."""
