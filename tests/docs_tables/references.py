"""Tables of formats, precisions and tolerances, from the records in the code."""

from docs_tables.results import markdown
from mobile_runtime.imaging.metadata import NAMES
from mobile_runtime.imaging.output_formats import OUTPUT_FORMATS
from mobile_runtime.imaging.read_formats import NEEDS, READ_SUFFIXES
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.model_file.precision import PRECISIONS


def precisions_table() -> str:
    """Write which format comes in which precision."""
    rows = []
    for format_ in FORMATS.values():
        marks = dict.fromkeys(format_.precisions, "yes")
        marks[format_.default_precision] = "default"
        title = f"{format_.title} (`{format_.suffix}`)"
        rows.append([title, *(marks.get(name, "") for name in PRECISIONS)])
    return markdown(["format", *(f"`{name}`" for name in PRECISIONS)], rows)


def tolerances_table() -> str:
    """Write what a file of each precision must keep to, and may lose."""
    rows = []
    for precision in PRECISIONS.values():
        tolerance, loss_db = precision.tolerance, precision.allowed_loss_db
        coarser = (
            f"{FORMATS[name].title}: {own.psnr_db:g} dB"
            for name, own in precision.coarser_in.items()
        )
        rows.append(
            [
                f"`{precision.name}`",
                "; ".join([f"{tolerance.psnr_db:g} dB", *coarser]),
                "" if tolerance.max_abs is None else f"{tolerance.max_abs:.0e}",
                "" if loss_db is None else f"{loss_db:g} dB",
            ]
        )
    columns = ["precision", "PSNR at least", "max abs at most", "PSNR loss on photographs at most"]
    return markdown(columns, rows, range(1, 4))


def pictures_read_table() -> str:
    """Write which pictures are read, and what that takes."""
    rows = [
        [
            name,
            ", ".join(f"`{suffix}`" for suffix in suffixes),
            f"`{NEEDS[name]}`" if name in NEEDS else "",
        ]
        for name, suffixes in READ_SUFFIXES.items()
    ]
    return markdown(["format", "files", "needs"], rows)


def pictures_written_table() -> str:
    """Write which pictures are written, and what each format holds."""
    suffixes: dict[str, list[str]] = {}
    for suffix, output in OUTPUT_FORMATS.items():
        suffixes.setdefault(output.name, []).append(f"`{suffix}`")
    held = ["16 bits per channel", "transparency", "grayscale", "color profile", *NAMES.values()]
    outputs = {output.name: output for output in OUTPUT_FORMATS.values()}
    rows = []
    for what, field in zip(
        held, ["is_deep", "has_alpha", "has_grayscale", None, *NAMES], strict=True
    ):
        marks = [
            field is None or field in output.keeps or getattr(output, field, False)
            for output in outputs.values()
        ]
        rows.append([what.removeprefix("the "), *("yes" if mark else "" for mark in marks)])
    quality = [
        "lossless" if output.quality is None else str(output.quality) for output in outputs.values()
    ]
    rows.append(["quality if not given", *quality])
    titles = [f"{name} ({', '.join(suffixes[name])})" for name in outputs]
    return markdown(["kept", *titles], rows)
