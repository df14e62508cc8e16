"""Reads Parquet: decimals exactly, instants in ISO form, floats as their shortest text, flagged."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from services.ingest.files.detected import Detected, RowBatch, Table
from services.ingest.files.header import column_names
from services.ingest.files.limits import FileLimits
from services.ingest.files.problems import empty_file, too_large, truncated_file
from shared.errors import Problem

PARQUET_MAGIC = b"PAR1"
_BATCH_CELLS = 400_000


def open_parquet(path: Path, limits: FileLimits) -> Table:
    """The table in a Parquet file. Raises Problem `truncated_file`, `empty_file`, `too_many_*`."""
    import pyarrow.parquet as pq
    import pyarrow.types as kinds

    _check_frame(path)
    try:
        source = pq.ParquetFile(path)
        schema = source.schema_arrow
        _check_size(source.metadata, limits)
    except Problem:
        raise
    except Exception as error:  # the library raises many kinds, all of which mean damage
        raise truncated_file("The Parquet file is damaged and cannot be read.") from error
    columns = column_names(schema.names)
    floats = [
        name for name, kind in zip(columns, schema.types, strict=True) if kinds.is_floating(kind)
    ]
    detected = Detected(format="parquet", columns=columns, float_columns=tuple(floats))
    return Table(detected, _batches(source, columns))


def _check_frame(path: Path) -> None:
    with path.open("rb") as stream:
        stream.seek(0, 2)
        size = stream.tell()
        stream.seek(max(0, size - 4))
        tail = stream.read(4)
    if size < 12 or tail != PARQUET_MAGIC:
        raise truncated_file("The Parquet file ends early: its footer is missing.")


def _check_size(metadata: Any, limits: FileLimits) -> None:
    if metadata.num_rows == 0:
        raise empty_file("The Parquet file holds no rows.")
    if metadata.num_columns > limits.columns:
        raise too_large("too_many_columns", f"The table has {metadata.num_columns} columns.")
    if metadata.num_rows > limits.rows:
        raise too_large("too_many_rows", f"The table has {metadata.num_rows} rows.")
    for place in range(metadata.num_row_groups):
        if metadata.row_group(place).total_byte_size > limits.row_group_bytes:
            raise too_large("unpacks_too_large", "A row group is larger than allowed.")


def _batches(source: Any, columns: tuple[str, ...]) -> Iterator[RowBatch]:
    import pyarrow as pa

    size = max(500, _BATCH_CELLS // max(1, len(columns)))
    done = 0
    try:
        for batch in source.iter_batches(batch_size=size):
            arrays = [_as_text(batch.column(place)) for place in range(batch.num_columns)]
            cells = pl.from_arrow(pa.table(arrays, names=list(columns)))
            if not isinstance(cells, pl.DataFrame):
                raise truncated_file("The Parquet file is damaged and cannot be read.")
            numbers = pl.Series("row", range(done + 1, done + cells.height + 1), dtype=pl.Int64)
            done += cells.height
            yield RowBatch(numbers, cells.cast(pl.String))
    except (pa.ArrowException, OSError, ValueError, ArithmeticError) as error:
        raise truncated_file("The Parquet file is damaged and cannot be read.") from error


def _as_text(array: Any) -> Any:
    """One column as text. Nested values become JSON, which is how bills carry tags."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as kinds

    kind = array.type
    if kinds.is_dictionary(kind):
        return _as_text(array.dictionary_decode())
    if kinds.is_nested(kind):
        return pa.array([_as_json(value) for value in array.to_pylist()], pa.string())
    if kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_fixed_size_binary(kind):
        texts = [None if v is None else v.decode("utf-8", "replace") for v in array.to_pylist()]
        return pa.array(texts, pa.string())
    if kinds.is_timestamp(kind) and kind.unit == "ns":
        array = pc.cast(array, pa.timestamp("us", kind.tz), safe=False)
    text = pc.cast(array, pa.string())
    text.validate(full=True)  # damaged pages may hold bytes that are no text
    if kinds.is_string(kind) or kinds.is_large_string(kind):
        return pc.replace_substring(text, "\x00", "\ufffd")
    return text


def _as_json(value: object) -> str | None:
    import json

    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(x, tuple) and len(x) == 2 for x in value):
        value = dict(value)  # an Arrow map arrives as a list of pairs
    return json.dumps(value, default=str, ensure_ascii=False)
