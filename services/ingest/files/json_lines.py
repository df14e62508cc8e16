"""Reads NDJSON: one object a line, numbers as the text they were written in."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from services.ingest.files.delimited import text_batch
from services.ingest.files.detected import Detected, MalformedRow, ReadHints, RowBatch, Table
from services.ingest.files.encoding import find_encoding
from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import empty_file, too_large

_SAMPLE_ROWS = 500
_BATCH_ROWS = 20_000
_RAW_CHARACTERS = 2_000


def looks_like_json_lines(path: Path, encoding: str) -> bool:
    """Whether the first filled line is one JSON object."""
    with path.open("r", encoding=encoding, errors="replace") as stream:
        for _ in range(20):
            line = stream.readline(1 << 20).strip()
            if line:
                return line.startswith("{") and _object_of(line) is not None
    return False


def open_json_lines(path: Path, hints: ReadHints, limits: FileLimits) -> Table:
    """The table whose rows are the objects of the lines; columns as their keys first appear."""
    encoding = find_encoding(path, hints.encoding)
    columns: dict[str, None] = {}
    for _, line in _lines(path, encoding.name, limits, first=_SAMPLE_ROWS):
        columns.update(dict.fromkeys(_object_of(line) or {}))
    if not columns:
        raise empty_file("The file holds no objects.")
    if len(columns) > limits.columns:
        raise too_large("too_many_columns", f"The objects have {len(columns)} keys.")
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


def _object_of(line: str) -> dict[str, object] | None:
    try:
        value = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


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
    numbers: list[int] = []
    rows: list[dict[str, object]] = []
    malformed: list[MalformedRow] = []
    known = dict.fromkeys(columns)
    for number, line in _lines(path, encoding, limits):
        found = _object_of(line)
        if found is None:
            shown = line[:_RAW_CHARACTERS].rstrip("\r\n").encode("utf-8", "backslashreplace")
            malformed.append(MalformedRow(number, "The line is no JSON object.", shown.decode()))
        else:
            known.update(dict.fromkeys(found))  # keys that appear later become columns later
            numbers.append(number)
            rows.append(found)
        if len(known) > limits.columns:
            raise too_large("too_many_columns", f"The objects have {len(known)} keys.")
        if len(rows) + len(malformed) >= _BATCH_ROWS:
            yield _batch(tuple(known), numbers, rows, malformed)
            numbers, rows, malformed = [], [], []
    if rows or malformed:
        yield _batch(tuple(known), numbers, rows, malformed)


def _batch(
    columns: tuple[str, ...],
    numbers: list[int],
    rows: list[dict[str, object]],
    malformed: list[MalformedRow],
) -> RowBatch:
    cells = [[_as_cell(row.get(name)) for name in columns] for row in rows]
    batch = text_batch(columns, numbers, cells, malformed)
    blank_as_null = batch.cells.with_columns(
        pl.when(pl.all() != "").then(pl.all())  # an absent key is no empty text
    )
    return RowBatch(batch.numbers, blank_as_null, batch.malformed)
