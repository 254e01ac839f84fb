"""Tables of formats, precisions and tolerances, from the records in the code."""

from converters.options import FORMATS, PRECISIONS, PRECISIONS_OF, SUFFIXES, USUAL_PRECISION
from converters.quality_gate import LOSSES_DB
from docs_tables.models import TITLES
from docs_tables.results import markdown
from mobile_runtime.model_file.parity import tolerance_for


def precisions_table() -> str:
    """Write which format comes in which precision."""
    rows = []
    for format_ in FORMATS:
        usual, offered = USUAL_PRECISION[format_], PRECISIONS_OF[format_]
        marks = ["default" if p == usual else "yes" if p in offered else "" for p in PRECISIONS]
        rows.append([f"{TITLES[format_]} (`{SUFFIXES[format_]}`)", *marks])
    return markdown(["format", *(f"`{name}`" for name in PRECISIONS)], rows)


def tolerances_table() -> str:
    """Write what a file of each precision must keep to, and may lose."""
    rows = []
    for precision in PRECISIONS:
        formats = [name for name in FORMATS if precision in PRECISIONS_OF[name]]
        general = max(
            (tolerance_for(name, precision) for name in formats), key=lambda one: one.psnr_db
        )
        exceptions = [
            f"{TITLES[name]}: {tolerance_for(name, precision).psnr_db:g} dB"
            for name in formats
            if tolerance_for(name, precision) != general
        ]
        loss_db = LOSSES_DB.get(precision)
        rows.append(
            [
                f"`{precision}`",
                "; ".join([f"{general.psnr_db:g} dB", *exceptions]),
                "" if general.max_abs is None else f"{general.max_abs:.0e}",
                "" if loss_db is None else f"{loss_db:g} dB",
            ]
        )
    columns = ["precision", "PSNR at least", "max abs at most", "PSNR loss on photographs at most"]
    return markdown(columns, rows, range(1, 4))
