"""Turns rows of a CMDB or an asset register into assets, or into rejects."""

import json
from datetime import date
from decimal import Decimal

import polars as pl

from services.ingest.assets.domain import last_period
from services.ingest.assets.repository import ASSETS
from services.ingest.files.detected import RowBatch
from services.ingest.handed_over.domain import names_of
from services.ingest.imports.reading.batch import Reading, RowPlan, RowsRead, divided, reading_of
from services.ingest.imports.reading.facts import LONGEST_TEXT, code_of, frame_of
from services.ingest.values.decimals import read_decimal
from services.ingest.values.fault import Fault, fault

CODES = ("serial_number", "utilisation_driver", "tower", "solution", "consumer")
AMOUNTS = ("cost", "residual_value", "capacity", "kwh", "embodied_kgco2e")
LONGEST_LIFE_MONTHS = 1200


def read_assets(plan: RowPlan, batch: RowBatch) -> RowsRead:
    """Assets. Required: a code; with a cost also its currency. Without a name the code is one."""
    reading = reading_of(plan, batch)
    codes = code_of(reading, "code", required=True)
    purchased_on = reading.dates("purchased_on")
    months = _life(reading)
    amounts = {name: _not_negative(reading, name) for name in AMOUNTS}
    _check_residual(reading, amounts)
    nothing = pl.Series([None] * len(codes), dtype=pl.String)
    draft = {
        "row_no": batch.numbers,
        "code": codes,
        "asset_id": nothing,
        "names": _names(reading, codes),
        "asset_class": code_of(reading, "class"),
        "status": reading.short_texts("status", LONGEST_TEXT),
        "vendor": reading.short_texts("vendor", LONGEST_TEXT),
        **amounts,
        "currency": _currency(reading, amounts["cost"]),
        "purchased_on": purchased_on,
        "useful_life_months": months,
        "life_ends": _life_ends(purchased_on, months),
        **{name: code_of(reading, name) for name in CODES},
        "tags": _tags(reading),
    }
    return divided(reading, frame_of(draft, ("row_no", *ASSETS.columns)))


def _not_negative(reading: Reading, name: str) -> pl.Series:
    values = reading.decimals(name)
    negative = values.str.starts_with("-").fill_null(value=False)
    faults = pl.Series([None] * len(values), dtype=pl.String).set(negative, "not_negative")
    reading.fail(name, faults, reading.texts(name))
    return values


def _check_residual(reading: Reading, amounts: dict[str, pl.Series]) -> None:
    above = [
        left is not None and Decimal(left) > Decimal(cost or 0)
        for left, cost in zip(amounts["residual_value"], amounts["cost"], strict=True)
    ]
    faults = pl.Series([None] * len(above), dtype=pl.String)
    faults = faults.set(pl.Series(above, dtype=pl.Boolean), "above_cost")
    reading.fail("residual_value", faults, reading.texts("residual_value"))


def _currency(reading: Reading, costs: pl.Series) -> pl.Series:
    """The currency of a cost: the row's own, else the one given for the whole file."""
    told = reading.currencies("currency")
    given = pl.Series([reading.plan.currency] * len(costs), dtype=pl.String)
    currencies = told.zip_with(told.is_not_null() | costs.is_null(), given)
    needed = currencies.fill_null("").set(costs.is_null(), "none needed")
    reading.require("currency", needed.set(needed == "", None))
    return currencies


def _life(reading: Reading) -> pl.Series:
    months = reading.read("useful_life_months", _months)
    return months.fill_null(reading.read("useful_life_years", _months_of_years))


def _months(text: str) -> str | Fault:
    found = read_decimal(text)
    if isinstance(found, Fault):
        return found
    months = Decimal(found)
    if months != int(months) or not 1 <= months <= LONGEST_LIFE_MONTHS:
        return fault("not_a_life", text)
    return str(int(months))


def _months_of_years(text: str) -> str | Fault:
    found = read_decimal(text)
    return found if isinstance(found, Fault) else _months(str(Decimal(found) * 12))


def _life_ends(purchased_on: pl.Series, months: pl.Series) -> pl.Series:
    ends = [
        last_period(date.fromisoformat(day), int(life)) if day and life else None
        for day, life in zip(purchased_on, months, strict=True)
    ]
    return pl.Series(ends, dtype=pl.String)


def _names(reading: Reading, codes: pl.Series) -> pl.Series:
    told = [reading.short_texts(name, LONGEST_TEXT) for name in ("name", "names.en", "names.zh-CN")]
    names = [
        json.dumps(names_of(plain, english, chinese, code or ""), ensure_ascii=False)
        for plain, english, chinese, code in zip(*told, codes, strict=True)
    ]
    return pl.Series(names, dtype=pl.String)


def _tags(reading: Reading) -> pl.Series:
    profile = reading.plan.profile
    named = {
        name.removeprefix("tags."): reading.texts(name)
        for name in (*profile.columns, *profile.constants)
        if name.startswith("tags.")
    }
    if not named:
        return pl.Series(["{}"] * reading.batch.cells.height, dtype=pl.String)
    tags = [
        json.dumps(
            {key: cell for key, cell in zip(named, cells, strict=True) if cell is not None},
            ensure_ascii=False,
        )
        for cells in zip(*named.values(), strict=True)
    ]
    return pl.Series(tags, dtype=pl.String)
