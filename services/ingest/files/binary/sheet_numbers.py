"""Gives the numbers of a sheet all the digits that its program shows, which text cells lack."""

from typing import Any

import pyarrow as pa

_DECIMALS = 9
_DIGITS = 15


def with_all_digits(texts: pa.RecordBatch, numbers: pa.RecordBatch) -> pa.RecordBatch:
    """The cells as text, numbers with 15 significant digits as spreadsheets keep them.

    The reader rounds numbers to nine decimals where it makes text of them: 0.0000000000012 would
    be 0, and 13073526.46 would be 13073526.460000001. `numbers` are the same cells as floats. A
    cell is taken for a number if it reads like that rounding; whole numbers need no mending.
    """
    columns = []
    for place, column in enumerate(texts.columns):
        floats = numbers.columns[place] if place < numbers.num_columns else None
        columns.append(column if floats is None else _mended(column, floats))
    return pa.RecordBatch.from_arrays(columns, names=texts.schema.names)


def _mended(column: Any, floats: Any) -> Any:
    if floats.null_count == len(floats):
        return column
    texts = column.to_pylist()
    changed = False
    for row, number in enumerate(floats.to_pylist()[: len(texts)]):
        text = texts[row]
        if number is None or text is None or number.is_integer():
            continue
        if text == _rounded(number) and (exact := _exact(number)) != text:
            texts[row], changed = exact, True
    return pa.array(texts, pa.string()) if changed else column


def _rounded(number: float) -> str:
    """What the reader makes of a number."""
    text = f"{number:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _exact(number: float) -> str:
    text = f"{number:.{_DIGITS}g}"
    if "e" not in text:
        return text
    _, _, exponent = text.partition("e")
    return f"{number:.{_DIGITS - 1 - int(exponent)}f}".rstrip("0").rstrip(".")
