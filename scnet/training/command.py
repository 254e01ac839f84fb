"""`scnet train`: from a folder of pictures to weights."""

import os
import sys
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from mobile_runtime.console import say, verbosity
from mobile_runtime.imaging.degradation import DEGRADATIONS
from mobile_runtime.imaging.metrics import bicubic
from scnet.config import HEADS, STAGES, VARIANTS, Head, SCNetConfig
from scnet.training.degradation import PHOTO
from scnet.training.interruption import Interruption
from scnet.training.recipe import Recipe
from scnet.weights import find_weights

if TYPE_CHECKING:  # they import PyTorch
    from scnet.checkpoint import Checkpoint
    from scnet.training.patches import Dataset

COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)

NOTICE = "Stopping after this step; once more to end at once, without saving the state."

DEGRADATION_RECIPES = {"clean": None, "photo": PHOTO}


def _check_finite(context: click.Context, option: click.Parameter, value: float) -> float:
    if not isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number.", context, option)
    return value


@click.command("train")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Run folder.",
)
@click.option("--scale", type=click.Choice([str(s) for s in STAGES]), default="4")
@click.option("--head", type=click.Choice(HEADS), default="pixelshuffle")
@click.option("--variant", type=click.Choice(list(VARIANTS)), default="t")
@click.option("--steps", type=click.IntRange(1), default=Recipe.steps, show_default=True)
@click.option(
    "--batch",
    type=click.IntRange(1),
    default=Recipe.batch,
    show_default=True,
    help="Patches per step.",
)
@click.option(
    "--patch",
    type=click.IntRange(1),
    default=Recipe.patch,
    show_default=True,
    help="Low-resolution side.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    callback=_check_finite,
    default=Recipe.rate,
    show_default=True,
    help="Largest learning rate.",
)
@click.option(
    "--degradation",
    type=click.Choice(list(DEGRADATION_RECIPES)),
    default="clean",
    show_default=True,
    help="How low-resolution pictures are made: MATLAB's bicubic, or as users have them.",
)
@click.option("--precision", type=click.Choice(["32-true", "bf16-mixed"]), default="bf16-mixed")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=Recipe.seed, show_default=True)
@click.option(
    "--start",
    type=click.Path(path_type=Path),
    help="Begin from a checkpoint, or bundled weights by name, wherever they fit.",
)
@click.option(
    "--qat",
    is_flag=True,
    help="Round features to 8 bits, as w8a8 files do: for the last steps, with a low --rate.",
)
@click.option("--compiled", is_flag=True, help="Use torch.compile: for GPUs.")
@click.option(
    "--licence",
    help="Of the weights; goes into their header and all files made of them. That of --start "
    "if not given.",
)
@click.option("--source", help="Of the weights, such as an address; goes there too.")
@click.option("--resume", is_flag=True, help="Go on from the state in the run folder.")
def command(
    folder: Path,
    output: Path,
    start: Path | None,
    licence: str | None,
    source: str | None,
    *,
    resume: bool,
    **settings: Any,
) -> None:
    """Train on the pictures in FOLDER; every 25th is kept back to choose the best weights by.

    The run folder gets weights.safetensors, log.csv and state.pth every 500 steps, and at the end
    curve.png. Interrupt whenever you like: the running step is finished and its state saved, and
    the same command with --resume goes on from there. --steps cannot grow, since the rate falls to
    0 by the last one: to train on, --start another run from the weights. `fabric run` spreads the
    same command over several processes. Tried: two on a CPU, and one GPU alone.

    With --degradation photo each picture is degraded anew, at random and in worker processes, for
    every eight patches or so. Those kept back are degraded as scnet evaluate can do it, in turn.
    """
    from scnet.checkpoint import open_checkpoint
    from scnet.training.loop import score, train

    begun = None if start is None else open_checkpoint(find_weights(start))
    for remark in begun.remarks if begun else ():
        say(remark, err=True)
    recipe = _recipe(begun, **settings)
    _check_output(output, resume=resume)
    one_of_many = os.environ.get("LOCAL_RANK", "0") != "0"  # the first one speaks
    console = Console(stderr=True, quiet=one_of_many or verbosity() == "quiet")
    dataset = _read(folder, recipe, console)
    output.mkdir(parents=True, exist_ok=True)
    inherited = {} if begun is None or resume else begun.notes
    notes = {
        "licence": licence or inherited.get("licence"),
        "source": source or inherited.get("source"),
    }
    bicubic_db = score(bicubic(recipe.network.scale), dataset)
    with (
        Interruption("" if console.quiet else NOTICE) as interruption,
        Progress(*COLUMNS, console=console) as bar,
    ):
        task = bar.add_task("training", total=recipe.steps)
        done = train(
            recipe,
            dataset,
            output,
            start=begun,
            notes={name: text for name, text in notes.items() if text},
            on_step=lambda step, loss: bar.update(
                task, completed=step, description=f"loss {loss:.4f}"
            ),
            on_progress=lambda found: console.print(
                f"step {found.step}: loss {found.loss:.5f}, {found.psnr_db:.2f} dB "
                f"(bicubic {bicubic_db:.2f} dB)"
            ),
            should_stop=lambda: interruption.received is not None,
        )
    if done < recipe.steps:
        console.print(
            f"Stopped at step {done} of {recipe.steps}, state saved: the same command with "
            "--resume goes on.",
            soft_wrap=True,
        )
        sys.exit(interruption.exit_code)
    console.print(Text(f"Best weights: {output / 'weights.safetensors'}"), soft_wrap=True)


def _check_output(output: Path, *, resume: bool) -> None:
    """Refuse to write over a run, and to resume one that is not there."""
    if output.exists() and not os.access(output, os.W_OK):
        raise click.UsageError(f"{output} cannot be written to: name another folder.")
    begun = (output / "state.pth").exists()
    if begun and not resume:
        raise click.UsageError(
            f"{output} holds a run: go on with --resume, or name another folder."
        )
    if resume and not begun:
        raise click.UsageError(
            f"{output} holds no run to resume (no state.pth): name its folder, or leave out "
            "--resume."
        )
    for name in ("weights.safetensors", "log.csv", "curve.png"):
        if not begun and (output / name).exists():
            raise click.UsageError(
                f"{output / name} would be written over, and no state.pth says that it can be "
                "gone on with: name another folder."
            )


def _recipe(
    start: "Checkpoint | None",
    *,
    scale: str,
    head: Head,
    variant: str,
    degradation: str,
    **settings: Any,
) -> Recipe:
    from scnet.training.loop import check_body

    width, depth = VARIANTS[variant]
    config = SCNetConfig(int(scale), head, width, depth)
    if start is not None:
        check_body(config, start)  # before minutes go into reading pictures
    # Where the file lies is nobody's business.
    name = None if start is None else f"{start.path.name} {start.sha256}"
    return Recipe(config, start=name, degradation=DEGRADATION_RECIPES[degradation], **settings)


def _read(folder: Path, recipe: Recipe, console: Console) -> "Dataset":
    from scnet.training.patches import load_dataset

    with console.status(Text(f"Reading {folder}")):
        dataset = load_dataset(
            folder,
            scale=recipe.network.scale,
            patch=recipe.patch,
            judged_by=["clean"] if recipe.degradation is None else list(DEGRADATIONS),
        )
    for reason in dataset.skipped:
        console.print(Text(f"Skipped: {reason}", style="yellow"), soft_wrap=True)
    console.print(
        f"{len(dataset.training)} pictures to train on, {len(dataset.validation)} to validate on."
    )
    return dataset
