"""Steps of a long call, told to its caller."""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Step:
    """What a call that works on several files does now."""

    file: str
    """Name of the file."""
    number: int
    """Of the file, from 1."""
    files: int
    action: str = ""
    """Such as `quantizing the weights`."""


OnStep = Callable[[Step], None]
"""Called when a step begins."""

OnAction = Callable[[str], None]
"""Called when a step of one file begins, with its `action`."""


def ignore_step(step: Step) -> None:
    """Do nothing."""


def ignore_action(action: str) -> None:
    """Do nothing."""


def actions_of(on_step: OnStep, file: str, number: int, files: int) -> OnAction:
    """Return a function that tells the actions on one file as its steps."""
    step = Step(file, number, files)
    return lambda action: on_step(replace(step, action=action))
