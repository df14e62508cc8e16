"""Reads one batch of rows field by field, noting what is wrong with which row."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import polars as pl

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.imports.reading.columns import (
    ColumnRead,
    read_decimals,
    read_texts,
    without_missing,
)
from services.ingest.imports.reading.survey import Styles
from services.ingest.profiles.domain import Profile, folded
from services.ingest.values.currency_marks import currency_named
from services.ingest.values.dates import (
    DayOrder,
    is_zero_date,
    read_date,
    read_instant,
    read_period,
)
from services.ingest.values.fault import REJECT_CODES, Fault, fault
from shared.periods import period_of


@dataclass(frozen=True)
class Reject:
    """A row that is no line: the first column that stops it, its code, a sentence, its text."""

    row: int
    column: str | None
    code: str
    message: str
    raw: str
    cells: str | None = None


@dataclass(frozen=True)
class RowsRead:
    """What became of a batch: drafts of lines, rejects, and the rejected rows' readable money.

    `rejected` has the columns row, amount, currency, one row for each rejected row of the file.
    """

    drafts: pl.DataFrame
    rejects: list[Reject]
    rejected: pl.DataFrame


@dataclass(frozen=True)
class RowPlan:
    """All that is needed to read lines: the profile, what the file is, and how it writes values."""

    profile: Profile
    detected: Detected
    styles: Styles
    period: str | None = None
    currency: str | None = None


@dataclass
class Reading:
    """One batch on its way: cells by folded name, and the faults found so far."""

    plan: RowPlan
    batch: RowBatch
    columns: dict[str, str]
    faults: list[tuple[str, pl.Series, pl.Series]] = field(default_factory=list)
    _cleaned: dict[str, pl.Series] = field(default_factory=dict)

    def cleaned(self, column: str) -> pl.Series:
        """A column of the batch, trimmed and null where nothing is; each is cleaned once."""
        if column not in self._cleaned:
            self._cleaned[column] = without_missing(self.batch.cells[column])
        return self._cleaned[column]

    def texts(self, name: str) -> pl.Series:
        """The cells of a field, the constants standing in where there is no value."""
        constant = self.plan.profile.constants.get(name)
        source = self.source(name)
        if source is None:
            return pl.Series(name, [constant] * self.batch.cells.height, dtype=pl.String)
        texts = with_values(self.cleaned(source), self.plan.profile.values.get(name))
        return texts.fill_null(constant) if constant is not None else texts

    def source(self, name: str) -> str | None:
        """The column of the batch that fills a field."""
        mapped = self.plan.profile.columns.get(name)
        return None if mapped is None else self.columns.get(folded(mapped))

    def fail(self, name: str, codes: pl.Series, texts: pl.Series) -> None:
        """Note the rows whose code is not null."""
        if codes.null_count() < len(codes):
            self.faults.append((name, codes, texts))

    def faulty(self, name: str) -> pl.Series:
        """Which rows have a fault in a field so far."""
        found = pl.Series([False] * self.batch.cells.height, dtype=pl.Boolean)
        for seen, codes, _ in self.faults:
            if seen == name:
                found |= codes.is_not_null()
        return found

    def read(self, name: str, reader: Callable[[str], str | Fault | None]) -> pl.Series:
        """Read a field's column by a function on texts; faults are noted."""
        texts = self.texts(name)
        found = read_texts(texts, reader)
        self.fail(name, found.codes, texts)
        return found.values

    def require(self, name: str, values: pl.Series) -> None:
        """Note the rows without a value, unless they already have a fault in this field."""
        absent = values.is_null()
        for seen, codes, _ in self.faults:
            if seen == name:
                absent &= codes.is_null()
        if absent.any():
            code = pl.Series([None] * len(values), dtype=pl.String).set(absent, "missing_value")
            self.fail(name, code, pl.Series([""] * len(values), dtype=pl.String))

    def decimals(self, name: str) -> pl.Series:
        """A column of exact numbers as text."""
        texts = self.texts(name)
        texts = texts.set(texts.is_in(["-", "\u2013", "\u2014"]), None)
        found: ColumnRead = read_decimals(texts, self.plan.styles.number(name))
        self.fail(name, found.codes, texts)
        return found.values

    def dates(self, name: str) -> pl.Series:
        """A column of days as ISO text."""
        order, date_format = self.plan.styles.order(name), self.plan.styles.date_format

        return self.read(name, lambda text: _day(text, order, date_format))

    def instants(self, name: str) -> pl.Series:
        """A column of points in time as ISO text in UTC."""
        order, date_format = self.plan.styles.order(name), self.plan.styles.date_format

        def read(text: str) -> str | Fault | None:
            if is_zero_date(text):
                return None
            found = read_instant(text, order, date_format)
            return found if isinstance(found, Fault) else found.isoformat()

        return self.read(name, read)

    def periods(self) -> pl.Series:
        """The row's own period, else the one given for the whole file."""
        order, date_format = self.plan.styles.order("period"), self.plan.styles.date_format

        def read(text: str) -> str | Fault:
            found = read_period(text, order)
            if not isinstance(found, Fault) or not date_format:
                return found
            day = read_date(text, order, date_format)
            return found if isinstance(day, Fault) else period_of(day)

        values = self.read("period", read)
        return values if self.plan.period is None else values.fill_null(self.plan.period)

    def currencies(self, name: str, default: str | None = None) -> pl.Series:
        """A column of currency codes in capitals."""
        texts = self.texts(name)
        if default is not None:
            texts = texts.fill_null(default)
        is_bill = self.plan.profile.kind == "focus"
        found = read_texts(texts, _currency_of_bill if is_bill else _currency)
        self.fail(name, found.codes, texts)
        return found.values

    def short_texts(self, name: str, longest: int) -> pl.Series:
        """A column of texts; longer ones are faults and are never cut."""
        texts = self.texts(name)
        if texts.null_count() == len(texts):
            return texts
        too_long = (texts.str.len_chars() > longest).fill_null(value=False)
        if too_long.any():
            codes = pl.Series([None] * len(texts), dtype=pl.String).set(too_long, "too_long")
            self.fail(name, codes, texts)
        return texts


