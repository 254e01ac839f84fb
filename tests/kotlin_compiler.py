"""The Kotlin compiler of `tests/kotlin/package.json`, and the JVM that runs what it makes."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

COMPILER = Path(__file__).parent / "kotlin" / "node_modules" / "kotlin-compiler"
LIBRARIES = ("kotlin-stdlib", "kotlinx-coroutines-core-jvm")
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""For a JVM that ends before its best compiler would pay."""


def require_kotlin() -> None:
    """Skip where Kotlin cannot be compiled; fail there in CI, which installs all that it takes."""
    missing = [name for name in ("java",) if shutil.which(name) is None]
    missing += [] if COMPILER.is_dir() else ["kotlin-compiler"]
    if not missing:
        return
    reason = (
        f"{' and '.join(missing)} missing: install Java 17 or later (on Debian "
        "default-jre-headless) and run npm ci in tests/kotlin"
    )
    (pytest.fail if "CI" in os.environ else pytest.skip)(reason)


def compile_kotlin(sources: Iterable[Path], output: Path, *libraries: Path) -> None:
    """Compile for the JVM, beside Kotlin's own libraries; a warning is an error.

    Raises:
        AssertionError: The sources do not compile.
    """
    jars = (COMPILER / "lib").glob("*.jar")
    classes = ":".join(str(jar) for jar in jars if "sources" not in jar.name)
    compiler = ("org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-kotlin-home", str(COMPILER))
    options = ("-Werror", "-jvm-target", "1.8", "-cp", _join(*libraries), "-d", str(output))
    command = ["java", "-Xmx1g", *SHORT_LIVED, "-cp", classes, *compiler, *options]
    done = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def java_command(classes: Path, main: str, *arguments: object) -> list[str]:
    """Return the command that runs a `main` of compiled sources."""
    return ["java", *SHORT_LIVED, "-cp", _join(classes), main, *map(str, arguments)]


def _join(*paths: Path) -> str:
    return ":".join(map(str, (*paths, *(COMPILER / "lib" / f"{name}.jar" for name in LIBRARIES))))
