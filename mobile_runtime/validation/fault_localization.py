"""Fault localization: the first operator whose result differs between an engine and a reference.

Polygraphy's `debug reduce` and coremltools' `experimental/debugging_utils.py` do the same for
TensorRT and, on a Mac, for Core ML.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mobile_runtime.engines.session import open_session
from mobile_runtime.errors import ModelLoadError
from mobile_runtime.formats.graph import Graph, Tensor
from mobile_runtime.formats.reader import cut, read_graph
from mobile_runtime.imaging.pictures import Image
from mobile_runtime.model_file import parity
from mobile_runtime.model_file.file import ModelFile, read_model_file
from mobile_runtime.model_file.golden_samples import GoldenImages
from mobile_runtime.model_file.parity import Difference
from mobile_runtime.validation.reference_runs import REFERENCES, Reference
from mobile_runtime.validation.validate import compare_golden

Diverges = Callable[[str], bool]
"""Checks whether two executors return different values for a tensor."""

REFUSALS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(RuntimeError, TypeError, ValueError),
)
"""What the formats' libraries and the references raise for files that they do not support."""


@dataclass(frozen=True)
class Divergence:
    """An operator whose results differ, though its inputs do not."""

    operator: str
    """As `scnet check` names it."""
    kind: str
    number: int
    """In the order of execution, from 1."""
    operators: int
    """How many the file has."""
    difference: Difference
    """Between engine and reference, where 1.0 is the largest value of the reference."""


@dataclass(frozen=True)
class Fault:
    """Why an engine failed, as far as a second executor of the same file shows."""

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
        """Return it as a sentence."""
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
    """Find the first operator at which a failing engine differs from a reference executor.

    Args:
        file: A model file with a manifest, on which the engine failed.
        engine: One of `session.engines(path)`.
        threads: For engines that have threads; all cores if not given.

    Raises:
        ModelLoadError: Engine or reference refuse a piece of the file, or the engine passes when
            it runs again.
    """
    opened = read_model_file(file)
    try:
        return _search(opened, engine, threads)
    except REFUSALS as error:
        raise ModelLoadError(
            f"{opened.path} cannot be taken apart operator by operator: {error}"
        ) from error


def first_divergence(graph: Graph, tensor: str, diverges: Diverges) -> str:
    """Find a tensor at which two executors diverge, though they agree on all that it depends on.

    Bisects the ancestors of a tensor in the order of execution. Branches, such as the slices of a
    shift, can hide an error from that order, so the search continues among the inputs of the
    tensor that it found until none of them diverges.

    Args:
        graph: Of the file.
        tensor: One at which the executors diverge.
        diverges: Called for about log2 of the operators, more than once for some tensors.

    Returns:
        The tensor's name.
    """
    line = _comparable_ancestors(graph, tensor)
    agree, differ = -1, len(line) - 1
    while differ - agree > 1:
        middle = (agree + differ) // 2
        agree, differ = (agree, middle) if diverges(line[middle]) else (middle, differ)
    found = line[differ]
    for name in graph.producers[found].inputs:
        if name in line and diverges(name):
            return first_divergence(graph, name, diverges)
    return found


def is_comparable(tensor: Tensor) -> bool:
    """Check whether a tensor holds features: floats, or quantized with one scale, not constant."""
    real = tensor.dtype in ("float32", "float16", "") or tensor.scales == 1
    return real and not tensor.constant


def _comparable_ancestors(graph: Graph, tensor: str) -> list[str]:
    """Return the comparable tensors that a tensor depends on, in the order of execution, and it."""
    operators = graph.ancestors(tensor)
    needed = {name for op in operators for name in op.inputs}
    names = [name for op in operators for name in op.outputs if name in needed]
    return [name for name in names if is_comparable(graph.tensor(name))] + [tensor]


def _search(file: ModelFile, engine: str, threads: int | None) -> Fault:
    path, tolerance = file.path, file.manifest.tolerance
    reference, graph = REFERENCES[path.suffix], read_graph(path)
    failing = _smallest_failing(file, engine, threads)
    against_pytorch = failing.compare(
        reference.run(path, failing.image), clipped=file.manifest.model.output.clipped
    )

    @cache
    def difference(tensor: str) -> Difference:
        return _compare_piece(path, reference, tensor, failing.image, engine, threads)

    def diverges(tensor: str) -> bool:
        return not tolerance.allows(difference(tensor))

    output = graph.outputs[0].name
    divergence = None
    if diverges(output):
        found = first_divergence(graph, output, diverges)
        op, count = graph.producers[found], len(graph.operators)
        number = graph.operators.index(op) + 1
        divergence = Divergence(op.name, op.kind, number, count, difference(found))
    return Fault(
        engine=engine,
        sample=failing.name,
        reference=reference.name,
        reference_difference=against_pytorch,
        reference_passed=tolerance.allows(against_pytorch),
        divergence=divergence,
    )


def _smallest_failing(file: ModelFile, engine: str, threads: int | None) -> GoldenImages:
    session = open_session(file, engine=engine, threads=threads)
    failing = [
        comparison.golden
        for comparison in compare_golden(session, file)
        if not file.manifest.tolerance.allows(comparison.difference)
    ]
    if not failing:
        raise ModelLoadError(
            f"{engine} failed on {file.path}, and passed when it was asked again: its results "
            "change from run to run."
        )
    return min(failing, key=lambda golden: golden.image.size)


def _compare_piece(
    path: Path, reference: Reference, tensor: str, image: Image, engine: str, threads: int | None
) -> Difference:
    """Return the difference between engine and reference at a tensor: of a file that ends there."""
    with TemporaryDirectory() as folder:
        piece = Path(folder) / path.name
        cut(path, tensor, piece)
        actual = open_session(piece, engine=engine, threads=threads).run(image).copy()
        expected = reference.run(piece, image).copy()
    # Where both overflow in the same way, they agree.
    both = ~np.isfinite(expected) & ((actual == expected) | np.isnan(actual) & np.isnan(expected))
    expected[both] = actual[both] = 0
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=0) or np.float32(1)
    return parity.compare(expected / largest, actual / largest)