@lru_cache(maxsize=1 << 14)
def _day(text: str, order: DayOrder | None, date_format: str | None) -> str | Fault | None:
    """A day as ISO text; remembered, because every batch of a file has the same days."""
    if is_zero_date(text):
        return None
    found = read_date(text, order, date_format)
    return found if isinstance(found, Fault) else found.isoformat()


def _currency(text: str) -> str | Fault:
    return currency_named(text) or fault("unknown_currency", text)


def _currency_of_bill(text: str) -> str | Fault:
    """Providers price in units of their own (tokens, credits, DBU); those are no money."""
    found = _currency(text)
    if not isinstance(found, Fault) or text.upper() in _NO_CURRENCIES:
        return found
    return fault("virtual_currency", text) if any(map(str.isalpha, text)) else found


# Codes of ISO 4217 that stand for no currency, and for tests.
_NO_CURRENCIES = frozenset({"XXX", "XTS"})


def reading_of(plan: RowPlan, batch: RowBatch) -> Reading:
    """Begin to read a batch."""
    return Reading(plan, batch, {folded(name): name for name in batch.cells.columns})


def with_values(texts: pl.Series, mapping: object) -> pl.Series:
    """Texts after the profile's own translations of values; others pass as they are."""
    if not isinstance(mapping, dict) or not mapping:
        return texts
    folded_mapping = {folded(key): value for key, value in mapping.items()}
    found = read_texts(texts, lambda text: folded_mapping.get(folded(text), text))
    return found.values


def divided(reading: Reading, frame: pl.DataFrame) -> RowsRead:
    """Part the rows with a fault from the rest, and word the rejects."""
    batch = reading.batch
    malformed = [Reject(row.row, None, row.code, row.message, row.raw) for row in batch.malformed]
    bad = pl.Series([False] * frame.height, dtype=pl.Boolean)
    for _, codes, _ in reading.faults:
        bad |= codes.is_not_null()
    rejected = pl.DataFrame(
        {
            "row": [*(row.row for row in batch.malformed), *batch.numbers.filter(bad)],
            "amount": [*([None] * len(malformed)), *_money_of(frame, "amount", bad)],
            "currency": [*([None] * len(malformed)), *_money_of(frame, "currency", bad)],
        },
        schema={"row": pl.Int64, "amount": pl.String, "currency": pl.String},
    )
    if not bad.any():
        return RowsRead(frame, malformed, rejected)
    rejects = [*malformed, *_worded(reading, bad)]
    return RowsRead(frame.filter(~bad), rejects, rejected)


def _money_of(frame: pl.DataFrame, name: str, bad: pl.Series) -> list[str | None]:
    if name not in frame.columns:
        return [None] * int(bad.sum())
    return frame[name].filter(bad).to_list()


def _worded(reading: Reading, bad: pl.Series) -> list[Reject]:
    numbers = reading.batch.numbers.to_list()
    places = [place for place, is_bad in enumerate(bad) if is_bad]
    shown = {
        place: json.dumps(
            {
                name: cell
                for name, cell in zip(reading.batch.cells.columns, row, strict=True)
                if cell
            },
            ensure_ascii=False,
        )
        for place, row in zip(places, reading.batch.cells.filter(bad).iter_rows(), strict=True)
    }
    found: list[tuple[int, Reject]] = []
    for name, codes, texts in reading.faults:
        column = reading.source(name) or name
        faulty = codes.is_not_null().arg_true()
        of_faulty = codes.gather(faulty).to_list(), texts.gather(faulty).to_list()
        for place, code, written in zip(faulty.to_list(), *of_faulty, strict=True):
            text = written or ""
            message = fault(code, text).message if text else REJECT_CODES[code]
            reject = Reject(numbers[place], column, code, message, text[:2_000], shown[place])
            found.append((place, reject))
    return [reject for _, reject in sorted(found, key=lambda pair: pair[0])]
