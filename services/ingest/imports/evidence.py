"""What was found out about a file, as it is kept with its import."""

import json
from typing import Any

from services.ingest.imports.parsing import ParsedFile
from services.ingest.imports.reading.survey import Styles, styles_to_json
from services.ingest.profiles.domain import FlagSign
from services.ingest.profiles.focus import columns_left_out, focus_version

#: So many totals of one file are answered; all of them are checked.
MOST_CHECKS = 1_000


def detected_json(parsed: ParsedFile) -> dict[str, Any]:
    """What was found out about a file, as stored."""
    detected = parsed.detected
    profile = parsed.profile
    is_bill = profile.kind == "focus"
    number = next(iter(parsed.styles.numbers.values()), None)
    found = {
        "format": detected.format,
        "compression": detected.compression,
        "encoding": detected.encoding,
        "delimiter": detected.delimiter,
        "header_row": detected.header_row,
        "header_lines": detected.header_lines,
        "columns": list(detected.columns),
        "trailer_rows": [{"row": row.row, "text": row.raw} for row in parsed.trailer],
        "mapping": dict(profile.columns),
        "date_format": profile.date_format or _format_of(parsed.styles),
        "decimal": number.decimal if number else None,
        "float_columns": list(detected.float_columns),
        "confidence": detected.confidence,
        "sheet": detected.sheet,
        "other_sheets": list(detected.other_sheets),
        "focus_version": focus_version(detected.columns) if is_bill else None,
        "focus_missing": columns_left_out(detected.columns) if is_bill else [],
        "sign": vars(profile.sign) if isinstance(profile.sign, FlagSign) else profile.sign,
        "checks": _checks(parsed),
        "invoices": parsed.invoices.answer() if parsed.invoices else [],
        "styles": styles_to_json(parsed.styles),
    }
    return dict(json.loads(json.dumps(found)))


def _checks(parsed: ParsedFile) -> list[dict[str, object]]:
    """The totals that the file states, those first that the rows do not add up to."""
    found = parsed.total_rows.checks if parsed.total_rows else []
    return [check.answer() for check in sorted(found, key=lambda check: check.foots)][:MOST_CHECKS]


def _format_of(styles: Styles) -> str | None:
    orders = {order for order in styles.orders.values() if order}
    if not styles.orders:
        return None
    return {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y"}.get(next(iter(orders), ""), "%Y-%m-%d")
