"""The Python interface of SCNet Mobile: what the commands of `scnet` do, as functions.

Importing this package imports none of PyTorch, coremltools, TFLite or onnxruntime: a function
imports what it needs when it is called, and raises `MissingDependencyError` with the command that
installs it where it is missing. All errors derive from `ScnetError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from mobile_runtime.benchmark import run as benchmark_run
from mobile_runtime.benchmark.results import Benchmark
from mobile_runtime.benchmark.timing import Plan
from mobile_runtime.check import placement
from mobile_runtime.check.placement import PlacementReport
from mobile_runtime.engines.session import Session
from mobile_runtime.errors import ImageError, MissingDependencyError, ScnetError
from mobile_runtime.imaging.reading import open_picture
from mobile_runtime.model_file.format import FORMATS, FormatName, Interface
from mobile_runtime.model_file.precision import PrecisionName
from mobile_runtime.model_file.validation_result import ValidationResult
from mobile_runtime.upscaling.evaluation import Quality, measure_quality
from mobile_runtime.upscaling.upscale import model_of, upscale_image, upscale_pixels
from mobile_runtime.upscaling.upscale_picture import UpscaledFile, upscale_to_file
from mobile_runtime.validation import validate as validation

if TYPE_CHECKING:  # they import PyTorch
    from converters.options import Shift, Size
    from scnet.checkpoint import Checkpoint

__all__ = [
    "Model",
    "ScnetError",
    "benchmark",
    "check",
    "convert",
    "evaluate",
    "open_checkpoint",
    "open_model",
    "upscale_picture",
    "validate",
]

FilePath = str | PathLike[str]


@dataclass(frozen=True)
class Model:
    """An open model file or checkpoint on one engine."""

    session: Session

    @property
    def scale(self) -> int:
        """Output pixels per input pixel and side."""
        return model_of(self.session).scale

    @property
    def engine(self) -> str:
        """The engine's name, version and threads."""
        return str(self.session.engine)

    @overload
    def upscale(
        self, picture: NDArray[np.uint8], *, tile: int | None = None, exact: bool = False
    ) -> NDArray[np.uint8]: ...

    @overload
    def upscale(
        self, picture: NDArray[np.float32], *, tile: int | None = None, exact: bool = False
    ) -> NDArray[np.float32]: ...

    def upscale(
        self, picture: NDArray[Any], *, tile: int | None = None, exact: bool = False
    ) -> NDArray[Any]:
        """Return a picture of any size upscaled by `scale`, in tiles that leave no seams.

        An image equals the result of the whole picture in one piece. Pixels may differ from it by
        one level, as tiles overlap by no more than the file says is enough for 8 bits.

        Args:
            picture: Pixels, uint8 of shape (H, W, 3), or an image, float32 of shape (1, 3, H, W);
                RGB, an image in [0, 1].
            tile: Largest side of a tile in pixels of the picture, for files that take any size.
            exact: Give pixels, too, as the whole picture in one piece would.

        Returns:
            The same type and layout, H and W times `scale`. An image is not clipped to [0, 1]
            unless the file clips.

        Raises:
            ImageError: The picture has another type or shape, or the tiles are too small.
            ModelLoadError: The file does not say its scale and halo, or they are wrong.
        """
        array = np.asarray(picture)
        if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3:
            return upscale_pixels(self.session, array, tile=tile, exact=exact)
        if array.dtype == np.float32 and array.ndim == 4 and array.shape[:2] == (1, 3):
            return upscale_image(self.session, array, tile=tile)
        raise ImageError(
            f"The picture is {array.dtype} of shape {array.shape}: expected uint8 of shape "
            "(H, W, 3), or float32 of shape (1, 3, H, W)."
        )


def open_checkpoint(name_or_path: FilePath, *, scale: int | None = None) -> "Checkpoint":
    """Return a checkpoint, opened safely: nothing but tensors is ever unpickled.

    Args:
        name_or_path: Bundled weights by name, such as `scnet-t-x4-direct`, or a `.pth`, `.pt`,
            `.ckpt` or `.safetensors` file of an SCNet.
        scale: Needed for an `mlp` checkpoint that may be x2 or x3; else checked against the file.

    Raises:
        CheckpointError: No such file or name, or not an SCNet.
    """
    _require_pytorch()
    from scnet.checkpoint import open_checkpoint as open_file
    from scnet.weights import find_weights

    return open_file(find_weights(Path(name_or_path)), scale=scale)


