"""Everything a developer runs. `nox --list` shows it; `nox` runs the parts marked *."""

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "tests"]

PYPROJECT = nox.project.load_toml("pyproject.toml")
TEST = nox.project.dependency_groups(PYPROJECT, "test")
LINT = nox.project.dependency_groups(PYPROJECT, "lint")


def install(session: nox.Session, *requirements: str) -> None:
    """Install the project and more, in the versions that were tested together."""
    session.install("--constraint", "constraints.txt", "--editable", *requirements)


@nox.session
def models(session: nox.Session) -> None:
    """Convert the bundled weights to every format, prove each file, print the table."""
    install(session, ".[convert]")
    session.run(
        *("scnet", "convert", "--output-dir", "dist/models", "--overwrite"),
        *("--shift", "slice_concat", "--shift", "depthwise"),
        *("--precision", "fp32", "--precision", "fp16"),
        *session.posargs,
    )


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests."""
    install(session, ".[convert,plot,train]", *TEST)
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check formatting, style, types and who imports whom."""
    install(session, ".[convert,plot,train]", *TEST, *LINT, "nox")
    session.run("ruff", "format", "--check")
    session.run("ruff", "check")
    session.run("mypy")
    session.run("lint-imports")


@nox.session(default=False)
def train(session: nox.Session) -> None:
    """Train weights: `nox -s train -- FOLDER --output RUN`; see `scnet train --help`."""
    install(session, ".[train]")
    session.run("scnet", "train", *session.posargs)
