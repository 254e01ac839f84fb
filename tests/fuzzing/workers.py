"""Fuzzing in processes that may die: `python -m fuzzing.workers --count 2000`.

Prints a table of exit codes, and the faults, whose files are kept in dist/fuzzing. The exit code is
1 if there are any.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from shutil import copytree, rmtree
from tempfile import TemporaryDirectory

from model_files import Converter
from rich.console import Console
from rich.table import Table

from fuzzing.damaged_files import damage
from fuzzing.runs import Outcome, make_originals, run_case
from mobile_runtime.engines import sandboxed_run
from mobile_runtime.engines.session import open_session
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX

SECONDS_LIMIT = 2 * sandboxed_run.SECONDS_LIMIT
"""For one case: a sandboxed run that does not end is ended first. The usual case takes 5."""
KEPT = Path("dist/fuzzing")


class Worker:
    """A process that runs cases one by one; when it is lost, another takes its place."""

    def __init__(self, originals: Path, seed: int) -> None:
        self.originals, self.seed = originals, seed
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(
            target=serve, args=(other, self.originals, self.seed), daemon=True
        )
        self.process.start()
        other.close()

    def run(self, number: int) -> Outcome:
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            self.pipe.send((number, Path(folder)))
            try:
                if self.pipe.poll(SECONDS_LIMIT):
                    outcome = self.pipe.recv()
                else:
                    outcome = self.lose(number, f"no end within {SECONDS_LIMIT} s")
            except EOFError:
                self.process.join()
                outcome = self.lose(number, f"the process died ({self.process.exitcode})")
            if outcome.faults:
                keep(Path(folder), self.seed, number)
        if any("of memory" in fault for fault in outcome.faults):  # the peak of its whole life
            self.stop()
            self.start()
        return outcome

    def lose(self, number: int, why: str) -> Outcome:
        self.stop()
        self.start()
        suffix, recipe = describe(self.originals, self.seed, number)
        return Outcome(number, suffix, recipe, {}, (why,))

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # with what it started
        self.process.kill()
        self.process.join()
        self.pipe.close()


def serve(pipe, originals: Path, seed: int) -> None:
    """Run cases until the other end hangs up."""
    os.setsid()
    logging.disable(logging.WARNING)  # as the program does
    warm_up(originals)
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            number, folder = pipe.recv()
            pipe.send(run_case(originals, seed, number, folder))


def warm_up(originals: Path) -> None:
    """Import what every file needs, so that it does not count against the first."""
    for path in originals.iterdir():
        if path.suffix in FORMAT_OF_SUFFIX:
            open_session(path, threads=1)


def describe(originals: Path, seed: int, number: int) -> tuple[str, str]:
    with TemporaryDirectory() as folder:
        copytree(originals, Path(folder) / "models")
        model, recipe = damage(Path(folder) / "models", seed, number)
        return model.suffix, recipe


def keep(folder: Path, seed: int, number: int) -> None:
    kept = KEPT / f"{seed}-{number}"
    rmtree(kept, ignore_errors=True)
    copytree(folder, kept)


def run_cases(originals: Path, seed: int, numbers, workers: int):
    """Yield the outcome of each, in the order of their numbers."""
    free = SimpleQueue()
    for _ in range(workers):
        free.put(Worker(originals, seed))

    def run(number: int) -> Outcome:
        worker = free.get()
        try:
            return worker.run(number)
        finally:
            free.put(worker)

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(run, numbers)
    while not free.empty():
        free.get().stop()


def tabulate(outcomes: list[Outcome]) -> Table:
    table = Table("format", "cases", "command", "exit code 0", "1", "2")
    for suffix in FORMAT_OF_SUFFIX:
        ours = [outcome for outcome in outcomes if outcome.suffix == suffix]
        for name in ("check", "info", "upscale", "validate"):
            codes = Counter(outcome.codes.get(name) for outcome in ours)
            table.add_row(suffix, str(len(ours)), name, *(str(codes[code]) for code in (0, 1, 2)))
    return table


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    numbers = range(asked.start, asked.start + asked.count)
    console = Console(width=160)
    console.print(f"seed {asked.seed}, {asked.count} cases")
    outcomes = []
    with TemporaryDirectory() as folder:
        converted = Converter(Path(folder, "converted"))
        originals = make_originals(converted, Path(folder, "originals"))
        found = run_cases(originals, asked.seed, numbers, asked.workers)
        for outcome in found:
            outcomes.append(outcome)
            if len(outcomes) % 50 == 0:
                console.print(f"{len(outcomes)} of {asked.count} done")
            for fault in outcome.faults:
                where = f"{asked.seed}-{outcome.number} {outcome.suffix}, {outcome.recipe}"
                console.print(f"{where}: {fault}", markup=False, highlight=False, soft_wrap=True)
    console.print(tabulate(outcomes))
    bad = sum(bool(outcome.faults) for outcome in outcomes)
    caught = sum(outcome.caught for outcome in outcomes)
    console.print(
        f"{len(outcomes)} cases of seed {asked.seed}: {bad} with faults; native libraries "
        f"crashed {caught} times in processes made for that."
    )
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
