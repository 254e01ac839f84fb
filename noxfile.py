"""Everything a developer runs. `nox --list` shows it; `nox` runs the parts marked *."""

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "tests"]

PYPROJECT = nox.project.load_toml("pyproject.toml")
TEST = nox.project.dependency_groups(PYPROJECT, "test")
LINT = nox.project.dependency_groups(PYPROJECT, "lint")

SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json"
"""A GPU played by the CPU, from Debian's package chromium."""

WEIGHTS = sorted(path.stem for path in Path("scnet/weights").glob("*.safetensors"))

TABULATED = "scnet-t-x4-direct"
"""The weights of the tables in docs/, which show every precision and both forms of the shift."""

BUNDLED = Path("mobile_runtime/bundled_models")
"""Finished files of the weights with the head `direct`; they are tracked."""

ARM = Path("dist/arm")
"""An emulated ARM machine and files for it; kept, since it takes minutes to make."""


IN_PARALLEL = ("--numprocesses", "logical", "--dist", "worksteal")
"""A process per core; one that has nothing left takes over half of what another has."""


def install(session: nox.Session, *requirements: str) -> None:
    """Install the project and more, in the versions that were tested together."""
    session.install("--constraint", "constraints.txt", "--editable", *requirements)


@nox.session
def models(session: nox.Session) -> None:
    """Convert the bundled weights to every format, prove each file, print the tables."""
    install(session, ".[convert]")
    convert = ("scnet", "convert", "--output-dir", "dist/models", "--overwrite", *session.posargs)
    session.run(*convert, TABULATED, "--precision", "all")
    depthwise = ("--shift", "depthwise", "--precision", "fp32", "--precision", "fp16")
    session.run(*convert, TABULATED, *depthwise)
    for name in WEIGHTS:
        if name != TABULATED:
            session.run(*convert, name)


@nox.session(default=False)
def bundled(session: nox.Session) -> None:
    """Make the finished model files that `scnet models` lists; tests compare them with new ones."""
    install(session, ".[convert]")
    for path in BUNDLED.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix != ".py":
            path.unlink()
    convert = ("scnet", "convert", "--precision", "fp16", "--output-dir", str(BUNDLED))
    for name in WEIGHTS:
        if "-direct" in name:
            session.run(*convert, name)


@nox.session
def validate(session: nox.Session) -> None:
    """Run the files of dist/models on every engine here; absent ones are named."""
    session.notify("validate_tflite_runtime")
    install(session, ".[coreml,tflite]")
    if "VK_DRIVER_FILES" not in os.environ and Path(SWIFTSHADER).is_file():
        session.env["VK_DRIVER_FILES"] = SWIFTSHADER
    session.run("scnet", "validate", *find_models(session, "*"))


@nox.session
def validate_tflite_runtime(session: nox.Session) -> None:
    """Run the .tflite files with TFLite 2.14, which many apps embed; it needs NumPy 1."""
    # Not in the versions of constraints.txt: they are for NumPy 2.
    session.install("--editable", ".[tflite]", "numpy<2", "tflite-runtime==2.14.0")
    models = find_models(session, "*.tflite")
    session.run("scnet", "validate", "--engine", "tflite-runtime", *models)


def find_models(session: nox.Session, pattern: str) -> list[str]:
    """List the model files that `models` made."""
    kinds = (".mlpackage", ".tflite", ".onnx")
    found = sorted(str(p) for p in Path("dist/models").glob(pattern) if p.suffix in kinds)
    if not found:
        session.error("dist/models is empty: make the files first, with nox -s models.")
    return found


@nox.session(default=False)
def wheel(session: nox.Session) -> None:
    """Install the wheel as users do, without extras, and upscale a photograph with it."""
    session.install("build")
    folder = session.create_tmp()
    shutil.rmtree(folder)
    session.run("python", "tests/fresh_install.py", folder)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; what takes long is left to `full`."""
    install(session, ".[convert,heic,plot,train]", *TEST)
    install_kotlin(session)
    session.run("pytest", *(session.posargs or IN_PARALLEL), env={"OMP_NUM_THREADS": "1"})


def install_kotlin(session: nox.Session) -> None:
    """Install the Kotlin compiler; where it cannot run, the tests that need it say so."""
    missing = [name for name in ("java", "npm") if shutil.which(name) is None]
    if missing:
        session.warn(f"Kotlin is not tested: {' and '.join(missing)} missing.")
    else:
        session.run("npm", "--prefix", "tests/kotlin", "ci", external=True)


@nox.session(default=False)
def full(session: nox.Session) -> None:
    """Run all tests, every network through every conversion too: before a release."""
    install(session, ".[convert,heic,plot,train]", *TEST)
    install_kotlin(session)
    arguments = ("-m", "", *(session.posargs or IN_PARALLEL))
    session.run("pytest", *arguments, env={"OMP_NUM_THREADS": "1"})


@nox.session(default=False)
def swift(session: nox.Session) -> None:
    """Test the Swift package; without a toolchain, Debian's is put into dist/swift first."""
    install(session, ".[convert]", *TEST)
    session.run("python", "tests/swift_toolchain.py")
    session.run("pytest", "tests/test_swift.py", *session.posargs)


