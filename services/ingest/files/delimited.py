"""Reads CSV and its relatives: any common delimiter, preambles, broken rows set aside with text.

The rows are read by the standard library's `csv`, not by Polars: Polars cannot say which row has
a wrong number of cells (it refuses the file, cuts the row or fills it), and a ledger must name
every such row. `csv` also reads the half-quoted cells that banks write (`"-1,099.14"<TAB>`).
Reading costs a few seconds per million rows, little beside storing them.
"""

import csv
import io
import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import polars as pl

from services.ingest.files.detected import Detected, MalformedRow, ReadHints, RowBatch, Table
from services.ingest.files.encoding import FoundEncoding, find_encoding
from services.ingest.files.header import Header, column_names, find_header, table_width
from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import empty_file, too_large
from shared.errors import RuleBroken

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f", "\x01")
_SAMPLE_ROWS = 200
_BATCH_CELLS = 900_000
_BLOCK_CHARACTERS = 1 << 20
# A quote that nobody closes swallows lines; after this many rescues the rest is read as it comes.
_MAX_RESCUES = 1_000
# How much of a broken row is kept as its text.
_RAW_CHARACTERS = 2_000

csv.field_size_limit(1 << 20)


class RecordReader:
    """Reads the records of a text: whole blocks at once where every line is one record.

    Where a record takes several lines it is read line by line, and the lines are remembered, so
    that a quote left open cannot swallow good rows: they are given back and read again.
    """

    def __init__(self, stream: TextIO, delimiter: str, limits: FileLimits) -> None:
        self._stream = stream
        self._delimiter = delimiter
        self._longest = limits.line_characters
        self._waiting: deque[str] = deque()
        self._begun = ""
        self._taken: list[str] = []
        self._rescues = 0
        self._rows = csv.reader(self, delimiter=delimiter)
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """The next line for `csv`; no generator, because lines may come back after the end."""
        if not self._waiting:
            self._waiting.extend(self._next_lines())
        if not self._waiting:
            raise StopIteration
        line = self._waiting.popleft()
        self._taken.append(line)
        return line

    def next_block(self) -> tuple[list[list[str]], list[str]] | None:
        """Records and their lines, one line each; None where the next one takes several lines.

        Two empty lists at the end. `number` is that of the last record.
        """
        if self._waiting:
            return None
        lines = self._next_lines()
        try:
            rows = list(csv.reader(lines, delimiter=self._delimiter))
        except csv.Error:
            rows = []
        if len(rows) != len(lines):
            self._waiting.extend(lines)
            return None
        self.number += len(rows)
        return rows, lines

    def next_record(self) -> list[str] | None:
        """The cells of the next record, [] for a blank one, None at the end."""
        self._taken.clear()
        self.number += 1
        try:
            return next(self._rows, None)
        except csv.Error:
            self.rescue()
            return []

    @property
    def at_block_end(self) -> bool:
        """Whether the lines read so far are all used up."""
        return not self._waiting

    @property
    def raw(self) -> str:
        """The text of the current record as received, bounded."""
        return "".join(self._taken)[:_RAW_CHARACTERS].rstrip("\r\n")

    def rescue(self) -> bool:
        """Give back all lines but the first of the current record; says whether there were any."""
        if len(self._taken) < 2 or self._rescues >= _MAX_RESCUES:
            return False
        self._rescues += 1
        self._waiting.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        return True

    def _next_lines(self) -> list[str]:
        """The lines of the next block of text; the last one is whole."""
        text = self._begun + self._stream.read(_BLOCK_CHARACTERS)
        self._begun = ""
        if text and not text.endswith("\n"):
            text += self._stream.readline(self._longest + 1)
        if text.endswith("\r"):
            following = self._stream.read(1)
            if following == "\n":
                text += following
            else:
                self._begun = following
        lines = list(io.StringIO(text, newline=""))
        if lines and max(map(len, lines)) > self._longest:
            raise too_large(
                "line_too_long", f"A line after row {self.number} is longer than {self._longest}."
            )
        return lines


def open_delimited(path: Path, hints: ReadHints, limits: FileLimits) -> Table:
    """The table in a text file. Raises Problem `empty_file`, `line_too_long`, `no_header` ..."""
    encoding = find_encoding(path, hints.encoding)
    delimiter, header = _find_layout(path, encoding, hints, limits)
    if len(header.columns) > limits.columns:
        raise too_large("too_many_columns", f"The table has {len(header.columns)} columns.")
    detected = Detected(
        format="tsv" if delimiter == "\t" else "csv",
        columns=header.columns,
        encoding="utf-8" if encoding.name == "utf-8-sig" else encoding.name,
        delimiter=delimiter,
        header_row=None if header.index is None else header.index + 1,
        confidence=round(min(encoding.confidence, header.confidence), 2),
    )
    return Table(detected, _batches(path, encoding.name, detected, hints, limits))


def _opened(path: Path, encoding: str) -> TextIO:
    # Bytes that do not fit the encoding become lone surrogates, and their rows rejects.
    return path.open("r", encoding=encoding, errors="surrogateescape", newline="")


