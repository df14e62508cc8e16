"""Reads whole columns of text at once: each distinct text is judged once, in plain Python."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from services.ingest.values.decimals import NumberStyle, decimal_text, read_decimal
from services.ingest.values.fault import Fault
from services.ingest.values.missing import BLANKS, MISSING_WORDS

_MISSING = f"^(?i:{'|'.join(re.escape(word) for word in sorted(MISSING_WORDS))})$"
_LONGEST_MISSING = max(len(word.encode()) for word in MISSING_WORDS)
# What needs no judgement: digits within the bounds, a minus and a point at most.
_PLAIN_POINT = r"^-?[0-9]{1,20}(?:\.[0-9]{1,18})?$"
_PLAIN_COMMA = r"^-?[0-9]{1,20}(?:,[0-9]{1,18})?$"


@dataclass(frozen=True)
class ColumnRead:
    """A column after reading: the value as text, or null with a fault code, or null (missing)."""

    values: pl.Series
    codes: pl.Series


def without_missing(texts: pl.Series) -> pl.Series:
    """Trimmed texts; the words for a missing value are null."""
    stripped = texts.str.strip_chars(BLANKS)
    if not (stripped.str.len_bytes() <= _LONGEST_MISSING).any():
        return stripped
    missing = stripped.str.contains(_MISSING)
    return stripped.set(missing, None) if missing.any() else stripped


def read_texts(texts: pl.Series, read: Callable[[str], str | Fault | None]) -> ColumnRead:
    """Read a column by judging each distinct text once; None: the text says that nothing is."""
    distinct = texts.unique().drop_nulls().to_list()
    outcomes = [read(text) for text in distinct]
    lookup = pl.DataFrame(
        {
            "text": distinct,
            "value": [None if isinstance(found, Fault) else found for found in outcomes],
            "code": [found.code if isinstance(found, Fault) else None for found in outcomes],
        },
        schema={"text": pl.String, "value": pl.String, "code": pl.String},
    )
    joined = texts.to_frame("text").join(lookup, on="text", how="left", maintain_order="left")
    return ColumnRead(joined["value"], joined["code"])


def read_decimals(texts: pl.Series, style: NumberStyle) -> ColumnRead:
    """Read a column of amounts or quantities; plain ones pass through as they are."""
    plain = _plain_decimals(texts, style)
    if plain.null_count() == texts.null_count():
        return ColumnRead(plain, pl.Series("code", [None] * len(texts), dtype=pl.String))
    odd = texts.set(plain.is_not_null(), None)
    judged = read_texts(odd, lambda text: _decimal_or_fault(text, style))
    return ColumnRead(plain.zip_with(plain.is_not_null(), judged.values), judged.codes)


def canonical_decimals(values: pl.Series) -> pl.Series:
    """One text for equal numbers, so that 1.50 and 1.5 are the same content."""
    shorter = values.str.replace(r"(\.[0-9]*?)0+$", "${1}").str.replace(r"\.$", "")
    return shorter.str.replace(r"^(-?)0+([0-9])", "${1}${2}").str.replace(r"^-0$", "0")


def json_pieces(frame: pl.DataFrame, names: list[str]) -> list[pl.Series]:
    """Texts that make JSON objects of columns when they are joined by commas, each in its row.

    Columns next to each other that are filled in every row make one text `"name":"value",...`;
    another one makes a text of its own, null where the value is null.
    """
    pieces = []
    full: list[str] = []
    for name in names:
        column = frame[name]
        if column.null_count() == 0:
            full.append(name)
            continue
        if full:
            pieces.append(_inner_json(frame, full))
            full = []
        if column.null_count() < len(column):
            pieces.append(_inner_json(frame, [name]).set(column.is_null(), None))
    return [*pieces, _inner_json(frame, full)] if full else pieces


def _inner_json(frame: pl.DataFrame, names: list[str]) -> pl.Series:
    """Rows as JSON objects without their braces."""
    encoded = frame.select(pl.struct(names).struct.json_encode()).to_series()
    return encoded.str.head(-1).str.slice(1)


def joined_object(pieces: list[pl.Series], height: int) -> pl.Series:
    """JSON objects out of pieces; `{}` where all are null."""
    if not pieces:
        return pl.Series("json", ["{}"] * height, dtype=pl.String)
    frame = pl.DataFrame([piece.alias(str(place)) for place, piece in enumerate(pieces)])
    return frame.select(
        pl.concat_str(
            pl.lit("{"), pl.concat_str(pl.all(), separator=",", ignore_nulls=True), pl.lit("}")
        )
    ).to_series()


def _plain_decimals(texts: pl.Series, style: NumberStyle) -> pl.Series:
    if style.decimal == ".":
        return texts.set(~texts.str.contains(_PLAIN_POINT).fill_null(value=False), None)
    if style.decimal == ",":
        plain = texts.set(~texts.str.contains(_PLAIN_COMMA).fill_null(value=False), None)
        return plain.str.replace(",", ".", literal=True)
    return texts.set(~texts.str.contains(r"^-?[0-9]{1,20}$").fill_null(value=False), None)


def _decimal_or_fault(text: str, style: NumberStyle) -> str | Fault:
    found = read_decimal(text, style)
    return found if isinstance(found, Fault) else decimal_text(found)
