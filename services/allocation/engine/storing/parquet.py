"""Columns to Parquet bytes (Zstandard) and back, in chunks of bounded length."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Column

CHUNK_ROWS = 4_000_000

Content = NDArray[Any] | Column | Sequence[str]


def write_chunks(columns: Mapping[str, Content]) -> Iterator[bytes]:
    """Write equally long columns as one or more Parquet files; no rows give one empty file."""
    import pyarrow as pa

    table = pa.table({name: _to_arrow(content) for name, content in columns.items()})
    yield from write_table(table)


def write_table(table: Any, encoded: Sequence[str] = ()) -> Iterator[bytes]:
    """Write an Arrow table in the same way; `encoded` columns keep their dictionaries."""
    import pyarrow.parquet as pq

    for start in range(0, max(table.num_rows, 1), CHUNK_ROWS):
        out = io.BytesIO()
        part = table.slice(start, CHUNK_ROWS)
        pq.write_table(
            part,
            out,
            compression="zstd",
            compression_level=1,
            use_dictionary=list(encoded) or False,
            write_statistics=False,
        )
        yield out.getvalue()


def read_chunks(chunks: Sequence[bytes], encoded: Sequence[str] = ()) -> dict[str, Any]:
    """The columns of such files, in the order in which they were written, as Arrow arrays.

    The `encoded` ones come as dictionaries.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    read = {"read_dictionary": list(encoded)} if encoded else {}
    tables = [pq.read_table(pa.BufferReader(chunk), **read) for chunk in chunks]
    table = pa.concat_tables(tables) if len(tables) > 1 else tables[0]
    return {name: table.column(name) for name in table.column_names}


def as_array(column: Any, kind: type) -> NDArray[Any]:
    """An Arrow column as a writable NumPy array."""
    out: NDArray[Any] = np.empty(len(column), dtype=kind)
    fill_array(out, column)
    return out


def fill_array(out: NDArray[Any], column: Any) -> None:
    """Copy an Arrow column into an array of its length, without a copy in between."""
    start = 0
    for chunk in column.chunks:
        out[start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
        start += len(chunk)


def as_column(column: Any) -> Column:
    """An Arrow column of texts, or of a dictionary of texts, as one of ours."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        encoded = column.unify_dictionaries().combine_chunks()
    else:
        encoded = column.cast(pa.large_string()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):  # without any rows
        return Column.of(())
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Column(codes.astype(np.int32), tuple(encoded.dictionary.to_pylist()))


def is_whole_number(column: Any) -> bool:
    """Whether an Arrow column holds int64 (and not texts of larger numbers)."""
    import pyarrow as pa

    return bool(pa.types.is_integer(column.type))


def _to_arrow(content: Content) -> Any:
    import pyarrow as pa

    if isinstance(content, Column):
        codes = pa.array(content.codes, pa.int32(), mask=content.codes < 0)
        texts = pa.array(content.values, pa.large_string())
        return pa.DictionaryArray.from_arrays(codes, texts).cast(pa.large_string())
    if isinstance(content, np.ndarray) and content.dtype == object:
        return pa.array([str(value) for value in content], pa.large_string())
    if isinstance(content, np.ndarray):
        return pa.array(np.ascontiguousarray(content))
    return pa.array(content, pa.large_string())
