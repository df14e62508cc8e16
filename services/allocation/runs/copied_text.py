"""Text that the database has joined to CSV, read by Arrow: codes and exact decimals."""

from collections.abc import Mapping
from typing import Any

import numpy as np

BLOCK_BYTES = 1 << 24
DIGITS = 38


def code_type() -> Any:
    """The type of a column of codes, each kept once."""
    import pyarrow as pa

    return pa.dictionary(pa.int32(), pa.string())


def decimal_type(decimals: int) -> Any:
    """The type of a column of decimals with at most so many digits after the point."""
    import pyarrow as pa

    return pa.decimal128(DIGITS, decimals)


def read_csv(content: str, kinds: Mapping[str, Any]) -> Any:
    """An Arrow table of these columns (name to type); an unquoted nothing is null."""
    import pyarrow as pa
    from pyarrow import csv

    return csv.read_csv(
        pa.BufferReader(content.encode()),
        read_options=csv.ReadOptions(column_names=list(kinds), block_size=BLOCK_BYTES),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict(kinds),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def as_whole_numbers(decimals: Any) -> Any:
    """A column of decimals in units of its last digit: int64 if all fit, else Python integers."""
    values = decimals.combine_chunks()
    limbs = np.frombuffer(values.buffers()[1], dtype="<i8").reshape(-1, 2)
    low, high = limbs[values.offset : values.offset + len(values)].T
    if bool((high == low >> 63).all()):
        return low.astype(np.int64)
    return high.astype(object) * 2**64 + low.astype(np.uint64).astype(object)
