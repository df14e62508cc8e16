"""The amount of each row of a ledger: one column with a sign rule, or debit less credit."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import polars as pl

from services.ingest.imports.reading.batch import Reading
from services.ingest.imports.reading.columns import canonical_decimals, read_texts, without_missing
from services.ingest.profiles.domain import FlagSign, folded
from services.ingest.values.decimals import INTEGER_DIGITS, decimal_text
from services.ingest.values.fault import Fault, fault
from shared.money import EXACT


@dataclass(frozen=True)
class Amounts:
    """The signed amounts, and the numbers as written, in one style, by column of the file."""

    signed: pl.Series
    written: Mapping[str, pl.Series]


def read_amounts(reading: Reading) -> Amounts:
    """What each row adds to its account; costs are more than zero. Faults are noted."""
    written = (
        {name: reading.decimals(name) for name in ("debit", "credit")}
        if reading.plan.profile.two_sided
        else {"amount": reading.decimals("amount")}
    )
    if "amount" in written:
        reading.require("amount", written["amount"])
        signed = _signed(reading, written["amount"])
    else:
        signed = _debit_less_credit(reading, written["debit"], written["credit"])
    in_one_style = {
        source: canonical_decimals(values)
        for name, values in written.items()
        if (source := reading.source(name)) is not None
    }
    return Amounts(signed, in_one_style)


def _signed(reading: Reading, values: pl.Series) -> pl.Series:
    sign = reading.plan.profile.sign
    if sign == "as_is":
        return values
    if not isinstance(sign, FlagSign):
        return _negated(values)
    source = reading.columns.get(folded(sign.flag_column))
    if source is None:
        return values
    raw = reading.batch.cells[source]
    flags = without_missing(raw).str.to_lowercase()
    credit, debit = flags == sign.credit.lower(), flags == sign.debit.lower()
    unknown = ~(credit | debit).fill_null(value=False)
    codes = pl.Series([None] * len(flags), dtype=pl.String).set(unknown, "unknown_code")
    reading.fail(sign.flag_column, codes, raw)
    return values.zip_with(~credit.fill_null(value=False), _negated(values))


def _debit_less_credit(reading: Reading, debit: pl.Series, credit: pl.Series) -> pl.Series:
    """Most rows have a value on one side only; only rows with both need arithmetic."""
    faulty = pl.Series([False] * len(debit), dtype=pl.Boolean)
    for name, codes, _ in reading.faults:
        if name in {"debit", "credit"}:
            faulty |= codes.is_not_null()
    both = debit.is_not_null() & credit.is_not_null()
    signed = debit.zip_with(debit.is_not_null(), _negated(credit))
    if both.any():
        pairs = zip(debit.filter(both), credit.filter(both), strict=True)
        found = [_less(Decimal(one), Decimal(other)) for one, other in pairs]
        signed = signed.clone().scatter(both.arg_true(), found)
        if None in found:
            codes = pl.Series([None] * len(debit), dtype=pl.String)
            codes = codes.set(both & signed.is_null(), "too_many_digits")
            reading.fail("debit", codes, debit)
    neither = debit.is_null() & credit.is_null() & ~faulty
    if neither.any():
        codes = pl.Series([None] * len(debit), dtype=pl.String).set(neither, "missing_value")
        name = "debit" if reading.source("debit") else "credit"
        reading.fail(name, codes, pl.Series([""] * len(debit), dtype=pl.String))
    return signed.set(faulty, None) if faulty.any() else signed


def _less(debit: Decimal, credit: Decimal) -> str | None:
    less = EXACT.subtract(debit, credit)
    return decimal_text(less) if not less or less.adjusted() < INTEGER_DIGITS else None


def with_moved_point(reading: Reading, values: pl.Series, currency: pl.Series) -> pl.Series:
    """Amounts of currencies that the source stores shifted (SAP: 12.34 stands for 1234 JPY)."""
    for code, places in reading.plan.profile.decimal_shift.items():
        rows = (currency == code).fill_null(value=False)
        if not rows.any():
            continue
        found = read_texts(values.filter(rows), partial(_moved, places))
        bad = found.codes.is_not_null()
        if bad.any():
            codes = pl.Series([None] * len(values), dtype=pl.String)
            reading.fail("amount", codes.scatter(rows.arg_true(), found.codes), values)
        values = values.clone().scatter(rows.arg_true(), found.values)
    return values


def _moved(places: int, text: str) -> str | Fault:
    number = Decimal(text).scaleb(places, EXACT)
    if number and number.adjusted() >= INTEGER_DIGITS:
        return fault("too_many_digits", text)
    return decimal_text(number)


def _negated(values: pl.Series) -> pl.Series:
    minus = values.str.starts_with("-").fill_null(value=False)
    return values.str.slice(1).zip_with(
        minus, pl.Series(["-"]).new_from_index(0, len(values)) + values
    )
