"""The SQL that gathers what a run takes: lines in groups, objects, mappings, drivers, rates."""

import io
import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import or_, text
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from services.allocation.engine.columns import Column
from services.allocation.engine.model import (
    EXACT_DECIMALS,
    DriverTable,
    LineGroups,
    MappingSpec,
    ObjectSpec,
    OwnAmount,
)
from shared.database import raw_connection
from shared.derived_drivers import DerivedQuantity, Facts
from shared.line_fields import LIVE_LINES, line_field_sql
from shared.money import decimals_of, from_units, to_units
from shared.tables.allocation.model import CostObject, ModelMapping
from shared.tables.ingest.facts import Driver


def last_changes(session: Session, period: str, scenario: str) -> dict[str, int]:
    """The number of the last committed change of each kind of fact that a run looks at.

    Changes of one kind, period and scenario commit in the order of their numbers, so a run that
    keeps to these numbers sees the same facts whenever it looks.
    """
    rows = session.execute(
        text(
            "select topic, scenario, last_change from period_change"
            " where period = :period and scenario in (:scenario, 'actual')"
        ),
        {"period": period, "scenario": scenario},
    )
    found = {(topic, scenario): int(number) for topic, scenario, number in rows}
    return {
        "cost_lines": found.get(("cost_lines", scenario), 0),
        "driver_quantities": found.get(("driver_quantities", scenario), 0),
        "driver_quantities_actual": found.get(("driver_quantities", "actual"), 0),
        "exchange_rates": found.get(("exchange_rates", "actual"), 0),
        "tickets": found.get(("tickets", "actual"), 0),
    }


def group_lines(session: Session, facts: Facts, keys: Sequence[str]) -> LineGroups:
    """The lines of a period, grouped by currency and these fields, in one statement."""
    read = [line_field_sql(key, f"k{place}") for place, key in enumerate(keys)]
    fields = "".join(f"{expression}, " for expression, _ in read)
    places = ", ".join(str(place + 1) for place in range(len(keys) + 1))
    statement = text(
        f"select l.currency, {fields} sum(l.amount), sum(abs(l.amount)), count(*),"
        " max(scale(trim_scale(l.amount)))"
        f" from cost_line l where {LIVE_LINES} group by {places}"
    )
    bound = facts.bound() | {name: value for _, names in read for name, value in names.items()}
    rows = session.execute(statement, bound).all()
    columns = list(zip(*rows, strict=True)) or [() for _ in range(len(keys) + 5)]
    amounts, gross, counts, decimals = columns[-4:]
    return LineGroups(
        currency=Column.of(columns[0]),
        columns={key: Column.of(columns[place + 1]) for place, key in enumerate(keys)},
        amounts=[to_units(amount, EXACT_DECIMALS) for amount in amounts],
        gross=[to_units(amount, EXACT_DECIMALS) for amount in gross],
        line_counts=np.array(counts, dtype=np.int64),
        decimals=max(decimals, default=0),
    )


def list_objects(session: Session, period: str) -> list[ObjectSpec]:
    """The objects of all layers that are valid in the period."""
    valid_from, valid_to = col(CostObject.valid_from), col(CostObject.valid_to)
    columns = [getattr(CostObject, name) for name in ObjectSpec.__dataclass_fields__]
    query = sql_select(*columns).where(
        or_(valid_from.is_(None), valid_from <= period),
        or_(valid_to.is_(None), valid_to >= period),
    )
    return [ObjectSpec(*row) for row in session.execute(query)]


def list_mappings(session: Session, model_version_id: UUID) -> list[MappingSpec]:
    """All mappings of a model version."""
    columns = [getattr(ModelMapping, name) for name in MappingSpec.__dataclass_fields__]
    query = sql_select(*columns).where(col(ModelMapping.model_version_id) == model_version_id)
    return [MappingSpec(*row) for row in session.execute(query)]


