"""The pages say what is there: commands, options, files, links, engines, and current figures."""

import json
import re
import shlex
from importlib import import_module
from pathlib import Path

import click
import pytest
from docs_tables import models
from docs_tables.pages import BLOCK, pages, render
from docs_tables.weights import SETS, add_scores, quality

from converters.__main__ import COMMANDS
from converters.options import ConversionOptions
from mobile_runtime.check.placement import RULES, TARGETS
from mobile_runtime.engines.registry import ENGINES
from scnet.weights import WEIGHTS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CARDS = [*pages()]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text() for page in sorted({*PAGES, *CARDS})}
SHELL = re.findall(r"```sh\n(.*?)```", "\n".join(TEXTS.values()), re.DOTALL)
LINES = "\n".join(SHELL).replace("\\\n", " ").splitlines()


def test_every_command_is_shown():
    shown = {line.split()[1] for line in LINES if line.startswith("scnet ")}
    assert shown == set(COMMANDS)


@pytest.mark.parametrize("line", dict.fromkeys(line for line in LINES if line.startswith("scnet ")))
def test_shown_command_line_is_understood(line):
    """Each parses: its options exist and their values are allowed."""
    _, name, *arguments = shlex.split(line, comments=True)
    command = import_module(COMMANDS[name][0]).command
    context = command.make_context(name, arguments)
    if isinstance(command, click.Group):
        name, command, arguments = command.resolve_command(context, arguments)
        context = command.make_context(name, arguments)
    assert isinstance(context, click.Context)


def test_every_nox_session_named_exists():
    named = set(re.findall(r"nox -s ([a-z_]+)", "\n".join(TEXTS.values())))
    sessions = re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    assert {"models", "tests", "docs"} <= named <= set(sessions)


def test_readme_is_short_and_keeps_its_two_commands():
    readme = TEXTS["README.md"]
    assert 120 <= len(readme.splitlines()) <= 160
    for session in ("models", "tests"):
        assert f"python -m pip install nox && python -m nox -s {session}\n" in readme


@pytest.mark.parametrize("page", sorted(TEXTS))
def test_every_file_and_link_named_is_there(page):
    text, home = TEXTS[page], (ROOT / page).parent
    files = re.findall(
        r"`((?:scnet|converters|mobile_runtime|web_demo|tests|docs)/[\w./-]+)`", text
    )
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", text)
    assert [name for name in files if not (ROOT / name).exists() and "/dist" not in name] == []
    assert [name for name in links if not (home / name).exists()] == []


def test_every_link_to_a_heading_finds_it():
    for page, text in TEXTS.items():
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", text):
            linked = (ROOT / page).parent / target if target else ROOT / page
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", name).lower().replace(" ", "-") for name in headings}
            assert anchor in anchors, (page, anchor)


def test_every_engine_is_described():
    described = TEXTS["docs/validation.md"]
    assert {
        engine
        for engines in ENGINES.values()
        for engine in engines
        if f"`{engine}`" not in described
    } == set()


def test_every_rule_is_listed_with_its_source():
    page = TEXTS["docs/check-rules.md"]
    for rule in RULES:
        assert f"| {rule.id} | {rule.severity} |" in page
        assert rule.source in page
    assert all(f"`{target.name}`" in page for target in TARGETS)


def test_every_package_has_its_line():
    packages = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("scnet", "converters", "mobile_runtime")
        for path in (ROOT / top).rglob("__init__.py")
    }
    listed = set(re.findall(r"^\| `([\w/]+)` \|", TEXTS["docs/architecture.md"], re.MULTILINE))
    assert packages - listed == set()


@pytest.mark.parametrize("page", CARDS, ids=lambda page: page.name)
def test_generated_tables_are_current(page):
    """`nox -s docs` makes them so."""
    assert page.read_text() == render(page)


def test_there_are_tables_to_be_current():
    assert len([name for text in TEXTS.values() for name in BLOCK.findall(text)]) > 20


@pytest.mark.parametrize("name", WEIGHTS)
def test_card_has_the_saved_scores_for_readers_and_for_hubs(name):
    card = WEIGHTS[name].with_suffix(".md").read_text()
    scale = int(name.split("-x")[1][0])
    for folder in SETS:
        psnr_db, ssim = quality(name, scale, folder)
        assert f"{psnr_db:.2f} / {ssim:.4f}" in card
        assert f"value: {psnr_db:.2f}}}" in card


def test_new_scores_replace_those_of_the_same_method_scale_and_folder(tmp_path):
    old = quality("bicubic", 4, "Set5")
    row = {"method": "bicubic", "scale": 4, "engine": "MATLAB", "folder": "Set5"}
    measured = [
        {**row, "degradation": name, "mean": {"psnr_db": psnr_db, "ssim": 0.5}, "pictures": []}
        for name, psnr_db in (("clean", 20.004), ("jpeg50", 10))
    ]
    (tmp_path / "found.json").write_text(json.dumps(measured))
    kept = add_scores(tmp_path / "found.json")
    assert {**row, "psnr_db": 20.0, "ssim": 0.5} in kept["scores"]
    assert old not in [
        (score["psnr_db"], score["ssim"])
        for score in kept["scores"]
        if score["method"] == "bicubic"
    ]
    assert len(kept["files"]) > 0


def test_results_of_files_are_taken_from_their_manifests(converted):
    (path,) = converted(ConversionOptions("onnx", sizes=None))
    (row,) = models.collect(path.parent)["files"]
    assert (row["file"], row["format"], row["precision"]) == (path.name, "onnx", "fp32")
    assert [result["passed"] for result in row["results"]] == [True]
    assert row["results"][0]["psnr_db"] > 90
    assert {target["target"] for target in row["targets"]} == {
        target.title for target in TARGETS if target.format == "onnx"
    }


def test_a_folder_without_files_says_how_to_make_them(tmp_path):
    with pytest.raises(FileNotFoundError, match="nox -s models"):
        models.collect(tmp_path)
