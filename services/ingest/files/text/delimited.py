"""Reads CSV and its relatives: any common delimiter, preambles, broken rows set aside with text.

The rows are read by the standard library's `csv`, not by Polars: Polars cannot say which row has
a wrong number of cells (it refuses the file, cuts the row or fills it), and a ledger must name
every such row. `csv` also reads the half-quoted cells that banks write (`"-1,099.14"<TAB>`).
Reading costs a few seconds per million rows, little beside storing them.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from services.ingest.files.detected import Detected, MalformedRow, ReadHints, RowBatch, Table
from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import empty_file, too_large
from services.ingest.files.text.dialect import Dialect, likely_dialects
from services.ingest.files.text.encoding import FoundEncoding, find_encoding
from services.ingest.files.text.header import Header, column_names, find_header, table_width
from services.ingest.files.text.plain_lines import (
    joined,
    split_plain,
    without_blank_rows,
)
from services.ingest.files.text.records import RAW_CHARACTERS, RecordReader, first_records, opened
from services.ingest.files.text.text_rows import readable, text_batch
from services.ingest.files.text.trailer import without_trailer
from shared.errors import RuleBroken

_SAMPLE_ROWS = 200
_SAMPLE_CHARACTERS = 4 << 20
_HEAD_CHARACTERS = 1 << 16
# Another delimiter that fits nearly as well makes the choice unsure.
_CLOSE = 0.8
_BATCH_CELLS = 900_000
_BATCH_CHARACTERS = 16 << 20


def open_delimited(path: Path, hints: ReadHints, limits: FileLimits) -> Table:
    """The table in a text file. Raises Problem `empty_file`, `line_too_long`, `no_header` ..."""
    encoding = find_encoding(path, hints.encoding)
    dialect, header = _find_layout(path, encoding, hints, limits)
    if len(header.columns) > limits.columns:
        raise too_large("too_many_columns", f"The table has over {limits.columns} columns.")
    detected = Detected(
        format="tsv" if dialect.delimiter == "\t" else "csv",
        columns=header.columns,
        encoding="utf-8" if encoding.name == "utf-8-sig" else encoding.name,
        delimiter=dialect.delimiter,
        header_row=None if header.index is None else header.index + 1,
        header_lines=header.lines,
        confidence=round(min(encoding.confidence, header.confidence), 2),
    )
    batches = _batches(path, encoding.name, dialect, detected, hints, limits)
    trailer: list[MalformedRow] = []
    rows = without_trailer(batches, detected.columns, dialect.delimiter, trailer)
    return Table(detected, rows, trailer)


def _find_layout(
    path: Path, encoding: FoundEncoding, hints: ReadHints, limits: FileLimits
) -> tuple[Dialect, Header]:
    with opened(path, encoding.name) as stream:
        head = stream.read(_HEAD_CHARACTERS)
    found: list[tuple[float, Dialect, Header]] = []
    for dialect in likely_dialects(head, hints.delimiter):
        rows = first_records(path, encoding.name, dialect, limits, _SAMPLE_ROWS, _SAMPLE_CHARACTERS)
        if not any(any(cell.strip() for cell in row) for row in rows):
            raise empty_file("The file holds no rows.")
        found.append((_layout_score(rows, hints), dialect, _header_of(rows, hints)))
    score, dialect, header = max(found, key=lambda one: one[0])
    rivals = sum(1 for other, *_ in found if other > _CLOSE * score) - 1
    if rivals:
        header = dataclasses.replace(header, confidence=header.confidence * _CLOSE)
    return dialect, header


def _layout_score(rows: Sequence[Sequence[str]], hints: ReadHints) -> float:
    """How well a delimiter fits: equally wide rows under a header of that width."""
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    width = table_width(filled)
    if width <= 1:
        return 0.01
    even = sum(1 for row in filled if len(row) == width) / len(filled)
    header = _header_of(rows, hints)
    return even * (0.2 + header.confidence) * math.sqrt(min(width, 12))


def _header_of(rows: Sequence[Sequence[str]], hints: ReadHints) -> Header:
    if hints.header_row is None:
        skipped = hints.skip_rows
        found = find_header(rows[skipped:], hints.known_columns, hints.vocabulary)
        index = None if found.index is None else found.index + skipped
        return dataclasses.replace(found, index=index)
    if hints.header_row == 0:
        return Header(None, column_names([""] * table_width(rows[hints.skip_rows :])), 1.0)
    if hints.header_row > len(rows):
        raise RuleBroken(f"The file has no row {hints.header_row}.", code="no_header")
    return Header(hints.header_row - 1, column_names(rows[hints.header_row - 1]), 1.0)


def _batches(
    path: Path,
    encoding: str,
    dialect: Dialect,
    detected: Detected,
    hints: ReadHints,
    limits: FileLimits,
) -> Iterator[RowBatch]:
    """Batches of the rows below the header; a row is numbered by its record, from 1."""
    first = detected.header_row or hints.skip_rows
    full = max(500, _BATCH_CELLS // max(1, len(detected.columns)))
    size = 1  # the first block at once: mostly it tells all that a look at the file is for
    begun = 0
    with opened(path, encoding) as stream:
        reader = RecordReader(stream, dialect, limits)
        batch = _Collector(detected.columns, first)
        while _take_block(reader, batch):
            if reader.number > limits.rows:
                raise too_large("too_many_rows", f"The file has more than {limits.rows} rows.")
            long = reader.characters - begun > _BATCH_CHARACTERS
            if batch.size >= size or (long and batch.size):
                yield batch.emptied()
                size, begun = full, reader.characters
        if batch.size:
            yield batch.emptied()


def _take_block(reader: RecordReader, batch: "_Collector") -> bool:
    """Collect the next block of records; False at the end of the file."""
    lines = reader.next_block()
    if lines is not None:
        number = reader.number + 1
        if batch.take_plain(number, lines, reader.dialect):
            reader.number += len(lines)
            return True
        rows = reader.rows_of(lines)
        if rows is not None:
            batch.take_lines(number, rows, lines)
            return bool(rows)
    while (cells := reader.next_record()) is not None:
        batch.take(reader, cells)
        if reader.at_block_end:
            return True
    return False


class _Collector:
    """Gathers records until they make a batch, setting aside those that do not fit."""

    def __init__(self, columns: tuple[str, ...], after: int) -> None:
        self._columns = columns
        self._after = after
        self._numbers: list[int] = []
        self._rows: list[list[str]] = []
        self._malformed: list[MalformedRow] = []
        self._before: list[RowBatch] = []

    @property
    def size(self) -> int:
        before = sum(batch.cells.height + len(batch.malformed) for batch in self._before)
        return before + len(self._rows) + len(self._malformed)

    def take_plain(self, number: int, lines: list[str], dialect: Dialect) -> bool:
        """Take lines, the first of that number, if all are plain rows of this table."""
        cells = None
        if number > self._after:
            cells = split_plain(lines, dialect, self._columns)
        if cells is None:
            return False
        self._set_aside()
        numbers = pl.int_range(number, number + len(lines), dtype=pl.Int64, eager=True)
        self._before.append(without_blank_rows(RowBatch(numbers.alias("row"), cells)))
        return True

    def take_lines(self, number: int, rows: list[list[str]], lines: list[str]) -> None:
        """Take records of one line each; `number` is that of the first."""
        skipped = max(0, min(self._after + 1 - number, len(rows)))
        if skipped:
            number, rows, lines = number + skipped, rows[skipped:], lines[skipped:]
        width = len(self._columns)
        if set(map(len, rows)) <= {width}:
            self._numbers.extend(range(number, number + len(rows)))
            self._rows.extend(rows)
            return
        for place, cells in enumerate(rows):
            if not self._accept(number + place, cells) and not _is_blank(cells, lines[place]):
                self._refuse(number + place, cells, lines[place][:RAW_CHARACTERS].rstrip("\r\n"))

    def take(self, reader: RecordReader, cells: list[str]) -> None:
        """Take one record, which may have taken several lines."""
        if reader.number <= self._after or _is_blank(cells, reader.raw):
            return
        if _swallowed(cells, len(self._columns)) or not self._accept(reader.number, cells):
            reader.rescue()
            self._refuse(reader.number, cells, reader.raw)

    def _accept(self, number: int, cells: list[str]) -> bool:
        """Take a record that fits, or is wider by blank cells only, as trailing delimiters do."""
        width = len(self._columns)
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            return False
        self._numbers.append(number)
        self._rows.append(cells[:width])
        return True

    def _refuse(self, number: int, cells: list[str], raw: str) -> None:
        found = f"{len(cells)} cells where the header has {len(self._columns)}."
        self._malformed.append(MalformedRow(number, found, readable(raw)))

    def emptied(self) -> RowBatch:
        """The batch so far; the next one begins empty."""
        self._set_aside()
        batches, self._before = self._before, []
        return joined(batches)

    def _set_aside(self) -> None:
        """Make a batch of the records read one by one."""
        numbers, rows, malformed = self._numbers, self._rows, self._malformed
        self._numbers, self._rows, self._malformed = [], [], []
        if rows or malformed:
            self._before.append(text_batch(self._columns, numbers, rows, malformed))


def _is_blank(cells: Sequence[str], raw: str) -> bool:
    """Whether a row says nothing: it is empty, or a line of dashes."""
    if not any(cell.strip() for cell in cells):
        return not raw.strip(' \t,;|"\r\n')
    return ("---" in raw or "===" in raw) and not raw.strip(" \t,;|-=+\r\n")


def _swallowed(cells: Sequence[str], width: int) -> bool:
    """Whether one cell holds what looks like whole rows of this table: a quote left open."""
    return any(
        any(line.count(mark) >= width - 1 for mark in ",;\t|" for line in cell.splitlines()[1:])
        for cell in cells
        if "\n" in cell and width > 2
    )