def average_rates(session: Session, period: str, currency: str, as_of: int) -> dict[str, Decimal]:
    """Units of the run's currency per unit of each other one, average of the period."""
    rows = session.execute(
        text(
            "select from_currency, rate from exchange_rate where period = :period"
            " and to_currency = :currency and kind = 'average' and live_from <= :as_of"
            " and (live_to is null or live_to > :as_of)"
        ),
        {"period": period, "currency": currency, "as_of": as_of},
    )
    return {code: rate for code, rate in rows if code != currency}


def list_drivers(session: Session, codes: Collection[str]) -> dict[str, Driver]:
    """The drivers with these codes."""
    query = select(Driver).where(col(Driver.code).in_(list(codes)))
    return {row.code: row for row in session.exec(query)}


def drivers_of_measures(session: Session, measures: Collection[str]) -> dict[str, str]:
    """Which drivers carry own amounts of these measures: code to measure."""
    query = select(Driver).where(col(Driver.measure).in_(list(measures)))
    return {row.code: str(row.measure) for row in session.exec(query)}


def driver_tables(
    session: Session,
    bases: Mapping[str, str],
    period: str,
    scenario: str,
    as_of: Mapping[str, int],
) -> dict[str, DriverTable]:
    """The quantities of the drivers (code to basis); without any in the scenario, actual ones."""
    found = _quantities(session, bases, period, scenario, as_of["driver_quantities"])
    missing = {code: basis for code, basis in bases.items() if code not in found}
    if missing and scenario != "actual":
        number = as_of["driver_quantities_actual"]
        found |= _quantities(session, missing, period, "actual", number)
    return found


QUANTITIES = """
copy (
    with q as (
        select driver, source, target, quantity from driver_quantity
        where period = %(period)s and scenario = %(scenario)s and driver = any(%(codes)s)
        and live_from <= %(as_of)s and (live_to is null or live_to > %(as_of)s)
    ), d as (
        select driver, max(scale(trim_scale(quantity))) as decimals from q group by driver
    )
    select q.driver, q.source, q.target, trunc(q.quantity * (10::numeric ^ d.decimals)), d.decimals
    from q join d on d.driver = q.driver
) to stdout with (format csv)
"""


def _quantities(
    session: Session, bases: Mapping[str, str], period: str, scenario: str, as_of: int
) -> dict[str, DriverTable]:
    if not bases:
        return {}
    bound = {"period": period, "scenario": scenario, "codes": list(bases), "as_of": as_of}
    out = _copied(session, QUANTITIES, bound)
    if not out.tell():
        return {}
    drivers, sources, targets, quantities, decimals = _read_csv(out)
    order = np.argsort(drivers.codes, kind="stable")
    ends = np.searchsorted(drivers.codes[order], np.arange(len(drivers.values) + 1))
    tables = {}
    for place, code in enumerate(drivers.values):
        rows = order[ends[place] : ends[place + 1]]
        tables[code] = DriverTable(
            code=code,
            basis=bases[code],
            sources=sources.take(rows).in_order_of_values(),
            targets=targets.take(rows).in_order_of_values(),
            quantities=quantities[rows],
            decimals=int(decimals[rows[0]]),
        )
    return tables


def _read_csv(content: io.BytesIO) -> tuple[Column, Column, Column, Any, Any]:
    """The columns of the copied quantities; those too long for int64 as Python integers."""
    import pyarrow as pa

    from services.allocation.engine.parquet import as_array, as_column

    names = ["driver", "source", "target", "quantity"]
    table = _csv_table(content, dict.fromkeys(names, pa.string()) | {"decimals": pa.int64()})
    texts = table.column("quantity")
    longest = max(len(text) for text in texts.to_pylist())
    if longest <= 18:
        quantities = as_array(texts.cast(pa.int64()), np.int64)
    else:
        quantities = np.array([int(text) for text in texts.to_pylist()], dtype=object)
    columns = [as_column(table.column(name)) for name in names[:3]]
    return (*columns, quantities, as_array(table.column("decimals"), np.int64))  # type: ignore[return-value]


