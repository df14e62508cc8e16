"""Turns rows as received into cost lines or rejects; nothing in between, nothing left out."""

from collections.abc import Sequence

import polars as pl

from services.ingest.cost_lines.identity import identities_of_contents, identity_of_external_id
from services.ingest.files.detected import RowBatch
from services.ingest.imports.reading.amounts import Amounts, read_amounts, with_moved_point
from services.ingest.imports.reading.batch import Reading, RowPlan, RowsRead, divided, reading_of
from services.ingest.imports.reading.columns import (
    joined_object,
    json_pieces,
    read_texts,
)
from services.ingest.imports.reading.stated_currency import refuse_other_currencies
from services.ingest.profiles.domain import DRAFT_COLUMNS, folded
from services.ingest.values.cost_types import cost_type_of
from services.ingest.values.dates import read_period
from services.ingest.values.fault import Fault, fault
from services.ingest.values.fiscal import one_cell_fiscal_period, read_fiscal_period
from services.ingest.values.tags import read_tags, tags_json

#: How long the text of a field may be; what is longer is a reject and never cut.
FIELD_LENGTHS = {
    "external_id": 500,
    "account": 200,
    "cost_center": 200,
    "vendor": 500,
    "document": 200,
    "description": 10_000,
    "asset": 2_048,
    "project": 200,
}
LONGEST_CELL = 50_000


def read_lines(plan: RowPlan, batch: RowBatch) -> RowsRead:
    """The lines and rejects of one batch. Every row of it is in exactly one of the two."""
    reading = reading_of(plan, batch)
    amounts = read_amounts(reading)
    currency = reading.currencies("currency", plan.currency)
    reading.require("currency", currency)
    refuse_other_currencies(reading, currency)
    posted_on = reading.dates("posted_on")
    external_ids = _external_ids(reading)
    draft = {
        "row_no": batch.numbers,
        "external_id": external_ids,
        "period": _periods(reading, posted_on),
        "amount": with_moved_point(reading, amounts.signed, currency),
        "currency": currency,
        "posted_on": posted_on,
        "cost_type": reading.read("cost_type", _cost_type),
        **{name: reading.short_texts(name, FIELD_LENGTHS[name]) for name in _PLAIN_FIELDS},
        "tags": _tags(reading),
        "fields": _fields(reading),
        "identity": _identities(reading, amounts, posted_on, external_ids),
    }
    frame = pl.DataFrame([draft[name].alias(name) for name in DRAFT_COLUMNS])
    return divided(reading, frame)


_PLAIN_FIELDS = (
    "account", "cost_center", "vendor", "document", "description", "asset", "project",
)  # fmt: skip


def _cost_type(text: str) -> str | Fault:
    return cost_type_of(text) or fault("unknown_code", text)


def _periods(reading: Reading, posted_on: pl.Series) -> pl.Series:
    """The row's own period, else the import's, else the month of its posting date.

    A charge of a bill belongs to its billing period, and no other date stands in for that.
    """
    values = _fiscal_periods(reading) if _has_fiscal_columns(reading) else _own_periods(reading)
    if reading.plan.period is not None:
        values = values.fill_null(reading.plan.period)
    if not (reading.plan.profile.kind == "focus" and reading.source("period")):
        values = values.zip_with(values.is_not_null(), posted_on.str.slice(0, 7))
    bad_date = reading.faulty("posted_on")
    reading.require("period", values.set(bad_date & values.is_null(), "faulty date noted already"))
    return values


def _has_fiscal_columns(reading: Reading) -> bool:
    return {"fiscal_year", "fiscal_period"} <= reading.plan.profile.columns.keys()


def _fiscal_periods(reading: Reading) -> pl.Series:
    """The calendar months of a year in one column and a number from 1 to 16 in another."""
    first_month = _first_month(reading)
    years, numbers = reading.texts("fiscal_year"), reading.texts("fiscal_period")
    pairs = years.fill_null("") + "\x1f" + numbers.fill_null("")
    pairs = pairs.set(years.is_null() & numbers.is_null(), None)

    def read(text: str) -> str | Fault:
        year, _, number = text.partition("\x1f")
        return read_fiscal_period(year, number, first_month)

    found = read_texts(pairs, read)
    reading.fail("fiscal_period", found.codes, numbers)
    return found.values


def _own_periods(reading: Reading) -> pl.Series:
    """The periods of one column; closing periods (`2016013`) fall into the last month."""
    first_month, styles = _first_month(reading), reading.plan.styles
    order, date_format = styles.order("period"), styles.date_format

    def read(text: str) -> str | Fault:
        fiscal = one_cell_fiscal_period(text, first_month)
        if fiscal is not None:
            return fiscal[0]
        found = read_period(text, order)
        if not isinstance(found, Fault) or not date_format:
            return found
        return read_period(text, order, date_format)

    return reading.read("period", read)


def _first_month(reading: Reading) -> int:
    return int(reading.plan.profile.constants.get("fiscal_year_start", "1"))


