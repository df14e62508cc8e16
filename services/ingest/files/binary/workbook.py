"""Reads one sheet of a workbook: the profile's, else the fullest visible one, all as text."""

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from services.ingest.files.binary.decoding import decoded
from services.ingest.files.compression import check_workbook
from services.ingest.files.detected import Detected, MalformedRow, ReadHints, RowBatch, Table
from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import encrypted_file, too_large
from services.ingest.files.text.header import Header, column_names, find_header, table_width
from services.ingest.files.text.plain_lines import without_blank_rows
from services.ingest.files.text.trailer import without_trailer
from shared.errors import RuleBroken

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")
_SAMPLE_ROWS = 200


def open_workbook(
    path: Path, kind: str, hints: ReadHints, limits: FileLimits, kept: contextlib.ExitStack
) -> Table:
    """The table on the best sheet, open until `kept` ends. `kind` is `xlsx`, `xls` ...

    Formulas count by the value that was saved with them; nothing outside the file is looked at.
    """
    if kind != "xls":
        check_workbook(path, limits)
    elif _is_encrypted(path):
        raise encrypted_file()
    elif path.stat().st_size > limits.workbook_bytes:
        raise too_large("unpacks_too_large", "The workbook is larger than allowed.")
    found = kept.enter_context(decoded("workbook", path, hints, limits))
    head = _head(found.batches)
    header = _header_of(head, hints)
    detected = Detected(
        format=kind,
        columns=header.columns,
        header_row=None if header.index is None else header.index + 1,
        header_lines=header.lines,
        confidence=round(header.confidence, 2),
        sheet=found.facts["sheet"],
        other_sheets=tuple(found.facts["other_sheets"]),
    )
    first = hints.skip_rows if header.index is None else header.index + 1
    frames = itertools.chain([head], found.batches)
    trailer: list[MalformedRow] = []
    rows = without_trailer(_batches(frames, first, header.columns), header.columns, None, trailer)
    return Table(detected, rows, trailer)


def _is_encrypted(path: Path) -> bool:
    with path.open("rb") as stream:
        return _ENCRYPTED_PART in stream.read(1 << 20)


def _head(frames: Iterator[pl.DataFrame]) -> pl.DataFrame:
    """The first rows of the sheet: enough to find its header, if it has that many."""
    taken: list[pl.DataFrame] = []
    for frame in frames:
        taken.append(frame)
        if sum(one.height for one in taken) >= _SAMPLE_ROWS:
            break
    return pl.concat(taken)


def _header_of(head: pl.DataFrame, hints: ReadHints) -> Header:
    rows = [
        _trimmed(["" if cell is None else cell for cell in row])
        for row in head.head(_SAMPLE_ROWS).rows()
    ]
    width = head.width
    if hints.header_row is None:
        found = find_header(rows[hints.skip_rows :], hints.known_columns, hints.vocabulary)
        index = None if found.index is None else found.index + hints.skip_rows
        named = [] if index is None else list(found.columns)
        columns = column_names(_padded(named, width))
        return Header(index, columns, found.confidence, found.lines)
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


def _batches(
    frames: Iterator[pl.DataFrame], first: int, columns: tuple[str, ...]
) -> Iterator[RowBatch]:
    """The rows from index `first` on; a row is numbered by its place on the sheet, from 1."""
    done = 0
    for frame in frames:
        cells = frame.slice(max(0, first - done))
        number = max(first, done) + 1
        done += frame.height
        if cells.height:
            cells.columns = list(columns)
            numbers = pl.Series("row", range(number, number + cells.height), dtype=pl.Int64)
            yield without_blank_rows(RowBatch(numbers, cells))
