"""A wheel in a fresh environment of no extras, used from outside the checkout; prints figures.

    python tests/fresh_install.py FOLDER

builds the wheel into FOLDER, and needs nothing but the standard library.
"""

import os
import subprocess
import sys
from email.parser import HeaderParser
from pathlib import Path
from time import perf_counter
from zipfile import ZipFile

CHECKOUT = Path(__file__).parents[1]
PACKAGES = ("converters", "mobile_runtime", "scnet", "scnet_mobile")
PHOTO = CHECKOUT / "converters" / "photographs" / "coffee.png"
LARGEST_WHEEL = 20e6


def main(folder):
    wheel = build(folder)
    check_contents(wheel)
    python, seconds = install(wheel, folder)
    program = python.with_name("scnet")
    assert run(program, "--version") == run(python.with_name("scnet-mobile"), "--version")
    assert "scnet-t-x4-direct-photo" in run(program, "models")
    assert "onnxruntime" in run(program, "env")
    begun = perf_counter()
    run(program, "upscale", PHOTO, "-o", folder / "installed.png")
    first_picture = perf_counter() - begun
    # The same interpreter and packages, but the checkout's code.
    arguments = ("-m", "converters", "upscale", PHOTO, "-o", folder / "checkout.png")
    run(python, *arguments, PYTHONPATH=str(CHECKOUT))
    assert (folder / "installed.png").read_bytes() == (folder / "checkout.png").read_bytes()
    run(program, "models", "scnet-t-x4-direct-photo", "--format", "onnx", "-o", folder / "models")
    (model,) = (folder / "models").glob("*.onnx")
    run(program, "validate", model)
    run(program, "bundle", model, "-o", folder / "web")
    assert model.name in (folder / "web" / "bundled.js").read_text()
    absent = run(python, "-c", "import importlib.util as u; print(u.find_spec('torch'))")
    assert absent.strip() == "None"
    tell(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
    tell(f"download: {measure(folder / 'download') / 1e6:.0f} MB, wheel included")
    tell(f"installed: {measure(python.parents[1]) / 1e6:.0f} MB, pip included")
    tell(
        f"installing: {seconds:.0f} s; first picture (256x256 -> 1024x1024): {first_picture:.1f} s"
    )


def build(folder):
    """Build a wheel by way of an sdist, as `python -m build` does, and return it."""
    run(sys.executable, "-m", "build", "--outdir", folder, CHECKOUT)
    (wheel,) = folder.glob("*.whl")
    assert wheel.stat().st_size < LARGEST_WHEEL
    return wheel


def check_contents(wheel):
    """Compare a wheel with what Git tracks, and its page for an index with what that can show."""
    tracked = run("git", "-C", CHECKOUT, "ls-files", *PACKAGES).splitlines()
    expected = {*tracked}
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        page = HeaderParser().parsestr(archive.read(metadata).decode()).get_payload()
    shipped = {name for name in names if ".dist-info/" not in name}
    assert shipped == expected, shipped ^ expected
    targets = [part.partition(")")[0] for part in page.split("](")[1:]]
    assert all(target.startswith("https://") for target in targets), targets


def install(wheel, folder):
    """Return the Python of a new environment with a wheel and what it requires, and seconds."""
    run(sys.executable, "-m", "venv", folder / "fresh")
    python = folder / "fresh" / "bin" / "python"
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
    begun = perf_counter()
    constraint = ("--constraint", CHECKOUT / "constraints.txt")
    run(*pip, "download", *constraint, "--dest", folder / "download", wheel)
    run(*pip, "install", "--no-index", "--find-links", folder / "download", wheel)
    return python, perf_counter() - begun


def run(*command, **environment):
    """Run a command outside the checkout and return its output; stop if it fails."""
    inherited = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, command)],
        cwd="/",
        env=inherited | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def measure(folder):
    """Bytes of all files in a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def tell(line):
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