def _external_ids(reading: Reading) -> pl.Series:
    """The mapped identifier, or the identity columns together; null where one is missing."""
    identity = reading.plan.profile.identity
    if "external_id" in reading.plan.profile.columns or not identity:
        return reading.short_texts("external_id", FIELD_LENGTHS["external_id"])
    parts = [reading.columns.get(folded(name)) for name in identity]
    present = [part for part in parts if part is not None]
    if len(present) < len(parts):
        return pl.Series([None] * reading.batch.cells.height, dtype=pl.String)
    frame = pl.DataFrame([reading.cleaned(part) for part in present])
    return frame.select(pl.concat_str(pl.all(), separator="|")).to_series()


def _tags(reading: Reading) -> pl.Series:
    """Tags as JSON: those of a JSON cell, and single columns mapped to `tags.x`."""
    height = reading.batch.cells.height
    single = [
        name
        for name in (*reading.plan.profile.columns, *reading.plan.profile.constants)
        if name.startswith("tags.")
    ]
    frame = pl.DataFrame(
        [reading.texts(name).alias(name.removeprefix("tags.")) for name in dict.fromkeys(single)]
    )
    pieces = json_pieces(frame, frame.columns) if single else []
    whole = reading.read("tags", _tags_text)
    if whole.null_count() < len(whole):
        inner = whole.str.slice(1, whole.str.len_chars() - 2)
        pieces.append(inner.set(inner == "", None))
    return joined_object(pieces, height)


def _tags_text(text: str) -> str | Fault:
    found = read_tags(text)
    return found if isinstance(found, Fault) else tags_json(found)


def _fields(reading: Reading) -> pl.Series:
    """Fields as JSON: columns mapped to `fields.x`, then all that no field takes."""
    profile, cells = reading.plan.profile, reading.batch.cells
    mapped = {
        name.removeprefix("fields."): reading.texts(name)
        for name in (*profile.columns, *profile.constants)
        if name.startswith("fields.")
    }
    taken = {folded(column) for column in profile.columns.values()}
    for name in cells.columns:
        if folded(name) not in taken and name not in mapped:
            mapped[name] = reading.cleaned(name)
    for name, texts in _fiscal_fields(reading).items():
        mapped.setdefault(name, texts)
    kept = {name: texts for name, texts in mapped.items() if texts.null_count() < len(texts)}
    for name, texts in kept.items():
        too_long = (texts.str.len_chars() > LONGEST_CELL).fill_null(value=False)
        if too_long.any():
            codes = pl.Series([None] * len(texts), dtype=pl.String).set(too_long, "too_long")
            reading.fail(name, codes, texts)
    frame = pl.DataFrame([texts.alias(name) for name, texts in kept.items()])
    return joined_object(json_pieces(frame, frame.columns), cells.height)


def _fiscal_fields(reading: Reading) -> dict[str, pl.Series]:
    """Year and number of the fiscal period as written, for closing periods lose them otherwise."""
    if _has_fiscal_columns(reading):
        return {name: reading.texts(name) for name in ("fiscal_year", "fiscal_period")}
    if "period" not in reading.plan.profile.columns:
        return {}

    def number(text: str) -> str | Fault:
        found = one_cell_fiscal_period(text)
        return fault("not_a_period", text) if found is None else found[1]

    return {"fiscal_period": read_texts(reading.texts("period"), number).values}


def _identities(
    reading: Reading, amounts: Amounts, posted_on: pl.Series, external_ids: pl.Series
) -> pl.Series:
    """By what each row is known: its external id, else a hash of its content.

    The content is all cells by column name, however they were written.

    The order of columns, blanks around values and the style of amounts and dates do not count,
    so the same row exported again has the same hash. A period that the caller gave counts,
    because a monthly flat list has nothing else to tell its months apart.
    """
    known = external_ids.is_not_null()
    by_id = [None if one is None else identity_of_external_id(one) for one in external_ids]
    if known.all():
        return pl.Series(by_id, dtype=pl.String)
    cells = reading.batch.cells
    canonical = dict(amounts.written)
    if (dated := reading.source("posted_on")) is not None:
        canonical[dated] = posted_on
    columns = []
    for name in sorted(cells.columns, key=folded):
        cleaned = reading.cleaned(name)
        if name in canonical:
            cleaned = canonical[name].zip_with(canonical[name].is_not_null(), cleaned)
        columns.append(cleaned.alias(folded(name)))
    frame = pl.DataFrame(_each_name_once(columns))
    objects = joined_object(json_pieces(frame, frame.columns), cells.height)
    by_content = identities_of_contents(objects.to_list(), reading.plan.period)
    return pl.Series(by_id, dtype=pl.String).zip_with(known, pl.Series(by_content))


def _each_name_once(columns: Sequence[pl.Series]) -> list[pl.Series]:
    seen: dict[str, int] = {}
    named = []
    for column in columns:
        again = seen.get(column.name, 0)
        seen[column.name] = again + 1
        named.append(column.alias(f"{column.name}#{again}") if again else column)
    return named
