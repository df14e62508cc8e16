"""Reads the records of a text with separated cells, giving back lines that a stray quote took."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import too_large
from services.ingest.files.text.dialect import Dialect

_BLOCK_CHARACTERS = 1 << 20
# A quote that nobody closes swallows lines; after this many rescues the rest is read as it comes.
_MAX_RESCUES = 1_000
#: How much of a broken row is kept as its text.
RAW_CHARACTERS = 2_000

_SAMPLE_CELLS = 40_000

csv.field_size_limit(1 << 20)


class RecordReader:
    """Reads the records of a text: whole blocks at once where every line is one record.

    Where a record takes several lines it is read line by line, and the lines are remembered, so
    that a quote left open cannot swallow good rows: they are given back and read again.
    """

    def __init__(self, stream: TextIO, dialect: Dialect, limits: FileLimits) -> None:
        self._stream = stream
        self.dialect = dialect
        self._longest = limits.line_characters
        self._waiting: deque[str] = deque()
        self._begun = ""
        self._taken: list[str] = []
        self._rescues = 0
        self.characters = 0
        self._rows = csv.reader(self, **dialect.options())
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
        return self.dialect.doubled(line)

    def next_block(self) -> list[str] | None:
        """The lines of the next block, none at the end; None while read ones wait."""
        return None if self._waiting else self._next_lines()

    def rows_of(self, lines: list[str]) -> list[list[str]] | None:
        """The records of a block, one a line; None, and the lines wait, where one takes several."""
        try:
            rows = list(csv.reader(map(self.dialect.doubled, lines), **self.dialect.options()))
        except csv.Error:
            rows = []
        if len(rows) != len(lines):
            self._waiting.extend(lines)
            return None
        self.number += len(rows)
        return rows

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
        return "".join(self._taken)[:RAW_CHARACTERS].rstrip("\r\n")

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
        self.characters += len(text)
        lines = list(io.StringIO(text, newline=""))
        if lines and max(map(len, lines)) > self._longest:
            raise too_large(
                "line_too_long", f"A line after row {self.number} is longer than {self._longest}."
            )
        return lines


def opened(path: Path, encoding: str) -> TextIO:
    """The text of a file. Bytes that do not fit become lone surrogates, and their rows rejects."""
    return path.open("r", encoding=encoding, errors="surrogateescape", newline="")


def first_records(
    path: Path, encoding: str, dialect: Dialect, limits: FileLimits, count: int, characters: int
) -> list[list[str]]:
    """The first records of a file, blank ones as []; fewer where they are long."""
    rows: list[list[str]] = []
    cells = 0
    with opened(path, encoding) as stream:
        reader = RecordReader(stream, dialect, limits)
        while len(rows) < count and (row := reader.next_record()) is not None:
            rows.append(row[: limits.columns + 1])  # one more than allowed is enough to refuse
            cells += len(rows[-1])
            if reader.characters > characters or cells > _SAMPLE_CELLS:
                break  # so long rows that a few of them say enough
    return rows
