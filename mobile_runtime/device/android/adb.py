"""Android Debug Bridge: commands on a phone, and files to it and from it.

adb joins the words of a command with blanks and the phone's shell splits them again
(developer.android.com, "Android Debug Bridge"), so they are quoted once, for that shell. On this
machine no shell is used.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from mobile_runtime.console import printable
from mobile_runtime.errors import DeviceError, ScnetError

PHONE_DIR = "/data/local/tmp"
"""Where adb's user may write and execute, on any phone."""


@dataclass(frozen=True)
class Answer:
    """Exit code of a program and what it printed, both streams together."""

    code: int
    text: str

    @property
    def reason(self) -> str:
        """The line that most likely gives the reason of a failure."""
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        errors = [line for line in lines if re.match(r"ERROR|FATAL|adb: error|error:", line)]
        telling = [line for line in errors if "Benchmarking failed" not in line]
        return printable((telling or lines or ["no reason given"])[-1])


@dataclass(frozen=True)
class Connection:
    """One phone that adb can reach."""

    program: str
    """Name or path of adb."""
    serial: str
    seconds_limit: float
    """For one command of adb."""

    def shell(self, *words: str) -> Answer:
        """Run a command on the phone."""
        return self._adb("shell", shlex.join(words))

    def push(self, source: Path, target: str) -> None:
        """Copy a file to the phone.

        Raises:
            DeviceError: The copy failed.
        """
        answer = self._adb("push", str(source.resolve()), target)
        if answer.code != 0:
            raise DeviceError(
                f"{source} could not be copied to the phone ({answer.reason}): is there space left "
                f"in {PHONE_DIR}?"
            )

    def pull(self, source: str, target: Path) -> bool:
        """Copy a file from the phone; return whether there was one."""
        return self._adb("pull", source, str(target.resolve())).code == 0

    def _adb(self, *words: str) -> Answer:
        return run_adb([self.program, "-s", self.serial, *words], self.seconds_limit)


@contextmanager
def phone_folder(connection: Connection) -> Iterator[str]:
    """Provide a temporary folder on the phone; yields its path.

    Raises:
        DeviceError: It cannot be made or removed.
    """
    folder = f"{PHONE_DIR}/scnet-{token_hex(6)}"
    made = connection.shell("mkdir", folder)
    if made.code != 0:
        raise DeviceError(f"{folder} cannot be made on the phone: {made.reason}")
    try:
        yield folder
    except BaseException:
        with suppress(ScnetError):  # the error before is the one to show
            connection.shell("rm", "-rf", folder)
        raise
    removed = connection.shell("rm", "-rf", folder)
    if removed.code != 0:
        raise DeviceError(
            f"{folder} could not be removed from the phone ({removed.reason}): adb shell rm -rf it."
        )


def run_adb(words: list[str], seconds_limit: float) -> Answer:
    """Run adb: its name or path, and its arguments; it is killed after the limit.

    Raises:
        DeviceError: It cannot be started, or does not end.
    """
    try:
        ended = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds_limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        verb = next(word for word in words[1:] if word in ("devices", "shell", "push", "pull"))
        raise DeviceError(
            f"`adb {verb}` did not end within {seconds_limit:g} s: wake the phone up, or allow "
            "more with --step-seconds."
        ) from error
    except (OSError, ValueError) as error:  # a NUL in the name
        raise DeviceError(
            f"adb cannot be started as {words[0]} ({error.args[-1]}): install Android's "
            "platform-tools, or say where it is with --adb."
        ) from error
    return Answer(ended.returncode, ended.stdout.decode(errors="replace"))
