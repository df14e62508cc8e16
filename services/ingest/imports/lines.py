"""Turns rows as received into cost lines or rejects; nothing in between, nothing left out."""

from collections.abc import Sequence

import polars as pl

from services.ingest.cost_lines.identity import identity_of_content, identity_of_external_id
from services.ingest.files.detected import RowBatch
from services.ingest.imports.columns import (
    canonical_decimals,
    joined_object,
    json_pieces,
    without_missing,
)
from services.ingest.imports.reading import Reading, RowPlan, RowsRead, divided, reading_of
from services.ingest.profiles.domain import DRAFT_COLUMNS, FlagSign, folded
from services.ingest.values.fault import Fault, fault
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

# Words for the two kinds of spending; "revenue" is what public bodies call running costs.
COST_TYPES = {
    "opex": "opex",
    "operating": "opex",
    "operational": "opex",
    "operating expense": "opex",
    "expense": "opex",
    "revenue": "opex",
    "费用": "opex",
    "费用化": "opex",
    "capex": "capex",
    "capital": "capex",
    "capital expenditure": "capex",
    "investment": "capex",
    "资本": "capex",
    "资本化": "capex",
}


def read_lines(plan: RowPlan, batch: RowBatch) -> RowsRead:
    """The lines and rejects of one batch. Every row of it is in exactly one of the two."""
    reading = reading_of(plan, batch)
    amount = reading.decimals("amount")
    reading.require("amount", amount)
    signed = _signed(reading, amount)
    currency = reading.currencies("currency", plan.currency)
    reading.require("currency", currency)
    posted_on = reading.dates("posted_on")
    external_ids = _external_ids(reading)
    draft = {
        "row_no": batch.numbers,
        "external_id": external_ids,
        "period": _periods(reading, posted_on),
        "amount": signed,
        "currency": currency,
        "posted_on": posted_on,
        "cost_type": reading.read("cost_type", _cost_type),
        **{name: reading.short_texts(name, FIELD_LENGTHS[name]) for name in _PLAIN_FIELDS},
        "tags": _tags(reading),
        "fields": _fields(reading),
        "identity": _identities(reading, amount, posted_on, external_ids),
    }
    frame = pl.DataFrame([draft[name].alias(name) for name in DRAFT_COLUMNS])
    return divided(reading, frame)


_PLAIN_FIELDS = (
    "account", "cost_center", "vendor", "document", "description", "asset", "project",
)  # fmt: skip


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


def _negated(values: pl.Series) -> pl.Series:
    minus = values.str.starts_with("-").fill_null(value=False)
    return values.str.slice(1).zip_with(
        minus, pl.Series(["-"]).new_from_index(0, len(values)) + values
    )


def _cost_type(text: str) -> str | Fault:
    return COST_TYPES.get(text.lower()) or fault("unknown_code", text)


def _periods(reading: Reading, posted_on: pl.Series) -> pl.Series:
    """The row's own period, else the import's, else the month of its posting date."""
    values = reading.periods()
    values = values.zip_with(values.is_not_null(), posted_on.str.slice(0, 7))
    bad_date = posted_on.is_null() & reading.texts("posted_on").is_not_null()
    reading.require("period", values.set(bad_date & values.is_null(), "faulty date noted already"))
    return values


def _external_ids(reading: Reading) -> pl.Series:
    """The mapped identifier, or the identity columns together; null where one is missing."""
    identity = reading.plan.profile.identity
    if "external_id" in reading.plan.profile.columns or not identity:
        return reading.short_texts("external_id", FIELD_LENGTHS["external_id"])
    parts = [reading.columns.get(folded(name)) for name in identity]
    present = [part for part in parts if part is not None]
    if len(present) < len(parts):
        return pl.Series([None] * reading.batch.cells.height, dtype=pl.String)
    frame = pl.DataFrame([without_missing(reading.batch.cells[part]) for part in present])
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
            mapped[name] = without_missing(cells[name])
    kept = {name: texts for name, texts in mapped.items() if texts.null_count() < len(texts)}
    for name, texts in kept.items():
        too_long = (texts.str.len_chars() > LONGEST_CELL).fill_null(value=False)
        if too_long.any():
            codes = pl.Series([None] * len(texts), dtype=pl.String).set(too_long, "too_long")
            reading.fail(name, codes, texts)
    frame = pl.DataFrame([texts.alias(name) for name, texts in kept.items()])
    return joined_object(json_pieces(frame, frame.columns), cells.height)


def _identities(
    reading: Reading, amount: pl.Series, posted_on: pl.Series, external_ids: pl.Series
) -> pl.Series:
    """By what each row is known: its external id, else a hash of its content.

    The content is all cells by column name, however they were written.

    The order of columns, blanks around values and the style of amounts and dates do not count,
    so the same row exported again has the same hash. A period that the caller gave counts,
    because a monthly flat list has nothing else to tell its months apart.
    """
    cells = reading.batch.cells
    canonical = {
        source: values
        for name, values in (("amount", canonical_decimals(amount)), ("posted_on", posted_on))
        if (source := reading.source(name)) is not None
    }
    columns = []
    for name in sorted(cells.columns, key=folded):
        cleaned = without_missing(cells[name])
        if name in canonical:
            cleaned = canonical[name].zip_with(canonical[name].is_not_null(), cleaned)
        columns.append(cleaned.alias(folded(name)))
    frame = pl.DataFrame(_each_name_once(columns))
    objects = joined_object(json_pieces(frame, frame.columns), cells.height)
    period = reading.plan.period
    identities = [
        identity_of_content(content, period)
        if external_id is None
        else identity_of_external_id(external_id)
        for content, external_id in zip(objects, external_ids, strict=True)
    ]
    return pl.Series(identities, dtype=pl.String)


def _each_name_once(columns: Sequence[pl.Series]) -> list[pl.Series]:
    seen: dict[str, int] = {}
    named = []
    for column in columns:
        again = seen.get(column.name, 0)
        seen[column.name] = again + 1
        named.append(column.alias(f"{column.name}#{again}") if again else column)
    return named
