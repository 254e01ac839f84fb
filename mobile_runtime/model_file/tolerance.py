"""What a file must keep to, as its manifest says and its precision allows."""

from mobile_runtime.errors import ManifestError
from mobile_runtime.model_file import parity
from mobile_runtime.model_file.manifest import Manifest
from mobile_runtime.model_file.parity import Tolerance


def own_tolerance(manifest: Manifest) -> Tolerance:
    """Give the tolerance in a manifest.

    Raises:
        ManifestError: It is looser than the file's precision allows: somebody edited it.
    """
    allowed = _allowed(manifest, manifest.model.precision)
    if parity.is_looser(manifest.tolerance, allowed):
        raise ManifestError(
            f"The manifest of {manifest.file} was edited: its tolerance of {manifest.tolerance} is "
            f"looser than {allowed}, which such a file must keep to. Convert again."
        )
    return manifest.tolerance


def tolerance_in(manifest: Manifest, precision: str) -> Tolerance:
    """Give the tolerance for an engine that computes in another precision than the file.

    Args:
        manifest: Of the file.
        precision: What the engine rounds to; a file that is less precise itself keeps its own.

    Raises:
        ManifestError: As `own_tolerance`.
    """
    own, rounded = own_tolerance(manifest), _allowed(manifest, precision)
    return rounded if parity.is_looser(rounded, own) else own


def _allowed(manifest: Manifest, precision: str) -> Tolerance:
    return parity.tolerance_for(manifest.model.format, precision)