def own_amounts(tables: Mapping[str, DriverTable], measures: Mapping[str, str]) -> list[OwnAmount]:
    """Own amounts of resources from the quantities of drivers that carry a measure."""
    found: list[OwnAmount] = []
    for code, table in tables.items():
        targets = table.targets.texts()
        for target, quantity in zip(targets, table.quantities.tolist(), strict=True):
            amount = from_units(quantity, table.decimals)
            found.append(OwnAmount(measures[code], "resource", str(target), amount))
    return found


def derived_table(code: str, rows: Sequence[DerivedQuantity]) -> DriverTable:
    """A derived driver as the engine takes it; what follows from lines and tickets is estimated."""
    decimals = max((decimals_of(row.quantity) for row in rows), default=0)
    whole = [to_units(row.quantity, decimals) for row in rows]
    is_wide = any(abs(quantity) >= 2**62 for quantity in whole)
    return DriverTable(
        code=code,
        basis="estimated",
        sources=Column.of(row.source for row in rows),
        targets=Column.of(row.target for row in rows),
        quantities=np.array(whole, dtype=object if is_wide else np.int64),
        decimals=decimals,
    )


def line_columns(
    session: Session, facts: Facts, keys: Sequence[str]
) -> tuple[Any, Column, dict[str, Column], list[int], int]:
    """Every line of a run in the order of ids, for finding each one's group.

    Gives the ids as an Arrow array of texts, the currency and field columns, the amounts as
    whole numbers of 10^-decimals, and the decimals.
    """
    import pyarrow as pa

    from services.allocation.engine.parquet import as_column

    read = [line_field_sql(key, f"k{place}") for place, key in enumerate(keys)]
    fields = "".join(f"{expression}, " for expression, _ in read)
    statement = _for_psycopg(
        f"copy (select l.id, l.currency, {fields} trim_scale(l.amount) from cost_line l"
        f" where {LIVE_LINES} order by l.id) to stdout with (format csv)"
    )
    bound = facts.bound() | {name: value for _, names in read for name, value in names.items()}
    content = _copied(session, statement, bound)
    names = ["id", "currency", *(f"k{place}" for place in range(len(keys))), "amount"]
    if not content.getbuffer().nbytes:
        empty = Column.of(())
        return pa.array([], pa.string()), empty, dict.fromkeys(keys, empty), [], 0
    table = _csv_table(content, dict.fromkeys(names, pa.string()))
    amounts = [Decimal(text) for text in table.column("amount").to_pylist()]
    decimals = max(decimals_of(amount) for amount in amounts)
    columns = {key: as_column(table.column(f"k{place}")) for place, key in enumerate(keys)}
    whole = [to_units(amount, decimals) for amount in amounts]
    return table.column("id"), as_column(table.column("currency")), columns, whole, decimals


def line_names(session: Session, ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """What people know a line by: its description, else its vendor, document or external id."""
    rows = session.execute(
        text(
            "select id, coalesce(nullif(description, ''), vendor, document, external_id)"
            " from cost_line where id = any(:ids)"
        ),
        {"ids": list(ids)},
    )
    return {row[0]: row[1] for row in rows}


def _for_psycopg(statement: str) -> str:
    """The same statement with psycopg's own placeholders, as COPY needs them."""
    return re.sub(r"(?<!:):([a-z_0-9]+)", r"%(\1)s", statement)


def _copied(session: Session, statement: str, bound: Mapping[str, object]) -> io.BytesIO:
    out = io.BytesIO()
    with raw_connection(session).cursor() as cursor, cursor.copy(statement, bound) as copy:
        for piece in copy:
            out.write(piece)
    return out


def _csv_table(content: io.BytesIO, kinds: Mapping[str, Any]) -> Any:
    """Copied rows as an Arrow table; an unquoted nothing is null."""
    from pyarrow import csv

    content.seek(0)
    return csv.read_csv(
        content,
        read_options=csv.ReadOptions(column_names=list(kinds)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict(kinds),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
