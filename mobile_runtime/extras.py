"""Which extra of this distribution installs a package, from the distribution's own metadata."""

import re
from collections import Counter
from functools import cache
from importlib.metadata import PackageNotFoundError, requires

from mobile_runtime.errors import MissingDependencyError

DISTRIBUTION = "scnet-mobile"

_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+).*?(extra == ['\"](?P<extra>[\w-]+)['\"])?$")


@cache
def extras_of_modules() -> dict[str, tuple[str, ...]]:
    """Return module -> the extras that install it, smallest first; none for what always is there.

    A module is taken to have its package's name, with underscores, as all that are required have.
    Empty where the distribution is not installed, as in a checkout that is run in place.
    """
    try:
        rows = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return {}
    matches = [match for row in rows if (match := _REQUIREMENT.match(row))]
    sizes = Counter(match["extra"] for match in matches if match["extra"])
    smallest_first = sorted(sizes, key=lambda extra: (sizes[extra], extra))
    pairs = {(_top_level(match["name"]), match["extra"]) for match in matches}
    return {
        module: tuple(extra for extra in smallest_first if (module, extra) in pairs)
        for module, _ in pairs
    }


def find_extra(package: str, *, preferred: str | None = None) -> str | None:
    """Return the extra that installs a package or module; None if no extra is needed or known.

    Args:
        package: Such as `ai-edge-litert` or `ai_edge_litert.interpreter`.
        preferred: The extra to return if it is one of several.
    """
    extras = extras_of_modules().get(_top_level(package), ())
    if preferred in extras:
        return preferred
    return extras[0] if extras else None


def missing_dependency(
    error: ModuleNotFoundError, *, command: str | None
) -> MissingDependencyError | None:
    """Return the error for a package that this distribution installs; None for any other module.

    Args:
        error: As Python raised it.
        command: The command that was run; `convert` and `train` have extras of their names.
    """
    module = _top_level(error.name or "")
    if module not in extras_of_modules():
        return None
    return MissingDependencyError(module, find_extra(module, preferred=command))


def _top_level(package: str) -> str:
    return package.partition(".")[0].replace("-", "_")
