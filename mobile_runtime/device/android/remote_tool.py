"""TFLite's `benchmark_model` on a phone: copied there, run, and its output read back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mobile_runtime.device.android.adb import Answer, Connection, phone_folder
from mobile_runtime.device.android.benchmark_model import check_flags
from mobile_runtime.device.android.phone import Phone
from mobile_runtime.errors import DeviceError, ModelLoadError
from mobile_runtime.imaging.pictures import Image

TOOL, MODEL = "benchmark_model", "model.tflite"
INPUT, OUTPUT, PROFILE = "in.f32", "out.f32", "profile.csv"
"""Names of the files on the phone."""

INPUT_NAME = "image"
"""Any name works: the tool takes inputs in order, and only logs that a name differs."""

OnStep = Callable[[str], None]
"""Called with what begins."""


@dataclass(frozen=True)
class Bench:
    """A model file on a phone, with the tool that runs it."""

    connection: Connection
    phone: Phone
    folder: str
    """On the phone."""
    scratch: Path
    """Folder on this machine."""
    threads: int
    """On the CPU."""

    def run(self, image: Image, *flags: str) -> str:
        """Run the tool on one input.

        Args:
            image: (1, 3, H, W) float32, RGB in [0, 1]; transposed to the file's NHWC here.
            flags: For the tool, besides those for file, input and output.

        Returns:
            The tool's log.

        Raises:
            ModelLoadError: The tool cannot run the file.
            DeviceError: The tool cannot be run, or the phone cannot be reached.
        """
        pixels = image.transpose(0, 2, 3, 1)
        source = self.scratch / INPUT
        source.write_bytes(pixels.astype("<f4").tobytes())
        self.connection.push(source, self._path(INPUT))
        self.connection.shell("rm", "-f", self._path(OUTPUT), self._path(PROFILE))
        answer = self.connection.shell(
            self._path(TOOL),
            f"--graph={self._path(MODEL)}",
            f"--num_threads={self.threads}",
            f"--input_layer={INPUT_NAME}",
            f"--input_layer_shape={','.join(map(str, pixels.shape))}",
            f"--input_layer_value_files={INPUT_NAME}:{self._path(INPUT)}",
            f"--output_filepath={self._path(OUTPUT)}",
            *flags,
        )
        check_flags(answer.text)
        if answer.code != 0:
            raise _explain(answer, self.phone)
        return answer.text

    def profile(self, image: Image, *flags: str) -> str:
        """Return the CSV of the time of each node, from a run on one input.

        Raises:
            ModelLoadError: The tool cannot run the file, or wrote no profile.
            DeviceError: The tool cannot be run, or the phone cannot be reached.
        """
        target = f"--profiling_output_csv_file={self._path(PROFILE)}"
        self.run(image, "--enable_op_profiling=true", target, *flags)
        return self._pull(PROFILE).decode(errors="replace")

    def fetch_output(self, shape: tuple[int, ...]) -> Image:
        """Return the output of the last run, (1, 3, H, W) float32, of the expected shape.

        Raises:
            ModelLoadError: There is none, or it has another size.
        """
        number, channels, height, width = shape
        content = self._pull(OUTPUT)
        if len(content) != 4 * number * channels * height * width:
            raise ModelLoadError(
                f"benchmark_model wrote {len(content)} bytes instead of float32 for {shape}: the "
                "file is not what its manifest says. Convert again."
            )
        pixels = np.frombuffer(content, dtype="<f4").reshape(number, height, width, channels)
        return pixels.transpose(0, 3, 1, 2)

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def _pull(self, name: str) -> bytes:
        target = self.scratch / name
        target.unlink(missing_ok=True)
        if not self.connection.pull(self._path(name), target):
            raise ModelLoadError(
                f"benchmark_model left no {name} behind: is it TFLite's own, and recent?"
            )
        return target.read_bytes()


@contextmanager
def set_up(
    connection: Connection, phone: Phone, model: Path, tool: Path, *, threads: int, on_step: OnStep
) -> Iterator[Bench]:
    """Provide a `.tflite` and the tool, which is built for the phone, there; removed afterwards.

    Raises:
        DeviceError: The tool is missing, or cannot be copied.
    """
    if not tool.is_file():
        raise DeviceError(
            f"{tool} is not a file: name TFLite's benchmark_model, built for {phone.abi}."
        )
    with phone_folder(connection) as folder, TemporaryDirectory() as scratch:
        for source, name in ((model, MODEL), (tool, TOOL)):
            on_step(f"copying {source.name}")
            connection.push(source, f"{folder}/{name}")
        connection.shell("chmod", "755", f"{folder}/{TOOL}")
        yield Bench(connection, phone, folder, Path(scratch), threads)


def _explain(answer: Answer, phone: Phone) -> ModelLoadError | DeviceError:
    """Return the error that a failed run of the tool means."""
    foreign = ("not executable", "CANNOT LINK EXECUTABLE", "can't execute")
    if answer.code in (126, 127) or any(words in answer.text for words in foreign):
        return DeviceError(
            f"benchmark_model cannot be executed on this phone ({answer.reason}): take one that is "
            f"built for {phone.abi}, with its libraries linked in."
        )
    if answer.code > 128:
        return ModelLoadError(
            f"benchmark_model crashed with signal {answer.code - 128}: {answer.reason}"
        )
    return ModelLoadError(f"benchmark_model failed: {answer.reason}")
