"""Turns rows into driver quantities and exchange rates, or into rejects."""

import polars as pl

from services.ingest.files.detected import RowBatch
from services.ingest.imports.reading.batch import Reading, RowPlan, RowsRead, divided, reading_of
from services.ingest.values.fault import Fault, fault

QUANTITY_COLUMNS = ("row_no", "driver", "period", "scenario", "source", "target", "quantity")
RATE_COLUMNS = ("row_no", "period", "from_currency", "to_currency", "kind", "rate")
LONGEST_CODE = 200
LONGEST_TEXT = 500
_RATE_KINDS = {"average": "average", "avg": "average", "closing": "closing", "spot": "closing"}


def read_quantities(plan: RowPlan, batch: RowBatch, scenario: str) -> RowsRead:
    """Quantities of drivers. Required: driver, period, target, quantity."""
    reading = reading_of(plan, batch)
    draft = {
        "row_no": batch.numbers,
        "driver": code_of(reading, "driver", required=True),
        "period": required_of(reading, "period", reading.periods()),
        "scenario": code_of(reading, "scenario").fill_null(scenario),
        "source": code_of(reading, "source"),
        "target": code_of(reading, "target", required=True),
        "quantity": required_of(reading, "quantity", reading.decimals("quantity")),
    }
    return divided(reading, frame_of(draft, QUANTITY_COLUMNS))


def read_rates(plan: RowPlan, batch: RowBatch) -> RowsRead:
    """Exchange rates: one unit of `from` costs `rate` units of `to`; more than zero."""
    reading = reading_of(plan, batch)
    rate = required_of(reading, "rate", reading.decimals("rate"))
    not_positive = rate.str.contains(r"^-|^[0.]+$").fill_null(value=False)
    codes = pl.Series([None] * len(rate), dtype=pl.String).set(not_positive, "not_positive")
    reading.fail("rate", codes, reading.texts("rate"))
    draft = {
        "row_no": batch.numbers,
        "period": required_of(reading, "period", reading.periods()),
        "from_currency": required_of(reading, "from", reading.currencies("from")),
        "to_currency": required_of(reading, "to", reading.currencies("to")),
        "kind": reading.read("kind", _rate_kind).fill_null("average"),
        "rate": rate,
    }
    return divided(reading, frame_of(draft, RATE_COLUMNS))


def frame_of(draft: dict[str, pl.Series], columns: tuple[str, ...]) -> pl.DataFrame:
    """The drafts in the order in which their table takes them."""
    return pl.DataFrame([draft[name].alias(name) for name in columns])


def code_of(reading: Reading, name: str, *, required: bool = False) -> pl.Series:
    """A column of codes, not longer than codes may be."""
    values = reading.short_texts(name, LONGEST_CODE)
    if required:
        reading.require(name, values)
    return values


def required_of(reading: Reading, name: str, values: pl.Series) -> pl.Series:
    """Values of which none may be missing."""
    reading.require(name, values)
    return values


def _rate_kind(text: str) -> str | Fault:
    return _RATE_KINDS.get(text.lower()) or fault("unknown_code", text)
