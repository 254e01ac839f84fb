"""`python -m docs_tables`, as `nox -s docs` calls it."""

import json
from pathlib import Path
from shutil import copyfile

import click

from docs_tables import benchmarks, models, peers, weights
from docs_tables.pages import pages, render
from docs_tables.results import ROOT, save

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@click.option("--models", "folder", type=FOLDER, help="Take results from the manifests in it.")
@click.option("--benchmark", type=FILE, help="benchmark.json of nox -s bench; the .png beside it.")
@click.option("--quality", type=FILE, multiple=True, help="What scnet evaluate --json wrote.")
@click.option("--plot", is_flag=True, help="Draw docs/peers.png anew.")
def main(
    folder: Path | None, benchmark: Path | None, quality: tuple[Path, ...], *, plot: bool
) -> None:
    """Write the generated parts of the pages from docs/results and from the code.

    With an option, docs/results takes new results first.
    """
    if folder is not None:
        save("models", models.collect(folder))
    if benchmark is not None:
        save("benchmark", benchmarks.summarize(json.loads(benchmark.read_text())))
        copyfile(benchmark.with_suffix(".png"), ROOT / "docs" / "benchmark.png")
    for file in quality:
        save("quality", weights.add_scores(file))
    if plot:
        peers.draw_plot()
    for page in pages():
        text = render(page)
        if text != page.read_text():
            page.write_text(text)
            click.echo(f"{page.relative_to(ROOT)} is new.")


if __name__ == "__main__":
    main()
