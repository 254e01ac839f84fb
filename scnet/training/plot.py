"""Plot of a training run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from mobile_runtime.atomic_write import atomic_write

if TYPE_CHECKING:
    from scnet.training.state import Progress


def plot_run(history: Sequence["Progress"], path: Path) -> None:
    """Draw loss and PSNR over the steps of a run, and mark the weights that are kept.

    Args:
        history: What the validations found, at least one.
        path: A `.png`; one that is there is replaced.

    Raises:
        OSError: It cannot be written.
    """
    steps = [progress.step for progress in history]
    best = max(history, key=lambda progress: progress.psnr_db)
    figure = Figure(figsize=(8, 5), layout="constrained")
    quality, loss = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    quality.plot(steps, [progress.psnr_db for progress in history])
    quality.plot(best.step, best.psnr_db, "o", label=f"kept: {best.psnr_db:.2f} dB")
    quality.set_ylabel("PSNR on Y, dB\n(pictures kept back)")
    quality.legend(loc="lower right")
    loss.plot(steps, [progress.loss for progress in history])
    loss.set_ylabel("loss")
    loss.set_xlabel("step")
    for axes in (quality, loss):
        axes.grid(alpha=0.3)
    with atomic_write(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
