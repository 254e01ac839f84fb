"""The state of a training run: saved, and restored by `--resume`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric
from torch.optim.swa_utils import AveragedModel

from scnet.checkpoint import unpickle
from scnet.errors import CheckpointError
from scnet.network import SCNet


@dataclass(frozen=True)
class Progress:
    """The result of one validation."""

    step: int
    loss: float
    """Mean since the last validation."""
    psnr_db: float
    """Mean on Y over the validation pictures, with the running-mean weights."""


@dataclass
class Run:
    """The live objects of one training run; `state_dict` is all that a resumed run needs."""

    terms: dict[str, Any]
    """What a resumed run must share with the run that it continues: recipe, pictures, processes."""
    notes: dict[str, str]
    """What goes into the header of the weights."""
    fabric: Fabric
    net: SCNet
    mean_net: AveragedModel
    optimizer: Any
    """`Optimizer`, or where `terms` say `fused`, the `FusedStep` that does all of a step."""
    step: int = 0
    losses: list[float] = field(default_factory=list)
    """Of the steps since the last validation."""
    history: list[Progress] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        """Return what to save: tensors, numbers, strings and plain containers."""
        return {
            "terms": self.terms,
            "notes": self.notes,
            "step": self.step,
            "losses": self.losses,
            "net": self.net.state_dict(),
            "mean_net": self.mean_net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": [asdict(progress) for progress in self.history],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned; new notes are added to the saved ones."""
        self.notes = state["notes"] | self.notes
        self.step = int(state["step"])
        self.losses = list(state.get("losses", []))  # once, only validations saved the state
        self.net.load_state_dict(state["net"])
        self.mean_net.load_state_dict(state["mean_net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history = [Progress(**progress) for progress in state["history"]]


def restore(run: Run, path: Path) -> None:
    """Restore a run from its saved state.

    Raises:
        CheckpointError: It is damaged, or of a run on other terms.
    """
    state = unpickle(path)
    try:
        known = {name: text for name, text in run.notes.items() if name in state["notes"]}
        before, now = state["terms"] | state["notes"], run.terms | state["notes"] | known
        changes = _changes(before, now)
        if not changes:
            run.load_state_dict(state)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as e:
        raise CheckpointError(
            f"{path} is not the state of a training run, or is damaged: name another --output to "
            "start anew."
        ) from e
    if list(changes) == ["steps"]:
        raise CheckpointError(
            f"{path} is of a run of {before['steps']} steps and cannot go on to {now['steps']}, "
            "because its rate falls to 0 by its last step: finish it, then train another run with "
            f"--start {path.with_name('weights.safetensors')}, --rate 1e-3 and another --output."
        )
    if changes:
        raise CheckpointError(
            f"{path} belongs to another recipe: {'; '.join(changes.values())}. Use its options and "
            "pictures to go on, or another --output to start anew."
        )


def _changes(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, str]:
    """Return a sentence for each field that differs, those of the network included."""
    (there, here) = ({**side, **side["network"]} for side in (theirs, ours))
    names = [name for name in {**here, **there} if name != "network"]
    return {
        name: f"{name} was {there.get(name)}, now is {here.get(name)}"
        for name in names
        if there.get(name) != here.get(name)
    }
