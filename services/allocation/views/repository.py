"""The SQL of views: published runs, balances of a layer, quantities as a run saw them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlmodel import Session, col, func

from shared.contracts.allocation.benchmarks import UNIT_COST
from shared.periods import last_day
from shared.tables.allocation.model import ModelMapping
from shared.tables.allocation.planning import Benchmark, Budget
from shared.tables.allocation.runs import AllocationRun
from shared.tables.ingest.facts import Driver


def newest_published_period(session: Session, scenario: str) -> str | None:
    """The latest period that has a published run."""
    query = select(func.max(col(AllocationRun.period))).where(
        col(AllocationRun.published), col(AllocationRun.scenario) == scenario
    )
    newest: str | None = session.execute(query).scalar_one()
    return newest


def list_published_before(
    session: Session, period: str, scenario: str, currency: str, months: int
) -> list[AllocationRun]:
    """The last so many published runs before a period, in one currency; the oldest first."""
    query = (
        select(AllocationRun)
        .where(
            col(AllocationRun.published),
            col(AllocationRun.scenario) == scenario,
            col(AllocationRun.currency) == currency,
            col(AllocationRun.period) < period,
        )
        .order_by(col(AllocationRun.period).desc())
        .limit(months)
    )
    return list(reversed(list(session.execute(query).scalars())))


def find_run(session: Session, run_id: UUID) -> AllocationRun | None:
    """A run by its id."""
    return session.get(AllocationRun, run_id)


def spreads_within(session: Session, model_version_id: UUID, layer: str) -> bool:
    """Whether a model version has a stage from the layer to itself."""
    query = select(col(ModelMapping.id)).where(
        col(ModelMapping.model_version_id) == model_version_id,
        col(ModelMapping.stage) == f"{layer}_to_{layer}",
    )
    return session.execute(query.limit(1)).first() is not None


def balances_of_layer(session: Session, run_id: UUID, measure: str, layer: str) -> Sequence[Any]:
    """(number, code, parent, own, received, retained, unallocated) of a layer's objects."""
    return session.execute(
        text(
            "select number, code, parent, own, received, retained, unallocated from run_balance"
            " where run_id = :run and measure = :measure and layer = :layer order by number"
        ),
        {"run": run_id, "measure": measure, "layer": layer},
    ).all()


LIVE_QUANTITIES = (
    " from driver_quantity where driver = :driver and period = :period"
    " and scenario = :scenario and live_from <= :as_of"
    " and (live_to is null or live_to > :as_of)"
)


def quantities_of(
    session: Session, driver: str, period: str, scenario: str, as_of: int
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """How much of a driver fell on each target, and on each source of metered use, back then.

    A target's own quantity beats the sum of what is metered per source.
    """
    bound: Mapping[str, object] = {
        "driver": driver,
        "period": period,
        "scenario": scenario,
        "as_of": as_of,
    }
    own = "coalesce(sum(quantity) filter (where source is null), sum(quantity))"
    targets = text(f"select target, {own}{LIVE_QUANTITIES} group by 1")
    sources = text(
        f"select source, sum(quantity){LIVE_QUANTITIES} and source is not null group by 1"
    )
    return (
        {row[0]: row[1] for row in session.execute(targets, bound)},
        {row[0]: row[1] for row in session.execute(sources, bound)},
    )


def units_of(session: Session, drivers: Sequence[str]) -> dict[str, str]:
    """The unit of each driver, its code where it has none."""
    query = select(col(Driver.code), col(Driver.unit)).where(col(Driver.code).in_(drivers))
    return {code: unit or code for code, unit in session.execute(query)}


def budgets_of(session: Session, layer: str, period: str) -> Sequence[Any]:
    """(object, cost type, currency, amount) of every budget entry of a layer and period."""
    query = select(
        col(Budget.object), col(Budget.cost_type), col(Budget.currency), col(Budget.amount)
    ).where(col(Budget.layer) == layer, col(Budget.period) == period)
    return session.execute(query.order_by(col(Budget.object))).all()


def newest_benchmarks(
    session: Session, layer: str, codes: Sequence[str], period: str, currency: str
) -> dict[str, Benchmark]:
    """Per object its newest benchmark of the unit cost on the last day of a period.

    One of another currency is not meant. Of equally new ones the first by its source counts.
    """
    query = (
        select(Benchmark)
        .where(
            col(Benchmark.layer) == layer,
            col(Benchmark.object) == func.any(list(codes)),
            col(Benchmark.metric) == UNIT_COST,
            col(Benchmark.as_of) <= last_day(period),
            or_(col(Benchmark.currency).is_(None), col(Benchmark.currency) == currency),
        )
        .order_by(
            col(Benchmark.object),
            col(Benchmark.as_of).desc(),
            col(Benchmark.source).asc().nulls_last(),
        )
    )
    newest: dict[str, Benchmark] = {}
    for row in session.execute(query).scalars():
        newest.setdefault(str(row.object), row)
    return newest