def _find_layout(
    path: Path, encoding: FoundEncoding, hints: ReadHints, limits: FileLimits
) -> tuple[str, Header]:
    candidates = (hints.delimiter,) if hints.delimiter else DELIMITERS
    best: tuple[float, str, Header] | None = None
    for delimiter in candidates:
        rows = _sample(path, encoding.name, delimiter, limits)
        if not any(any(cell.strip() for cell in row) for row in rows):
            raise empty_file("The file holds no rows.")
        score = _layout_score(rows, hints)
        if best is None or score > best[0] + 1e-9:
            best = (score, delimiter, _header_of(rows, hints))
    if best is None:
        raise empty_file()
    return best[1], best[2]


def _sample(path: Path, encoding: str, delimiter: str, limits: FileLimits) -> list[list[str]]:
    rows: list[list[str]] = []
    with _opened(path, encoding) as stream:
        reader = RecordReader(stream, delimiter, limits)
        while len(rows) < _SAMPLE_ROWS and (row := reader.next_record()) is not None:
            rows.append(row)
    return rows


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
        found = find_header(rows[skipped:][:60], hints.known_columns)
        index = None if found.index is None else found.index + skipped
        return Header(index, found.columns, found.confidence)
    if hints.header_row == 0:
        return Header(None, column_names([""] * table_width(rows[hints.skip_rows :])), 1.0)
    if hints.header_row > len(rows):
        raise RuleBroken(f"The file has no row {hints.header_row}.", code="no_header")
    return Header(hints.header_row - 1, column_names(rows[hints.header_row - 1]), 1.0)


def _batches(
    path: Path, encoding: str, detected: Detected, hints: ReadHints, limits: FileLimits
) -> Iterator[RowBatch]:
    """Batches of the rows below the header; a row is numbered by its record, from 1."""
    first = detected.header_row or hints.skip_rows
    full = max(500, _BATCH_CELLS // max(1, len(detected.columns)))
    size = 1  # the first block at once: mostly it tells all that a look at the file is for
    with _opened(path, encoding) as stream:
        reader = RecordReader(stream, detected.delimiter or ",", limits)
        batch = _Collector(detected.columns, first)
        while _take_block(reader, batch):
            if reader.number > limits.rows:
                raise too_large("too_many_rows", f"The file has more than {limits.rows} rows.")
            if batch.size >= size:
                yield batch.emptied()
                size = full
        if batch.size:
            yield batch.emptied()


def _take_block(reader: RecordReader, batch: "_Collector") -> bool:
    """Collect the next block of records; False at the end of the file."""
    block = reader.next_block()
    if block is not None:
        rows, lines = block
        batch.take_lines(reader.number - len(rows) + 1, rows, lines)
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

    @property
    def size(self) -> int:
        return len(self._rows) + len(self._malformed)

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
                self._refuse(number + place, cells, lines[place][:_RAW_CHARACTERS].rstrip("\r\n"))

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
        self._malformed.append(MalformedRow(number, found, _shown(raw)))

    def emptied(self) -> RowBatch:
        """The batch so far; the next one begins empty."""
        numbers, rows, malformed = self._numbers, self._rows, self._malformed
        self._numbers, self._rows, self._malformed = [], [], []
        return text_batch(self._columns, numbers, rows, malformed)


def _is_blank(cells: Sequence[str], raw: str) -> bool:
    return not any(cell.strip() for cell in cells) and not raw.strip(' \t,;|"\r\n')


def _swallowed(cells: Sequence[str], width: int) -> bool:
    """Whether one cell holds what looks like whole rows of this table: a quote left open."""
    return any(
        any(line.count(mark) >= width - 1 for mark in ",;\t|" for line in cell.splitlines()[1:])
        for cell in cells
        if "\n" in cell and width > 2
    )


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
                    _shown(" | ".join(rows[place]))[:_RAW_CHARACTERS],
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
    return without_blank_rows(RowBatch(numbered, cells, tuple(malformed)))


def without_blank_rows(batch: RowBatch) -> RowBatch:
    """Rows whose cells are all blank say nothing and count as no rows."""
    if batch.cells.height == 0:
        return batch
    blank = batch.cells.select(
        pl.all_horizontal((pl.all().str.strip_chars() == "") | pl.all().is_null())
    ).to_series()
    if not blank.any():
        return batch
    return RowBatch(batch.numbers.filter(~blank), batch.cells.filter(~blank), batch.malformed)


def _unstorable(rows: list[list[str]]) -> list[int]:
    """The places of rows with characters that are no text; mostly none, so all are tried first."""
    if _is_storable(map("".join, rows)):
        return []
    return [place for place, row in enumerate(rows) if not _is_storable(row)]


def _is_storable(row: Iterable[str]) -> bool:
    text = "".join(row)
    if text.isascii():
        return "\x00" not in text
    if "\x00" in text:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    """Text that can be stored and shown, whatever the bytes were."""
    safe = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    return safe.replace("\x00", "\\x00")
