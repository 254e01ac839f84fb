"""Who is to blame when an engine does not give what PyTorch gave: an operator, or the file?"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.graph import Graph
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file import parity
from mobile_runtime.model_file.file import ModelFile, read_model_file
from mobile_runtime.model_file.format import FORMAT_OF_SUFFIX
from mobile_runtime.model_file.parity import Difference
from mobile_runtime.validation.divergence import first_divergence
from mobile_runtime.validation.validate import Comparison, compare_golden

REFUSALS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What the libraries that cut, and the references, raise for files that they were not made for."""


@dataclass(frozen=True)
class Divergence:
    """An operator whose results differ, though what it is given does not."""

    operator: str
    """As `scnet check` names it."""
    kind: str
    number: int
    """In the order of execution, from 1."""
    operators: int
    """How many the file has."""
    difference: Difference
    """Between engine and reference, 1.0 being the largest value that the reference has there."""


@dataclass(frozen=True)
class Fault:
    """Why an engine failed, as far as a second executor of the same file can tell."""

    engine: str
    sample: str
    """The golden sample that both ran."""
    reference: str
    """The second executor."""
    reference_difference: Difference
    """Between the reference and PyTorch."""
    reference_passed: bool
    divergence: Divergence | None
    """None if the two agree at the output."""

    def __str__(self) -> str:
        """Say it in a sentence."""
        if self.divergence is not None:
            at = self.divergence
            return (
                f"{self.engine} goes wrong at {at.operator} ({at.kind}, {at.number} of "
                f"{at.operators}): compared with {self.reference}, {at.difference}, 1.0 being the "
                "largest value there; what goes in agrees."
            )
        if self.reference_passed:
            return (
                f"No operator stands out: {self.engine} agrees with {self.reference} up to the "
                "end, just beyond the tolerance the one, just within it the other."
            )
        return (
            f"The file is wrong, not {self.engine}, which agrees with {self.reference}: compared "
            f"with PyTorch, {self.reference_difference} there too. Wrong weights, or a broken "
            "conversion: convert again."
        )


def localize_fault(file: Path | ModelFile, engine: str, *, threads: int | None = None) -> Fault:
    """Find the first operator at which a failing engine parts from a reference.

    Args:
        file: A model file with a manifest, on which the engine failed.
        engine: One of `session.engines(path)`.
        threads: For engines that have threads; all cores if not given.

    Raises:
        ModelLoadError: Engine or reference refuse a piece of the file, or the engine passes when
            it is asked again.
    """
    opened = read_model_file(file)
    try:
        return _search(opened, engine, threads)
    except REFUSALS as error:
        raise ModelLoadError(
            f"{opened.path} cannot be taken apart operator by operator: {error}"
        ) from error


def _search(file: ModelFile, engine: str, threads: int | None) -> Fault:
    path, tolerance = file.path, file.manifest.tolerance
    format_ = FORMAT_OF_SUFFIX[path.suffix]
    cutter = import_module(format_.cutter)
    graph: Graph = import_module(format_.graph_reader).read_graph(path)
    failing = _smallest_failing(file, engine, threads)
    against_pytorch = parity.compare(failing.expected, cutter.run_reference(path, failing.image))

    @cache
    def difference(tensor: str) -> Difference:
        return _compare_piece(path, cutter, tensor, failing.image, engine, threads)

    def parts(tensor: str) -> bool:
        return not tolerance.allows(difference(tensor))

    output = graph.outputs[0].name
    found = first_divergence(graph, output, parts) if parts(output) else None
    return Fault(
        engine=engine,
        sample=failing.sample,
        reference=cutter.REFERENCE,
        reference_difference=against_pytorch,
        reference_passed=tolerance.allows(against_pytorch),
        divergence=None if found is None else _locate(graph, found, difference(found)),
    )


def _smallest_failing(file: ModelFile, engine: str, threads: int | None) -> Comparison:
    session = open_session(file, engine=engine, threads=threads)
    failing = [
        comparison
        for comparison in compare_golden(session, file)
        if not file.manifest.tolerance.allows(comparison.difference)
    ]
    if not failing:
        raise ModelLoadError(
            f"{engine} failed on {file.path}, and passed when it was asked again: its results "
            "change from run to run."
        )
    return min(failing, key=lambda comparison: comparison.image.size)


def _compare_piece(
    path: Path, cutter: Any, tensor: str, image: Image, engine: str, threads: int | None
) -> Difference:
    """Cut the file at a tensor, and compare what engine and reference make of the rest."""
    with TemporaryDirectory() as folder:
        piece = Path(folder) / path.name
        cutter.cut(path, tensor, piece)
        actual = open_session(piece, engine=engine, threads=threads).run(image).copy()
        expected = cutter.run_reference(piece, image).copy()
    # Where both overflow in the same way they agree.
    both = ~np.isfinite(expected) & ((actual == expected) | np.isnan(actual) & np.isnan(expected))
    expected[both] = actual[both] = 0
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=0) or np.float32(1)
    return parity.compare(expected / largest, actual / largest)


def _locate(graph: Graph, tensor: str, difference: Difference) -> Divergence:
    operator = graph.producers[tensor]
    return Divergence(
        operator=operator.name,
        kind=operator.kind,
        number=graph.operators.index(operator) + 1,
        operators=len(graph.operators),
        difference=difference,
    )
