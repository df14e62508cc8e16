"""Makes batches of rows of text, setting aside those that hold what is no text."""

import polars as pl

from services.ingest.files.detected import MalformedRow, RowBatch
from services.ingest.files.text.plain_lines import is_storable, without_blank_rows

_RAW_CHARACTERS = 2_000
_FORMULA = r'^="([^"]*)"$'


def text_batch(
    columns: tuple[str, ...],
    numbers: list[int],
    rows: list[list[str]],
    malformed: list[MalformedRow],
) -> RowBatch:
    """A batch of equally wide rows; blank rows vanish, undecodable ones become malformed."""
    good_numbers, good_rows = numbers, rows
    suspicious = _unstorable(rows)
    if suspicious:
        dropped = set(suspicious)
        malformed = [
            *malformed,
            *(
                MalformedRow(
                    numbers[place],
                    "The row holds bytes or characters that are no text.",
                    readable(" | ".join(rows[place]))[:_RAW_CHARACTERS],
                )
                for place in suspicious
            ),
        ]
        good_numbers = [n for place, n in enumerate(numbers) if place not in dropped]
        good_rows = [row for place, row in enumerate(rows) if place not in dropped]
    by_column = list(zip(*good_rows, strict=True)) if good_rows else [()] * len(columns)
    cells = pl.DataFrame(
        [
            pl.Series(name, values, dtype=pl.String)
            for name, values in zip(columns, by_column, strict=True)
        ]
    )
    numbered = pl.Series("row", good_numbers, dtype=pl.Int64)
    return without_blank_rows(RowBatch(numbered, _without_formulas(cells), tuple(malformed)))


def _without_formulas(cells: pl.DataFrame) -> pl.DataFrame:
    """Codes that are wrapped in formulas to keep their zeros in sheets: `="007"` is 007."""
    wrapped = [
        name for name in cells.columns if cells[name].str.starts_with('="').any(ignore_nulls=True)
    ]
    return cells.with_columns(pl.col(wrapped).str.replace(_FORMULA, "${1}")) if wrapped else cells


def _unstorable(rows: list[list[str]]) -> list[int]:
    """The places of rows with characters that are no text; mostly none, so all are tried first."""
    if is_storable("".join(map("".join, rows))):
        return []
    return [place for place, row in enumerate(rows) if not is_storable("".join(row))]


def readable(text: str) -> str:
    """Text that can be stored and shown, whatever the bytes were."""
    safe = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    return safe.replace("\x00", "\\x00")
