"""`scnet train`: from a folder of pictures to weights."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scnet.network import HEADS, STAGES, VARIANTS, Head, SCNetConfig
from scnet.training.loop import Progress as Validation
from scnet.training.loop import train
from scnet.training.patches import load_dataset
from scnet.training.recipe import Precision, Recipe


@click.command("train")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="Run folder.")
@click.option("--scale", type=click.Choice([str(s) for s in STAGES]), default="4")
@click.option("--head", type=click.Choice(HEADS), default="pixelshuffle")
@click.option("--variant", type=click.Choice(list(VARIANTS)), default="t")
@click.option("--steps", default=Recipe.steps, show_default=True)
@click.option("--batch", default=Recipe.batch, show_default=True, help="Patches per step.")
@click.option("--patch", default=Recipe.patch, show_default=True, help="Low-resolution side.")
@click.option("--rate", default=Recipe.rate, show_default=True, help="Largest learning rate.")
@click.option("--precision", type=click.Choice(["32-true", "bf16-mixed"]), default="bf16-mixed")
@click.option("--seed", default=Recipe.seed, show_default=True)
@click.option(
    "--licence", help="Of the weights; goes into their header and all files made of them."
)
@click.option("--source", help="Of the weights, such as an address; goes there too.")
@click.option("--resume", is_flag=True, help="Go on from the state in the run folder.")
def command(
    folder: Path,
    output: Path,
    scale: str,
    head: Head,
    variant: str,
    steps: int,
    batch: int,
    patch: int,
    rate: float,
    precision: Precision,
    seed: int,
    licence: str | None,
    source: str | None,
    *,
    resume: bool,
) -> None:
    """Train on the pictures in FOLDER; every 25th is kept back to choose the best weights by.

    The run folder gets weights.safetensors, log.csv and state.pth. Interrupt whenever you like and
    go on with --resume.
    """
    console = Console(stderr=True)
    width, depth = VARIANTS[variant]
    recipe = Recipe(
        SCNetConfig(int(scale), head, width, depth),
        steps=steps,
        batch=batch,
        patch=patch,
        rate=rate,
        precision=precision,
        seed=seed,
    )
    if (output / "state.pth").exists() and not resume:
        raise click.UsageError(
            f"{output} holds a run: go on with --resume, or name another folder."
        )
    with console.status(f"Reading {folder}"):
        dataset = load_dataset(folder, scale=recipe.network.scale, patch=patch)
    for reason in dataset.skipped:
        console.print(f"Skipped: {reason}", style="yellow")
    console.print(
        f"{len(dataset.training)} pictures to train on, {len(dataset.validation)} to validate on."
    )
    output.mkdir(parents=True, exist_ok=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    ) as bar:
        task = bar.add_task("training", total=steps)

        def show_step(step: int, loss: float) -> None:
            bar.update(task, completed=step, description=f"loss {loss:.4f}")

        def show_validation(found: Validation) -> None:
            console.print(f"step {found.step}: loss {found.loss:.5f}, {found.psnr_db:.2f} dB")

        stated = {"licence": licence, "source": source}
        weights = train(
            recipe,
            dataset,
            output,
            notes={name: text for name, text in stated.items() if text},
            on_step=show_step,
            on_progress=show_validation,
        )
    console.print(f"Best weights: {weights}")
