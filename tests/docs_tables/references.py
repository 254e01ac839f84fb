"""Tables of formats, precisions and tolerances, from the records in the code."""

from docs_tables.results import markdown
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