def convert(
    checkpoint: "Checkpoint | FilePath",
    *,
    format: FormatName,
    precision: PrecisionName | None = None,
    shift: "Shift" = "slice_concat",
    sizes: "Sequence[Size]" = (),
    interface: Interface | None = None,
    calibration: FilePath | None = None,
    opset: int | None = None,
    split_leaky_relu: bool = False,
    output_dir: FilePath = ".",
    overwrite: bool = False,
    verify: bool = True,
) -> list[Path]:
    """Write a checkpoint as a model file, with its manifest and golden samples beside it.

    Args:
        checkpoint: From `open_checkpoint`, or what that takes.
        format: `coreml`, `tflite` or `onnx`.
        precision: `fp32`, `fp16`, `w8`, `w6`, `w4` or `w8a8`, as the format has them; the format's
            default if not given.
        shift: How the spatial shift is written: `slice_concat` or `depthwise`.
        sizes: (height, width) of the input in pixels: one, of Core ML one or more. If not given,
            ONNX files take any size, and others 128x128.
        interface: `image`, 8-bit RGB, or `tensor`, floats; the format's usual one if not given.
        calibration: Folder of photographs for `w8a8`; bundled ones if not given.
        opset: Version of ONNX's operators, 13 to 21; 18 if not given.
        split_leaky_relu: Core ML: write leaky_relu as two ReLUs, the same function, for a Neural
            Engine whose results with leaky_relu are wrong.
        output_dir: Made if missing.
        overwrite: Replace files that exist.
        verify: Run the file on every engine here and compare with PyTorch before it is kept.

    Returns:
        The paths of the files written: one.

    Raises:
        CheckpointError: As `open_checkpoint`.
        ConversionError: The options do not go together, a tool is missing, the folder cannot be
            written to, or (`VerificationError`) the file is wrong; then nothing is kept.
    """
    _require_pytorch("convert")
    from converters import conversion
    from converters.options import complete_options

    if isinstance(checkpoint, str | PathLike):
        checkpoint = open_checkpoint(checkpoint)
    options = complete_options(
        FORMATS[format],
        precision,
        default_size=conversion.default_size(checkpoint.net.config),
        shift=shift,
        sizes=tuple(sizes),
        interface=interface,
        calibration=None if calibration is None else Path(calibration),
        opset=opset,
        split_leaky_relu=split_leaky_relu,
    )
    return conversion.convert(
        checkpoint, [options], Path(output_dir), overwrite=overwrite, verify=verify
    )


def open_model(
    path: FilePath | None = None, *, engine: str | None = None, threads: int | None = None
) -> Model:
    """Return an open model file, checkpoint or bundled weights.

    Args:
        path: A `.onnx`, `.tflite` or `.mlpackage`; the name of bundled weights, such as
            `scnet-t-x2-direct-photo`; or a checkpoint, which needs PyTorch. The default weights if
            not given.
        engine: What runs it, such as `xnnpack`; the first engine of its format if not given.
            Bundled weights run in onnxruntime; on `pytorch` they are opened as a checkpoint.
        threads: For engines that have threads; all cores if not given.

    Raises:
        ModelLoadError: No such file, or a damaged one.
        ManifestError: The manifest beside it belongs to another file.
        EngineUnavailableError: There is no such engine, or it cannot run here.
        MissingDependencyError: The engine's package, or PyTorch, is not installed.
        CheckpointError: No such weights.
    """
    from converters import open_model as opener

    chosen = None if path is None else Path(path)
    return Model(opener.open_model(chosen, engine=engine, threads=threads))


def upscale_picture(
    source: FilePath,
    target: FilePath,
    *,
    model: Model | FilePath | None = None,
    tile: int | None = None,
    exact: bool = False,
    overwrite: bool = False,
) -> UpscaledFile:
    """Write a picture file upscaled; nothing is written unless the whole picture is done.

    Orientation is applied; transparency, grayscale, colors and metadata are kept as far as the
    target can hold them: see the result's `notes`.

    Args:
        source: A picture in any format that Pillow reads, such as `.jpg` or `.png`.
        target: `.png`, `.jpg`, `.webp`, `.tif` or `.avif`.
        model: From `open_model`, or what that takes.
        tile: Largest side of a tile in pixels of the source, for files that take any size.
        exact: Give 8-bit pictures, too, as the whole picture in one piece would: see `Model`.
        overwrite: Replace the target if it exists.

    Returns:
        Sizes before and after, time, and the sides at which mirroring made pixels inexact.

    Raises:
        ImageError: The source cannot be read, or the target not be written.
        ScnetError: As `open_model`.
    """
    picture = open_picture(Path(source), deep=True)
    session = _open(model).session
    return upscale_to_file(
        session, picture, Path(target), tile=tile, exact=exact, overwrite=overwrite
    )