@nox.session(default=False)
def android(session: nox.Session) -> None:
    """Compile the Kotlin module against a real android.jar, put into dist/android first."""
    install(session, ".[convert]", *TEST)
    install_kotlin(session)
    session.run("python", "tests/android_jar.py")
    session.run("pytest", "tests/test_kotlin.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check formatting, style, types and who imports whom."""
    install(session, ".[convert,heic,plot,train]", *TEST, *LINT, "nox")
    session.run("ruff", "format", "--check")
    session.run("ruff", "check")
    session.run("mypy")
    session.run("lint-imports")


@nox.session(default=False)
def arm(session: nox.Session) -> None:
    """Run .tflite and .onnx files with ARM's kernels, emulated: `nox -s arm`, or `-- FILES`."""
    install(session, ".[convert]")
    extras = PYPROJECT["project"]["optional-dependencies"]
    needs = [*PYPROJECT["project"]["dependencies"], *extras["tflite"]]
    session.run("python", "tests/arm/emulated_python.py", str(ARM), *needs)
    files = session.posargs or make_arm_models(session)
    session.run(f"{ARM}/python", "-m", "converters", "validate", *files, external=True)


def make_arm_models(session: nox.Session) -> list[str]:
    """Convert the bundled weights to small files: emulated, a picture of 64x64 takes 13 s."""
    folder = ARM / "models"
    shutil.rmtree(folder, ignore_errors=True)
    convert = ("scnet", "convert", "--precision", "all", "--shift", "depthwise")
    folder_option = ("--output-dir", str(folder))
    session.run(*convert, *folder_option, "--format", "onnx")
    size = ("--height", "32", "--width", "32")
    session.run(*convert, *folder_option, "--format", "tflite", *size)
    session.run("python", "tests/arm/half_arithmetic.py", *map(str, folder.glob("*fp16*.tflite")))
    return sorted(str(path) for path in folder.iterdir() if path.suffix in (".tflite", ".onnx"))


@nox.session(default=False)
def fuzzing(session: nox.Session) -> None:
    """Damage model files by the thousand and use them: `-- --count 2000 --seed 0`."""
    install(session, ".[convert]", *TEST)
    session.run("python", "-m", "fuzzing.workers", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def train(session: nox.Session) -> None:
    """Train weights: `nox -s train -- FOLDER --output RUN`; see `scnet train --help`."""
    install(session, ".[train]")
    session.run("scnet", "train", *session.posargs)


@nox.session(default=False)
def page(session: nox.Session) -> None:
    """Build the web page into web_demo/dist, with the finished models."""
    build_page(session)


@nox.session(default=False)
def web(session: nox.Session) -> None:
    """Build the web page and test it in Chromium; in Firefox and WebKitGTK where they are."""
    if not Path("/usr/bin/chromium").exists():
        session.error("/usr/bin/chromium is missing: apt-get install chromium.")
    build_page(session)
    install(session, ".[convert]", *TEST)
    npm = ("npm", "--prefix", "web_demo")
    session.run(*npm, "run", "check", external=True)
    session.run(*npm, "run", "unit", external=True)
    cases = "dist/web_cases"
    session.run(
        *("python", "tests/web/make_cases.py", "web_demo/dist", str(BUNDLED), cases),
        env={"PYTHONPATH": "tests"},
    )
    tiny = ("--models", f"../{cases}/models", "--output", f"../{cases}/page")
    session.run(*npm, "run", "build", "--", *tiny, external=True)
    session.run(*npm, "run", "e2e", external=True)
    session.run("scnet", "benchmark", "--read", f"{cases}/benchmark.json")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure SCNet beside a reference and published networks: `-- --quick` for a short run."""
    if not Path("/usr/bin/chromium").exists() or shutil.which("npm") is None:
        session.error("Chromium and Node.js 20 or later, with npm, are needed: install both.")
    install(session, ".[convert,plot]")
    session.run("npm", "--prefix", "web_demo", "ci", external=True)
    session.run("python", "-m", "bench", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def placement(session: nox.Session) -> None:
    """Write what scnet check knows of engines, by trying them: `-- --verify FILES` compares."""
    if not Path("/usr/bin/chromium").exists() or shutil.which("npm") is None:
        session.error("Chromium and Node.js 20 or later, with npm, are needed: install both.")
    install(session, ".[convert]")
    session.run("npm", "--prefix", "web_demo", "ci", external=True)
    session.run("python", "-m", "placement_tables", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Write the generated tables of the pages: `-- --models dist/models` takes new results."""
    install(session, ".[convert,plot]", "adjusttext")
    session.run("python", "-m", "docs_tables", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Show the web page on this machine; `-- --lan` shows it to your network, by https."""
    if not Path("web_demo/dist").is_dir():
        build_page(session)
    session.run("node", "web_demo/serve.mjs", "--open", *session.posargs, external=True)


def build_page(session: nox.Session) -> None:
    """Build web_demo/dist; Python has no part in it."""
    if shutil.which("npm") is None:
        session.error("The web page needs Node.js 20.15 or later, with npm: install both.")
    session.run("npm", "--prefix", "web_demo", "ci", external=True)
    session.run("npm", "--prefix", "web_demo", "run", "build", external=True)
