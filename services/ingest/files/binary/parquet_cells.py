"""Reads Parquet as columns of text: decimals exactly, instants in ISO form, floats shortest."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as kinds

from services.ingest.files.limits import MIB
from services.ingest.files.problems import empty_file, too_large, truncated_file
from shared.errors import Problem

_BATCH_CELLS = 400_000
_ZERO = re.compile(r"((?<!\\)(?:\\\\)*)\\u0000")  # an escaped zero, and no escaped backslash


def parquet_cells(
    path: str, limits: dict[str, int]
) -> tuple[dict[str, Any], Iterator[pa.RecordBatch]]:
    """The columns of a file with what is to be known of them, and its rows.

    Raises Problem `truncated_file`, `empty_file`, `too_many_columns`, `too_many_rows`.
    """
    try:
        source = pq.ParquetFile(
            Path(path), buffer_size=MIB, pre_buffer=False, page_checksum_verification=True
        )
        schema = source.schema_arrow
        _check_size(source.metadata, limits)
    except (Problem, MemoryError):
        raise
    except Exception as error:  # the library raises many kinds, all of which mean damage
        raise truncated_file("The Parquet file is damaged and cannot be read.") from error
    floats = [kinds.is_floating(kind) for kind in schema.types]
    facts = {"columns": list(schema.names), "floats": floats}
    return facts, _batches(source, len(schema.names))


def _check_size(metadata: Any, limits: dict[str, int]) -> None:
    if metadata.num_rows == 0:
        raise empty_file("The Parquet file holds no rows.")
    if metadata.num_columns > limits["columns"]:
        raise too_large("too_many_columns", f"The table has {metadata.num_columns} columns.")
    if metadata.num_rows > limits["rows"]:
        raise too_large("too_many_rows", f"The table has {metadata.num_rows} rows.")


def _batches(source: Any, width: int) -> Iterator[pa.RecordBatch]:
    size = max(100, _BATCH_CELLS // max(1, width))
    names = [str(place) for place in range(width)]
    try:
        for batch in source.iter_batches(batch_size=size):
            texts = [_as_text(batch.column(place)) for place in range(batch.num_columns)]
            yield pa.RecordBatch.from_arrays(texts, names=names)
    except (pa.ArrowException, OSError, ValueError, ArithmeticError) as error:
        if isinstance(error, pa.ArrowMemoryError):
            raise
        raise truncated_file("The Parquet file is damaged and cannot be read.") from error


def _as_text(array: Any) -> Any:
    """One column as text. Nested values become JSON, which is how bills carry tags."""
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
    return text


def _as_json(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(x, tuple) and len(x) == 2 for x in value):
        value = dict(value)  # an Arrow map arrives as a list of pairs
    text = json.dumps(value, default=str, ensure_ascii=False)
    return _ZERO.sub("\\1\ufffd", text) if "\\u0000" in text else text
