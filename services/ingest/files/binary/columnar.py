"""Reads Parquet: every column as text, binary floats flagged."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from services.ingest.files.binary.decoding import decoded
from services.ingest.files.detected import Detected, ReadHints, RowBatch, Table
from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import truncated_file
from services.ingest.files.text.header import column_names

PARQUET_MAGIC = b"PAR1"


def open_parquet(
    path: Path, hints: ReadHints, limits: FileLimits, kept: contextlib.ExitStack
) -> Table:
    """The table in a Parquet file, open until `kept` ends.

    Raises Problem `truncated_file`, `empty_file`, `unpacks_too_large`, `too_many_*`.
    """
    _check_frame(path)
    found = kept.enter_context(decoded("parquet", path, hints, limits))
    columns = column_names(found.facts["columns"])
    floats = found.facts["floats"]
    detected = Detected(
        format="parquet",
        columns=columns,
        float_columns=tuple(
            name for name, is_float in zip(columns, floats, strict=True) if is_float
        ),
    )
    return Table(detected, _batches(found.batches, columns))


def _check_frame(path: Path) -> None:
    with path.open("rb") as stream:
        stream.seek(0, 2)
        size = stream.tell()
        stream.seek(max(0, size - 4))
        tail = stream.read(4)
    if size < 12 or tail != PARQUET_MAGIC:
        raise truncated_file("The Parquet file ends early: its footer is missing.")


def _batches(frames: Iterator[pl.DataFrame], columns: tuple[str, ...]) -> Iterator[RowBatch]:
    done = 0
    for cells in frames:
        cells.columns = list(columns)
        numbers = pl.Series("row", range(done + 1, done + cells.height + 1), dtype=pl.Int64)
        done += cells.height
        yield RowBatch(numbers, cells)
