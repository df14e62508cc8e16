"""Lists as CSV, XLSX or Parquet, chosen by `Accept`; cells never start a formula."""

import csv
import io
import json
import re
import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import IO, Annotated, Any

from fastapi import Depends, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from shared.contracts.values import HeaderText, decimal_to_text
from shared.errors import Problem
from shared.http.spreadsheets import safe_text, workbook_text

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
PARQUET_ROWS = 50_000
KINDS = {CSV: "csv", XLSX: "xlsx", PARQUET: "parquet"}
_number = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class NotAcceptable(Problem):
    """None of the representations that the caller accepts exists."""

    status, code, title = 406, "not_acceptable", "No such representation"


def chosen_export(accept: str | None, offered: Sequence[str] = tuple(KINDS)) -> str | None:
    """The file type that `Accept` asks for, None for JSON; 406 when nothing fits."""
    wanted = [part.partition(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    for kind in wanted:
        if kind in {"*/*", "application/json", "application/*", ""}:
            return None
        if kind in offered:
            return kind
    if "text/*" in wanted and CSV in offered:
        return CSV
    raise NotAcceptable(f"choose application/json or one of {', '.join(offered)}")


async def _export(
    accept: Annotated[
        HeaderText | None,
        Header(description=f"`application/json`, `{CSV}`, `{XLSX}` or `{PARQUET}`"),
    ] = None,
) -> str | None:
    return chosen_export(accept)


ExportDep = Annotated[str | None, Depends(_export)]
"""None when JSON is wanted, else the media type to stream."""

EXPORT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            CSV: {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "contentMediaType": XLSX}},
            PARQUET: {"schema": {"type": "string", "contentMediaType": PARQUET}},
        }
    }
}
"""`responses=` of endpoints that also answer files."""


class Download(StreamingResponse):
    """Streams pieces and closes them even when their reader goes away.

    Behind them waits a database connection, which would come back only when garbage is collected.
    """

    def __init__(
        self,
        pieces: Generator[str | bytes],
        *,
        media_type: str | None,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await run_in_threadpool(self._pieces.close)


def plain_cell(value: Any) -> str:
    """A value as text: exact decimals, instants in UTC, nested values as JSON, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return decimal_to_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple | BaseModel):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_nested)
    return str(value)


def _nested(value: Any) -> Any:
    """What JSON does not know inside a nested cell: answers as their fields, the rest as text."""
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else plain_cell(value)


def safe_cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula; numbers stay numbers."""
    text = plain_cell(value)
    return text if _number.fullmatch(text) else safe_text(text)


def export_rows(
    kind: str, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Response:
    """A table as a download; CSV is streamed, the others are built in a temporary file.

    The first row is read before the answer begins, so that a refusal is still an answer.
    """
    left = iter(rows)
    rows = chain(list(islice(left, 1)), left)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{KINDS[kind]}"'}
    if kind == CSV:
        pieces = _csv_pieces(columns, rows)
        return Download(pieces, media_type=f"{CSV}; charset=utf-8", headers=headers)
    if kind == PARQUET:
        return Download(pieces_of(_parquet(columns, rows)), media_type=kind, headers=headers)
    return Response(_xlsx(columns, rows), media_type=kind, headers=headers)


def _csv_pieces(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Generator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([safe_cell(name) for name in columns])
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _xlsx(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    import xlsxwriter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(path), options) as book:
            book.set_properties({"created": datetime(2000, 1, 1)})  # same bytes every time
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            for index, column in enumerate(columns):
                sheet.write_string(0, index, workbook_text(column), book.add_format({"bold": True}))
            for line, row in enumerate(rows, start=1):
                for index, value in enumerate(row):
                    _xlsx_cell(sheet, line, index, value)
        return path.read_bytes()


def _xlsx_cell(sheet: Any, line: int, index: int, value: Any) -> None:
    """Decimals of up to 15 digits become numbers; longer ones stay text, so nothing is lost."""
    short = isinstance(value, Decimal) and len(value.as_tuple().digits) <= 15
    if short or (isinstance(value, int) and not isinstance(value, bool)):
        sheet.write_number(line, index, value)
    else:
        sheet.write_string(line, index, workbook_text(plain_cell(value)))


def _parquet(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """A temporary file at its beginning, written stretch by stretch."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column, pa.string()) for column in columns])
    built, left = tempfile.TemporaryFile(), iter(rows)  # noqa: SIM115 - whoever sends it closes it
    with pq.ParquetWriter(built, schema, compression="zstd") as writer:
        while stretch := list(islice(left, PARQUET_ROWS)):
            cells = (
                [None if row[i] is None else plain_cell(row[i]) for row in stretch]
                for i in range(len(columns))
            )
            writer.write_table(pa.table([pa.array(cell, pa.string()) for cell in cells], schema))
    built.seek(0)
    return built


def pieces_of(built: IO[bytes]) -> Generator[bytes]:
    """A file that is closed when its last piece is sent, or nobody wants more."""
    with built:
        while piece := built.read(1 << 18):
            yield piece
