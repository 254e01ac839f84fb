"""Tables of formats, precisions and tolerances, from the records in the code."""

from docs_tables.results import markdown
from mobile_runtime.model_file.format import FORMATS
from mobile_runtime.model_file.precision import PRECISIONS, tolerance_for


def precisions_table() -> str:
    """Write which format comes in which precision."""
    rows = []
    for format_ in FORMATS.values():
        usual, offered = format_.default_precision, format_.precisions
        marks = ["default" if p == usual else "yes" if p in offered else "" for p in PRECISIONS]
        rows.append([f"{format_.title} (`{format_.suffix}`)", *marks])
    return markdown(["format", *(f"`{name}`" for name in PRECISIONS)], rows)


def tolerances_table() -> str:
    """Write what a file of each precision must keep to, and may lose."""
    rows = []
    for name, precision in PRECISIONS.items():
        formats = [format_ for format_ in FORMATS.values() if name in format_.precisions]
        exceptions = [
            f"{format_.title}: {tolerance_for(format_.name, name).psnr_db:g} dB"
            for format_ in formats
            if format_.name in precision.coarser_in
        ]
        general, loss_db = precision.tolerance, precision.allowed_loss_db
        rows.append(
            [
                f"`{name}`",
                "; ".join([f"{general.psnr_db:g} dB", *exceptions]),
                "" if general.max_abs is None else f"{general.max_abs:.0e}",
                "" if loss_db is None else f"{loss_db:g} dB",
            ]
        )
    columns = ["precision", "PSNR at least", "max abs at most", "PSNR loss on photographs at most"]
    return markdown(columns, rows, range(1, 4))