def validate(
    path: FilePath, *, engine: str | None = None, threads: int | None = None
) -> tuple[ValidationResult, ...]:
    """Return how near a model file is to PyTorch, whose outputs are stored beside it.

    Args:
        path: A model file with its manifest and golden samples beside it.
        engine: One engine; all that can run the file here if not given.
        threads: For engines that have threads; all cores if not given.

    Returns:
        One result per engine: the worst difference over all samples, and whether it passed.
        `worst.mean_signed_error_levels`, in levels of 8 bits, is the median of the samples' means;
        an 8-bit output does not pass beyond 0.2, where the engine truncates instead of rounding.

    Raises:
        ManifestError: The manifest is missing, or about another file.
        ModelLoadError: An engine refused the file.
        EngineUnavailableError: No engine, or not the one asked for, can run the file here.
    """
    if engine is None:
        return validation.validate(Path(path), threads=threads)
    return (validation.validate_on_engine(Path(path), engine, threads=threads),)


def check(path: FilePath, *, targets: Sequence[str] = ()) -> list[PlacementReport]:
    """Return where each operator of a model file would run, by rules, without running it.

    Args:
        path: A model file of any origin.
        targets: Such as `neural-engine` or `webgpu`; all that take this kind of file if not given.

    Returns:
        One report per target: operators per unit, partitions, findings with sources.

    Raises:
        ModelLoadError: No such file, or a damaged one.
        EngineUnavailableError: No named target takes this kind of file.
        MissingDependencyError: The package that reads the format is not installed.
    """
    return placement.check(Path(path), targets)


def benchmark(
    paths: Sequence[FilePath],
    *,
    engine: str | None = None,
    threads: int | None = None,
    size: "Size | None" = None,
    runs: int = Plan.runs,
    warmup_runs: int = Plan.warmup_runs,
    seconds_limit: float = Plan.seconds_limit,
) -> Benchmark:
    """Return latency and memory of model files on this machine, measured in turns.

    Args:
        paths: Model files; the first is what the others are compared with.
        engine: For all files; the first engine of each format if not given.
        threads: For engines that have threads; all cores if not given.
        size: Height and width of the input in pixels, for files that take more than one.
        runs: Timed runs of each file.
        warmup_runs: Runs before those.
        seconds_limit: For the runs of one file; fewer are made if it does not suffice.

    Returns:
        Cold start, peak memory and every warm run of each file, and ratios per round.

    Raises:
        ModelLoadError: A file is damaged, or not a model file.
        ImageError: A file does not take the size, or does not say what it takes.
        EngineUnavailableError: The engine cannot run here.
    """
    plan = Plan(runs, warmup_runs, seconds_limit)
    return benchmark_run.benchmark(
        [*map(Path, paths)], plan=plan, engine=engine, threads=threads, size=size
    )


def evaluate(
    models: Sequence[Model | FilePath], folder: FilePath, *, threads: int | None = None
) -> list[Quality]:
    """Return PSNR and SSIM of models on a folder of pictures, bicubic upscaling first.

    The pictures are the truth: they are reduced by MATLAB's bicubic, upscaled and compared on Y,
    as papers do it.

    Args:
        models: From `open_model`, or what that takes.
        folder: High-resolution pictures of any size.
        threads: For engines that have threads; all cores if not given.

    Returns:
        A row per scale for bicubic, then one per model: the mean and each picture.

    Raises:
        ImageError: The folder holds no picture, or one that cannot be read.
        ScnetError: As `open_model`.
    """
    sessions = [(_name(model), _open(model, threads=threads).session) for model in models]
    return measure_quality(sessions, Path(folder))


def _open(model: Model | FilePath | None, *, threads: int | None = None) -> Model:
    return model if isinstance(model, Model) else open_model(model, threads=threads)


def _name(model: Model | FilePath) -> str:
    if not isinstance(model, Model):
        return Path(model).name
    return model.engine


def _require_pytorch(extra: str = "pytorch") -> None:
    for package in ("torch", "safetensors"):
        try:
            import_module(package)
        except ModuleNotFoundError as error:
            raise MissingDependencyError(package, extra) from error
