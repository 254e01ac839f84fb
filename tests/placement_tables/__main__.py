"""`python -m placement_tables`, as `nox -s placement` calls it."""

import click

from mobile_runtime.check import web_table as web_file
from placement_tables import web_table


@click.command()
def main() -> None:
    """Try every operator in the engines that ship; write the tables that `scnet check` reads."""
    found = web_table.make_table()
    web_file.FILE.write_bytes(web_table.write(found))
    click.echo(f"{found.engine} {found.version}: {len(found.rows)} rows.")


if __name__ == "__main__":
    main()
