"""Runs of the program in which some installed packages cannot be imported, as if they were absent.

As a program: reads command lines in JSON from standard input, and prints what each of them did.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from packaging.requirements import Requirement

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

EXTRAS = sorted(PROJECT["optional-dependencies"])

SITE = "import os, sys; sys.modules.update(dict.fromkeys(os.environ['ABSENT'].split()))\n"
"""Of every Python process: a module that is None cannot be imported."""


def absent_modules(*extras):
    """The modules that extras bring, without those of the named extras and of a plain install."""
    everything, some = _packages(EXTRAS), _packages(extras)
    return [
        module
        for module, packages in packages_distributions().items()
        if {*map(_normalize, packages)} <= everything - some
    ]


def brings(installed, extra):
    """Whether some extras install all that another one does; None is a plain install."""
    return _packages([extra] if extra else []) <= _packages(installed)


def run_commands(commands, absent, folder):
    """Run each command line in a process that cannot import some modules.

    Returns exit code, standard output and standard error of each.
    """
    with TemporaryDirectory() as site:
        Path(site, "sitecustomize.py").write_text(SITE)
        path = os.pathsep.join([site, *filter(None, map(os.path.abspath, sys.path))])
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            input=json.dumps([[str(word) for word in command] for command in commands]),
            env={**os.environ, "PYTHONPATH": path, "ABSENT": " ".join(absent)},
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return json.loads(done.stdout)


def _packages(extras):
    """Normalized names of all packages that a plain install and some extras bring."""
    found = set()
    rows = [*PROJECT["dependencies"]]
    rows += [row for extra in extras for row in PROJECT["optional-dependencies"][extra]]
    waiting = [*map(Requirement, rows)]
    while waiting:
        wanted = waiting.pop()
        name = _normalize(wanted.name)
        if name == PROJECT["name"]:
            more = [row for e in wanted.extras for row in PROJECT["optional-dependencies"][e]]
            waiting += map(Requirement, more)
        elif name not in found:
            found.add(name)
            waiting += [row for row in map(Requirement, requires(name) or []) if _applies(row)]
    return found


def _applies(requirement):
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _normalize(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _main():
    """Fork one process per command from one that has imported all that a plain install has."""
    from converters.__main__ import main, program

    for name in program.list_commands(None):
        program.get_command(None, name)
    json.dump([_run(main, words) for words in json.load(sys.stdin)], sys.stdout)


def _run(main, words):
    with TemporaryFile("w+") as stdout, TemporaryFile("w+") as stderr:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            for number, stream in enumerate((stdout, stderr), start=1):
                os.dup2(stream.fileno(), number)
            sys.argv = ["scnet", *words]
            main()
        _, status = os.waitpid(child, 0)
        stdout.seek(0), stderr.seek(0)
        return os.waitstatus_to_exitcode(status), stdout.read(), stderr.read()


if __name__ == "__main__":
    _main()
