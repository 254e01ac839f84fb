"""`python -m placement_tables`, as `nox -s placement` calls it."""

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from mobile_runtime.check import litert_table as litert_file
from mobile_runtime.check import web_table as web_file
from placement_tables import litert_table, verify, web_table

FILES = click.argument(
    "files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
ENGINES = ("web", "litert")
SHOWN = 20
"""Files that are listed where words and deeds differ."""


@click.command()
@click.option("--engine", "engines", type=click.Choice(ENGINES), multiple=True, default=ENGINES)
@click.option("--verify", "verifies", is_flag=True, help="Write nothing: count what agrees.")
@FILES
def main(engines: Sequence[str], files: tuple[Path, ...], *, verifies: bool) -> None:
    """Try every operator in the engines that ship, and write the tables that scnet check reads.

    With --verify, what check says of single operators, and of FILES, is compared with the engines.
    """
    if verifies:
        _verify(engines, files)
        return
    if "web" in engines:
        web = web_table.make_table()
        web_file.FILE.write_bytes(_encode(web))
        click.echo(f"{web.engine} {web.version}: {len(web.rows)} rows.")
    if "litert" in engines:
        litert = litert_table.make_table()
        litert_file.FILE.write_bytes(_encode(litert))
        click.echo(f"{litert.engine} {litert.version}: {len(litert.rows)} rows.")


def _encode(table: web_file.Table | litert_file.Table) -> bytes:
    """Return a table as JSON, one row per line."""
    head = msgspec.structs.asdict(table)
    del head["rows"]
    rows = b",\n".join(msgspec.json.encode(row) for row in table.rows)
    return msgspec.json.encode(head)[:-1] + b',"rows":[\n' + rows + b"\n]}\n"


def _verify(engines: Sequence[str], files: tuple[Path, ...]) -> None:
    kinds = {
        "web": (".onnx", "WebGPU", verify.onnx_operators, verify.onnx_files),
        "litert": (".tflite", "LiteRT GPU", verify.tflite_operators, verify.tflite_files),
    }
    for engine in engines:
        suffix, title, check_operators, check_files = kinds[engine]
        _report(f"{title}, single operators", check_operators())
        whole = [path for path in files if path.suffix == suffix]
        claims = check_files([str(path) for path in whole], [p.read_bytes() for p in whole])
        _report(f"{title}, files", claims)


def _report(title: str, claims: Sequence[verify.Claim]) -> None:
    wrong = [claim for claim in claims if claim.said != claim.true]
    share = f"{1 - len(wrong) / len(claims):.1%}" if claims else "none"
    click.echo(f"{title}: {len(claims) - len(wrong)} of {len(claims)} agree ({share}).")
    for claim in wrong[:SHOWN]:
        click.echo(f"  {claim.name[:120]}: said {claim.said}, is {claim.true}")


if __name__ == "__main__":
    main()
