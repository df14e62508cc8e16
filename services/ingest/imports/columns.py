"""Reads whole columns of text at once: each distinct text is judged once, in plain Python."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from services.ingest.values.decimals import NumberStyle, decimal_text, read_decimal
from services.ingest.values.fault import Fault
from services.ingest.values.missing import BLANKS, MISSING_WORDS

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
    missing = stripped.str.to_lowercase().is_in(list(MISSING_WORDS))
    return stripped.set(missing, None) if missing.any() else stripped


def read_texts(texts: pl.Series, read: Callable[[str], str | Fault]) -> ColumnRead:
    """Read a column by judging each distinct text once."""
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


def read_decimals(texts: pl.Series, style: NumberStyle, *, typed: bool) -> ColumnRead:
    """Read a column of amounts or quantities; plain ones pass through as they are.

    `typed` numbers come with a decimal point whatever the style says of written ones.
    """
    plain = _plain_decimals(texts, style, typed=typed)
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
    """Per column the text `"name":"value"` of a JSON object, null where the value is null."""
    pieces = []
    for name in names:
        column = frame[name]
        if column.null_count() == len(column):
            continue
        encoded = frame.select(pl.struct(pl.col(name)).struct.json_encode()).to_series()
        pieces.append(encoded.str.slice(1, encoded.str.len_chars() - 2).set(column.is_null(), None))
    return pieces


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


def _plain_decimals(texts: pl.Series, style: NumberStyle, *, typed: bool) -> pl.Series:
    if typed or style.decimal == ".":
        return texts.set(~texts.str.contains(_PLAIN_POINT).fill_null(value=False), None)
    if style.decimal == ",":
        plain = texts.set(~texts.str.contains(_PLAIN_COMMA).fill_null(value=False), None)
        return plain.str.replace(",", ".", literal=True)
    return texts.set(~texts.str.contains(r"^-?[0-9]{1,20}$").fill_null(value=False), None)


def _decimal_or_fault(text: str, style: NumberStyle) -> str | Fault:
    found = read_decimal(text, style)
    return found if isinstance(found, Fault) else decimal_text(found)
