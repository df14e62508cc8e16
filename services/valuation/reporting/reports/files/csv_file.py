"""A report as CSV: one line for each cell of each table, so that one reader reads every report."""

import csv
import io

from services.valuation.reporting.reports.document import (
    Cell,
    Document,
    Money,
    Number,
    Share,
    Table,
    Text,
    cell_value,
    sentence_text,
)
from shared.http.spreadsheets import safe_text
from shared.money import plain

MEDIA_TYPE = "text/csv; charset=utf-8"
HEADER = ("section", "table", "row", "row_name", "column", "value", "unit", "href")


def render_csv(document: Document) -> bytes:
    """UTF-8, CRLF, exact values. Text that could start a formula gets an apostrophe in front;
    numbers are left as they are, negative ones too."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(HEADER)
    for section in document.sections:
        for number, said in enumerate(section.sentences, start=1):
            text = safe_text(sentence_text(said, document.language))
            writer.writerow((section.key, "narrative", number, "", "sentence", text, "", ""))
        for table in section.tables:
            for line in _table_lines(table):
                writer.writerow((section.key, table.key, *line))
    for number, source in enumerate(document.sources, start=1):
        for key in ("href", "id", "fingerprint", "output_hash"):
            value = safe_text(getattr(source, key))
            name = safe_text(source.label)
            writer.writerow(("sources", "sources", number, name, key, value, "", ""))
    writer.writerow(
        ("sources", "sources", 0, "", "inputs_sha256", document.inputs_sha256, "sha256", "")
    )
    return file.getvalue().encode()


def _table_lines(table: Table) -> list[tuple[str | int, ...]]:
    rows = [*enumerate(table.rows, start=1)]
    lines: list[tuple[str | int, ...]] = []
    for number, row in rows:
        lines += _row_lines(table, number, row)
    if table.totals:
        lines += _row_lines(table, 0, table.totals)
    return lines


def _row_lines(
    table: Table, number: int, row: tuple[Cell, ...]
) -> list[tuple[str | int, str, str, str, str, str]]:
    """Row 0 is the line of totals."""
    name = safe_text(cell_value(row[0]))
    return [
        (number or "total", name, column.key, _value(cell), _unit(cell), safe_text(cell.href or ""))
        for column, cell in zip(table.columns, row, strict=True)
    ]


def _value(cell: Cell) -> str:
    match cell:
        case Money(amount=value) | Number(value=value) | Share(value=value):
            return plain(value)
        case Text(text=text):
            return safe_text(text)
        case _:
            return safe_text(cell_value(cell))


def _unit(cell: Cell) -> str:
    match cell:
        case Money(currency=currency):
            return currency
        case Number(unit=unit):
            return safe_text(unit)
        case Share():
            return "share"
        case _:
            return ""
