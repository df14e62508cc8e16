"""The SQL that gathers what a run takes: lines in groups, objects, mappings, drivers, rates."""

import json
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select as sql_select
from sqlalchemy import text
from sqlmodel import Session, col, select

from services.allocation.disputes.correction_repository import last_correction
from services.allocation.engine.columns import Column
from services.allocation.engine.model import (
    EXACT_DECIMALS,
    DriverTable,
    LineGroups,
    MappingSpec,
    ObjectSpec,
)
from services.allocation.runs.quantity_repository import read_quantities
from shared.derived_drivers import DerivedQuantity, Facts
from shared.errors import Conflict
from shared.line_fields import LIVE_LINES, line_field_sql
from shared.money import decimals_of, to_units
from shared.tables.allocation.model import ModelMapping
from shared.tables.ingest.facts import Driver

HEAD = "input.head"
GROUPING_MEMORY = "64MB"


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
        "corrections": last_correction(session, period, scenario),
    }


def group_lines(session: Session, facts: Facts, keys: Sequence[str]) -> LineGroups:
    """The lines of a period, grouped by currency and these fields, in one statement."""
    read = [line_field_sql(key, f"k{place}") for place, key in enumerate(keys)]
    fields = "".join(f"{expression}, " for expression, _ in read)
    places = ", ".join(str(place + 1) for place in range(len(keys) + 1))
    statement = text(
        f"select l.currency, {fields}"
        f" cast(trunc(sum(l.amount) * 1e{EXACT_DECIMALS}) as text),"
        f" cast(trunc(sum(abs(l.amount)) * 1e{EXACT_DECIMALS}) as text),"
        " count(*), max(scale(trim_scale(l.amount)))"
        f" from cost_line l where {LIVE_LINES} group by {places}"
    )
    bound = facts.bound() | {name: value for _, names in read for name, value in names.items()}
    session.execute(text(f"select set_config('work_mem', '{GROUPING_MEMORY}', true)"))
    rows = session.execute(statement, bound).all()
    columns = list(zip(*rows, strict=True)) or [() for _ in range(len(keys) + 5)]
    amounts, gross, counts, decimals = columns[-4:]
    return LineGroups(
        currency=Column.of(columns[0]),
        columns={key: Column.of(columns[place + 1]) for place, key in enumerate(keys)},
        amounts=list(map(int, amounts)),
        gross=list(map(int, gross)),
        line_counts=np.array(counts, dtype=np.int64),
        decimals=max(decimals, default=0),
    )


def list_objects(session: Session, period: str) -> list[ObjectSpec]:
    """The objects of all layers that are valid in the period.

    They come as one JSON text: a hundred thousand single JSON values cost more than the rest of
    the reading.
    """
    names = ", ".join(ObjectSpec.__dataclass_fields__)
    statement = text(
        f"select layer, cast(json_agg(json_build_array({names})) as text) from cost_object"
        " where (valid_from is null or valid_from <= :period)"
        " and (valid_to is null or valid_to >= :period) group by layer"
    )
    layers = session.execute(statement, {"period": period})
    return [ObjectSpec(*row) for _, rows in layers for row in json.loads(rows)]


def list_mappings(session: Session, model_version_id: UUID) -> list[MappingSpec]:
    """All mappings of a model version."""
    columns = [getattr(ModelMapping, name) for name in MappingSpec.__dataclass_fields__]
    query = sql_select(*columns).where(col(ModelMapping.model_version_id) == model_version_id)
    return [MappingSpec(*row) for row in session.execute(query)]


def exchange_rates(
    session: Session, period: str, currency: str, kind: str, as_of: int
) -> dict[str, Decimal]:
    """Units of the run's currency per unit of each other one: the period's average or closing.

    A rate from the run's currency to another one is never turned round.
    """
    rows = session.execute(
        text(
            "select from_currency, rate from exchange_rate where period = :period"
            " and to_currency = :currency and kind = :kind and live_from <= :as_of"
            " and (live_to is null or live_to > :as_of)"
        ),
        {"period": period, "currency": currency, "kind": kind, "as_of": as_of},
    )
    return {code: rate for code, rate in rows if code != currency}


def other_rates(
    session: Session, period: str, pairs: Collection[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    """The live rates of a period between these pairs, either way: from, to, kind."""
    rows = session.execute(
        text(
            "select from_currency, to_currency, kind from exchange_rate where period = :period"
            " and live_to is null and exists (select 1 from unnest(cast(:froms as text[]),"
            " cast(:tos as text[])) as p(f, t) where (from_currency = p.f and to_currency = p.t)"
            " or (from_currency = p.t and to_currency = p.f)) order by 1, 2, 3"
        ),
        {"period": period, "froms": [f for f, _ in pairs], "tos": [t for _, t in pairs]},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def read_chunk(session: Session, run_id: UUID, name: str) -> bytes | None:
    """One chunk of a stored run that has a single piece; None when the run has none."""
    content = session.execute(
        text("select content from run_chunk where run_id = :run and name = :name"),
        {"run": run_id, "name": name},
    ).scalar_one_or_none()
    return None if content is None else bytes(content)


def read_head_document(session: Session, run_id: UUID) -> dict[str, Any]:
    """The head of what a run took: objects, own amounts, drivers, rates, settings.

    Conflict `run_archived` when the run's chunks were taken out of the database.
    """
    content = read_chunk(session, run_id, HEAD)
    if content is None:
        raise archived(run_id)
    head: dict[str, Any] = json.loads(content)
    return head


def archived(run_id: UUID) -> Conflict:
    """The run keeps its totals, balances and hashes; what it took and its flows lie elsewhere."""
    return Conflict(f"the inputs and flows of run {run_id} were archived", code="run_archived")


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
    found = read_quantities(session, bases, period, scenario, as_of["driver_quantities"])
    missing = {code: basis for code, basis in bases.items() if code not in found}
    if missing and scenario != "actual":
        number = as_of["driver_quantities_actual"]
        found |= read_quantities(session, missing, period, "actual", number)
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
