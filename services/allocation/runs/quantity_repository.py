"""The SQL that reads driver quantities by the million: one text per driver, parsed by Arrow."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from services.allocation.engine.columns import Column
from services.allocation.engine.model import DriverTable
from services.allocation.runs.copied_text import (
    as_whole_numbers,
    code_type,
    decimal_type,
    read_csv,
)

STRETCHES = 16
"""Rows of a driver come in so many texts, so that none nears the gigabyte that a value may have."""

# A row is CSV: source and target quoted (a missing source is empty), the quantity bare.
QUANTITIES = f"""
select driver, max(scale(trim_scale(quantity))), count(*),
    string_agg(
        coalesce('"' || replace(source, '"', '""') || '"', '')
        || ',"' || replace(target, '"', '""') || '",' || trim_scale(quantity), E'\\n')
from driver_quantity
where period = :period and scenario = :scenario and driver = any(:codes)
and live_from <= :as_of and (live_to is null or live_to > :as_of)
group by driver, hashtext(target) & {STRETCHES - 1}
order by driver
"""
NARROW_LIMIT = 10**18


def read_quantities(
    session: Session, bases: Mapping[str, str], period: str, scenario: str, as_of: int
) -> dict[str, DriverTable]:
    """The tables of those drivers (code to basis) that have quantities, as of a change.

    Rows stand in order of source and target; quantities are int64, or Python integers where the
    driver has one of more than 18 digits.
    """
    bound = {"period": period, "scenario": scenario, "codes": list(bases), "as_of": as_of}
    rows = session.execute(text(QUANTITIES), bound).all() if bases else []
    if not rows:
        return {}
    decimals: dict[str, int] = {}
    counts: dict[str, int] = {}
    for code, digits, count, _ in rows:
        decimals[code] = max(decimals.get(code, 0), digits)
        counts[code] = counts.get(code, 0) + count
    found = _parsed([row[3] for row in rows], max(decimals.values()))
    return {table.code: table for table in _tables(bases, decimals, list(counts.values()), *found)}


def _parsed(texts: Sequence[str], digits: int) -> tuple[Column, Column, Any]:
    """Sources, targets and quantities of all rows; quantities in units of 10^-digits."""
    from services.allocation.engine.storing.parquet import as_column

    kinds = {"source": code_type(), "target": code_type(), "quantity": decimal_type(digits)}
    sources, targets, quantities = read_csv("\n".join(texts), kinds).columns
    return as_column(sources), as_column(targets), as_whole_numbers(quantities)


def _tables(
    bases: Mapping[str, str],
    decimals: Mapping[str, int],
    counts: Sequence[int],
    sources: Column,
    targets: Column,
    quantities: Any,
) -> Iterator[DriverTable]:
    """One table per driver; the rows lie driver by driver, `counts` rows each."""
    sources, targets = sources.in_order_of_values(), targets.in_order_of_values()
    drivers = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((targets.codes, sources.codes, drivers))
    digits, start = max(decimals.values()), 0
    for code, count in zip(decimals, counts, strict=True):
        rows = order[start : start + count]
        start += count
        yield DriverTable(
            code=code,
            basis=bases[code],
            sources=sources.only(rows),
            targets=targets.only(rows),
            quantities=_fitted(quantities[rows] // 10 ** (digits - decimals[code])),
            decimals=decimals[code],
        )


def _fitted(quantities: Any) -> Any:
    """As int64 where every quantity has at most 18 digits."""
    if quantities.dtype == object and bool((np.abs(quantities) < NARROW_LIMIT).all()):
        return quantities.astype(np.int64)
    return quantities
