"""The tables of `scnet convert` and `scnet validate`: one line per file, the worst engine first."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from converters.options import SHIFTS, ConversionOptions, FileName
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.model_file.manifest import manifest_path, read_manifest
from mobile_runtime.validation.report import print_results

PUBLISHED = Path(__file__).parent / "manifest_v1.tflite.json"


@pytest.fixture
def manifest(tmp_path):
    """A manifest with the results of two engines."""
    file = "scnet-t-x4-direct-fp32-slice_concat-128x128.tflite"
    shutil.copy(PUBLISHED, manifest_path(tmp_path / file))
    return read_manifest(tmp_path / file)


def of_every_kind(manifest, head):
    """Manifests of all files that default options make."""
    for format_ in FORMATS.values():
        for precision in format_.precisions:
            for shift in SHIFTS:
                sizes = None if format_.any_size else ((128, 128),)
                interface = format_.interfaces[0]
                options = ConversionOptions(format_.name, shift, precision, sizes, interface)
                model = replace(manifest.model, precision=precision)
                name = str(FileName("t", 4, head, options))
                yield replace(manifest, file=name, model=model, psnr_loss_db=0.001)


@pytest.mark.parametrize("head", ["direct", "pixelshuffle"])
def test_every_file_is_one_line_of_80_columns(manifest, head, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    found = list(of_every_kind(manifest, head))
    print_results([(each, 620_000) for each in found])
    title, header, _, *rows = filter(None, capsys.readouterr().out.splitlines())
    assert f"scnet-t-x4-{head}" in title
    assert len(rows) == len(found)
    assert all(len(line) <= 80 for line in (title, header, *rows))
    for row, each in zip(rows, found, strict=True):
        name, precision, *_ = row.split()
        assert f"{title.split()[0]}-{precision}-{name}" == each.file


def test_a_log_gets_markdown_without_blanks_at_its_ends(manifest, monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    print_results([(manifest, 620_000)])
    _, *table = capsys.readouterr().out.splitlines()
    assert len(table) == 3
    assert all(line.startswith("| ") and line.endswith(" |") for line in (table[0], table[2]))


def test_the_line_shows_the_worst_engine_and_how_many_passed(manifest, capsys):
    first, second = manifest.verified
    figures = {"psnr_db": 12.3, "max_abs": 0.5, "mean_signed_error_levels": -0.512}
    poor = replace(second, passed=False, worst=replace(second.worst, **figures))
    for results, shown in (
        ((first, second), ("133", "4.5e-06", "2 of 2")),
        ((first, poor), ("12.3", "5.0e-01", "-0.5 ", "1 of 2")),
        ((poor,), ("12.3", "5.0e-01", "-0.5 ", "0 of 1")),
        ((), ("not run",)),
    ):
        print_results([(replace(manifest, verified=results), 620_000)])
        row = capsys.readouterr().out.splitlines()[-1]
        assert all(word in row for word in ("0.62", *shown))


def test_details_have_every_figure_of_every_engine(manifest, capsys):
    manifest = replace(
        manifest,
        verified=tuple(
            replace(result, worst=replace(result.worst, mean_signed_error_levels=-0.25))
            for result in manifest.verified
        ),
    )
    print_results([(manifest, 620_000)], details=True)
    shown = capsys.readouterr().out
    assert manifest.file in shown
    for result in manifest.verified:
        for figure in (
            str(result.engine_info),
            result.device,
            f"{result.worst.psnr_db:.1f} dB",
            f"{result.worst.snr_db:.1f} dB",
            f"max abs {result.worst.max_abs:.1e}",
            f"mean abs {result.worst.mean_abs:.1e}",
            "mean signed error -0.25 levels",
        ):
            assert figure in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
