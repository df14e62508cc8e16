"""Reads the first filled sheet of XLSX and XLS workbooks by calamine, every cell as text."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from services.ingest.files.compression import check_workbook
from services.ingest.files.delimited import without_blank_rows
from services.ingest.files.detected import Detected, ReadHints, RowBatch, Table
from services.ingest.files.header import Header, column_names, find_header, table_width
from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import empty_file, encrypted_file, too_large, truncated_file
from shared.errors import Problem, RuleBroken

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")
_SAMPLE_ROWS = 200
_BATCH_CELLS = 400_000


def open_workbook(path: Path, kind: str, hints: ReadHints, limits: FileLimits) -> Table:
    """The table on the first sheet that holds one. `kind` is `xlsx` or `xls`."""
    if kind == "xlsx":
        check_workbook(path, limits)
    elif _is_encrypted(path):
        raise encrypted_file()
    elif path.stat().st_size > limits.workbook_bytes:
        raise too_large("unpacks_too_large", "The workbook is larger than allowed.")
    sheet = _first_filled_sheet(path)
    if sheet.width > limits.columns:
        raise too_large("too_many_columns", f"The sheet has {sheet.width} columns.")
    header = _header_of(sheet, hints)
    width = len(header.columns)
    detected = Detected(
        format=kind,
        columns=header.columns,
        header_row=None if header.index is None else header.index + 1,
        confidence=round(header.confidence, 2),
    )
    first = hints.skip_rows if header.index is None else header.index + 1
    return Table(detected, _batches(sheet[:, :width], first, header.columns))


def _is_encrypted(path: Path) -> bool:
    with path.open("rb") as stream:
        return _ENCRYPTED_PART in stream.read(1 << 20)


def _first_filled_sheet(path: Path) -> pl.DataFrame:
    """All cells of the first sheet with at least one filled row, as text, from row 1 on."""
    import fastexcel

    try:
        reader = fastexcel.read_excel(str(path))
        for name in reader.sheet_names:
            sheet = reader.load_sheet(
                name, header_row=None, skip_rows=0, dtypes="string", skip_whitespace_tail_rows=True
            )
            frame: pl.DataFrame = sheet.to_polars()
            if frame.height and frame.width:
                return frame
    except Problem:
        raise
    except BaseException as error:
        # The reader answers damage with many errors; its panics are no Exception.
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError | GeneratorExit):
            raise
        if "password" in str(error).lower():
            raise encrypted_file() from error
        raise truncated_file("The workbook is damaged and cannot be read.") from error
    raise empty_file("The workbook holds no filled sheet.")


def _header_of(sheet: pl.DataFrame, hints: ReadHints) -> Header:
    rows = [
        _trimmed(["" if cell is None else cell for cell in row])
        for row in sheet.head(_SAMPLE_ROWS).rows()
    ]
    width = sheet.width
    if hints.header_row is None:
        found = find_header(rows[hints.skip_rows :][:60], hints.known_columns)
        index = None if found.index is None else found.index + hints.skip_rows
        named = rows[index] if index is not None else []
        return Header(index, column_names(_padded(named, width)), found.confidence)
    if hints.header_row == 0:
        return Header(None, column_names([""] * max(width, table_width(rows))), 1.0)
    if hints.header_row > len(rows):
        raise RuleBroken(f"The sheet has no row {hints.header_row}.", code="no_header")
    named = rows[hints.header_row - 1]
    return Header(hints.header_row - 1, column_names(_padded(named, width)), 1.0)


def _trimmed(row: list[str]) -> list[str]:
    """A row without the empty cells at its end, which a sheet always fills up."""
    while row and not row[-1].strip():
        row.pop()
    return row


def _padded(row: list[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]


def _batches(sheet: pl.DataFrame, first: int, columns: tuple[str, ...]) -> Iterator[RowBatch]:
    size = max(500, _BATCH_CELLS // max(1, len(columns)))
    sheet.columns = list(columns)
    for start in range(first, sheet.height, size):
        cells = sheet.slice(start, size)
        numbers = pl.Series("row", range(start + 1, start + cells.height + 1), dtype=pl.Int64)
        yield without_blank_rows(RowBatch(numbers, cells))
