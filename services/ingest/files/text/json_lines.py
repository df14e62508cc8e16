"""Reads NDJSON: one object a line, numbers as the text they were written in."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from services.ingest.files.detected import Detected, MalformedRow, ReadHints, RowBatch, Table
from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import empty_file, too_large
from services.ingest.files.text.encoding import find_encoding
from services.ingest.files.text.text_rows import text_batch

_SAMPLE_ROWS = 500
_BATCH_ROWS = 20_000
_BATCH_CELLS = 1_000_000
_BATCH_CHARACTERS = 16 << 20
_RAW_CHARACTERS = 2_000


def looks_like_json_lines(path: Path, encoding: str) -> bool:
    """Whether the first filled line is one JSON object."""
    with path.open("r", encoding=encoding, errors="replace") as stream:
        for _ in range(20):
            line = stream.readline(1 << 20).strip()
            if line:
                return line.startswith("{") and isinstance(_object_of(line), dict)
    return False


def open_json_lines(path: Path, hints: ReadHints, limits: FileLimits) -> Table:
    """The table whose rows are the objects of the lines; columns as their keys first appear."""
    encoding = find_encoding(path, hints.encoding)
    columns: dict[str, None] = {}
    for _, line in _lines(path, encoding.name, limits, first=_SAMPLE_ROWS):
        found = _object_of(line)
        columns.update({} if isinstance(found, str) else dict.fromkeys(found))
        if len(columns) > limits.columns:
            raise too_large("too_many_columns", f"The objects have {len(columns)} keys.")
    if not columns:
        raise empty_file("The file holds no objects.")
    detected = Detected(format="ndjson", columns=tuple(columns), encoding=encoding.name)
    return Table(detected, _batches(path, encoding.name, tuple(columns), limits))


def _lines(
    path: Path, encoding: str, limits: FileLimits, first: int | None = None
) -> Iterator[tuple[int, str]]:
    longest = limits.line_characters
    with path.open("r", encoding=encoding, errors="surrogateescape") as stream:
        number = 0
        while line := stream.readline(longest + 1):
            number += 1
            if len(line) > longest:
                raise too_large("line_too_long", f"Line {number} is longer than {longest}.")
            if number > limits.rows:
                raise too_large("too_many_rows", f"The file has more than {limits.rows} rows.")
            if line.strip():
                yield number, line
            if first is not None and number >= first:
                return


def _object_of(line: str) -> dict[str, str] | str:
    """The cells of the object on a line by key, or why they cannot be read."""
    try:
        cells = _DECODER.decode(line)
        if set(map(type, cells.values())) != {str}:
            cells = {key: _as_cell(cell) for key, cell in cells.items()}
        keys = "".join(cells)
        keys.encode()
    except _RepeatedKeyError:
        return "A key stands twice in one object."
    except (ValueError, RecursionError, AttributeError):
        return "The line is no JSON object."
    return "A key holds a character that is no text." if "\x00" in keys else cells


class _RepeatedKeyError(ValueError):
    """One of two values under the same key would be lost."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedKeyError
    return found


_DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once
)


def _as_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _batches(
    path: Path, encoding: str, columns: tuple[str, ...], limits: FileLimits
) -> Iterator[RowBatch]:
    """Batches of rows. Keys that first appear later become columns of their batch."""
    batch = _Collector()
    known = set(columns)
    for number, line in _lines(path, encoding, limits):
        found = _object_of(line)
        if isinstance(found, str):
            shown = line[:_RAW_CHARACTERS].rstrip("\r\n").encode("utf-8", "backslashreplace")
            batch.malformed.append(MalformedRow(number, found, shown.decode()))
        else:
            known.update(found)
            batch.add(number, found)
        if len(known) > limits.columns:
            raise too_large("too_many_columns", f"The objects have {len(known)} keys.")
        batch.characters += len(line)
        if batch.is_full:
            yield batch.emptied()
            batch = _Collector()
    if batch.rows or batch.malformed:
        yield batch.emptied()


class _Collector:
    """Gathers objects until they make a batch of bounded size."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.rows: list[dict[str, str]] = []
        self.malformed: list[MalformedRow] = []
        self.keys: dict[str, None] = {}
        self.characters = 0

    @property
    def is_full(self) -> bool:
        """Whether rows, cells (absent ones as well) or text are enough."""
        rows = len(self.rows) + len(self.malformed)
        cells = rows * len(self.keys)
        return rows >= _BATCH_ROWS or cells >= _BATCH_CELLS or self.characters >= _BATCH_CHARACTERS

    def add(self, number: int, cells: dict[str, str]) -> None:
        """Take one object."""
        self.numbers.append(number)
        self.rows.append(cells)
        self.keys.update(dict.fromkeys(cells))

    def _cells(self, columns: tuple[str, ...]) -> list[list[str]]:
        if all(row.keys() == self.keys.keys() for row in self.rows):
            return [[row[name] for name in columns] for row in self.rows]
        return [[row.get(name, "") for name in columns] for row in self.rows]

    def emptied(self) -> RowBatch:
        """The batch, whose columns are the keys of its own rows."""
        columns = tuple(self.keys)
        batch = text_batch(columns, self.numbers, self._cells(columns), self.malformed)
        blank_as_null = batch.cells.with_columns(
            pl.when(pl.all() != "").then(pl.all())  # an absent key is no empty text
        )
        return RowBatch(batch.numbers, blank_as_null, batch.malformed)
