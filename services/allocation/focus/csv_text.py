"""Split-cost rows as CSV; what the rows of a charge have in common is written out once."""

from collections.abc import Generator, Iterable
from decimal import Decimal

from services.allocation.focus.rows import COLUMNS, OWN_COLUMNS, Charge
from shared.http.exports import safe_cell

PIECE = 1 << 16
PLACES = [(place, name) for place, name in enumerate(COLUMNS) if name in OWN_COLUMNS]


def csv_pieces(charges: Iterable[Charge]) -> Generator[str]:
    """The header and a line per row, in pieces of some size."""
    lines = [",".join(COLUMNS)]
    size = 0
    for charge in charges:
        cells = [_cell(charge.common.get(name)) for name in COLUMNS]
        for part in charge.parts:
            written: dict[int, str] = {}  # costs of one amount are one and the same object
            for place, name in PLACES:
                value = part.get(name)
                if id(value) not in written:
                    written[id(value)] = _cell(value)
                cells[place] = written[id(value)]
            lines.append(",".join(cells))
            size += len(lines[-1])
        if size > PIECE:
            yield "\r\n".join([*lines, ""])
            lines, size = [], 0
    yield "\r\n".join([*lines, ""]) if lines else ""


def _cell(value: str | Decimal | None) -> str:
    """A cell that no spreadsheet takes for a formula, in quotes where CSV needs them."""
    if value is None:
        return ""
    text = safe_cell(value)
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
