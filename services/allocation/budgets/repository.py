"""The SQL of budgets and their alerts."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, select, tuple_
from sqlmodel import Session, col, func

from services.allocation.cost_objects.repository import codes_under
from shared.database import new_session
from shared.errors import NotFound
from shared.tables.allocation.model import CostObject
from shared.tables.allocation.planning import Budget, BudgetAlert
from shared.tables.allocation.runs import AllocationRun

Key = tuple[str, str, str, str, str | None]
"""What a budget is known by: layer, object, period, currency, cost type."""
EXPORT_BATCH = 1_000


def key_of(row: Any) -> Key:
    """The key of a budget, or of a request for one."""
    return (row.layer, row.object, row.period, row.currency, row.cost_type)


def get_budget(session: Session, budget_id: UUID) -> Budget:
    """One budget by its id."""
    found = session.get(Budget, budget_id)
    if found is None:
        raise NotFound(f"budget {budget_id}")
    return found


def lock_budget(session: Session, budget_id: UUID) -> Budget:
    """One budget, held against other changes until the transaction ends.

    Alerts may still be raised for it, so nobody waits for one another in a circle.
    """
    found = session.get(Budget, budget_id, with_for_update={"key_share": True})
    if found is None:
        raise NotFound(f"budget {budget_id}")
    return found


def find_budgets(session: Session, keys: Iterable[Key]) -> dict[Key, Budget]:
    """The budgets of these keys, held against other changes."""
    wanted = set(keys)
    query = (
        select(Budget)
        .where(
            tuple_(
                col(Budget.layer), col(Budget.object), col(Budget.period), col(Budget.currency)
            ).in_({key[:4] for key in wanted})
        )
        .order_by(col(Budget.id))
        .with_for_update(key_share=True)
    )
    found = session.execute(query).scalars() if wanted else ()
    return {key_of(row): row for row in found if key_of(row) in wanted}


def list_query(
    table: type[Budget] | type[BudgetAlert],
    equal: Mapping[str, object],
    first: str | None,
    last: str | None,
    within: Sequence[str] | None,
) -> Select[Any]:
    """Budgets or alerts, filtered; `within` are the consumers that a caller is bound to."""
    query = select(table)
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(table, name) == value)
    if first is not None:
        query = query.where(col(table.period) >= first)
    if last is not None:
        query = query.where(col(table.period) <= last)
    return query if within is None else query.where(_own(table, within))


def _own(table: type[Budget] | type[BudgetAlert], within: Sequence[str]) -> Any:
    if not within:
        return false()
    codes = codes_under("consumer", list(within))
    return (col(table.layer) == "consumer") & col(table.object).in_(codes)


def is_own(session: Session, row: Budget | BudgetAlert, within: Sequence[str] | None) -> bool:
    """Whether a caller who is bound to these consumers may see the row."""
    if within is None:
        return True
    table = type(row)
    found = select(col(table.id)).where(col(table.id) == row.id, _own(table, within))
    return session.execute(found).first() is not None


def read_all(query: Select[Any], *order: Any) -> Iterator[Any]:
    """Every row of a filtered list, read while it is written out."""
    with new_session() as session:
        options = query.order_by(*order).execution_options(yield_per=EXPORT_BATCH)
        yield from session.execute(options).scalars()


def budgets_of_period(session: Session, period: str, currency: str) -> list[Budget]:
    """All budgets that a run of a period in a currency is held against."""
    query = select(Budget).where(col(Budget.period) == period, col(Budget.currency) == currency)
    return list(session.execute(query.order_by(col(Budget.id))).scalars())


def alerts_of(session: Session, budget_ids: Sequence[UUID]) -> list[BudgetAlert]:
    """The alerts of some budgets, held against other changes."""
    query = (
        select(BudgetAlert)
        .where(col(BudgetAlert.budget_id) == func.any(list(budget_ids)))
        .order_by(col(BudgetAlert.id))
        .with_for_update()
    )
    return list(session.execute(query).scalars())


def get_alert(session: Session, alert_id: UUID, *, for_update: bool = False) -> BudgetAlert:
    """One alert by its id."""
    found = session.get(BudgetAlert, alert_id, with_for_update=for_update or None)
    if found is None:
        raise NotFound(f"budget alert {alert_id}")
    return found


def published_runs(session: Session, periods: Collection[str]) -> list[AllocationRun]:
    """The published runs of actual figures of these periods."""
    query = select(AllocationRun).where(
        col(AllocationRun.published),
        col(AllocationRun.scenario) == "actual",
        col(AllocationRun.period).in_(sorted(periods)),
    )
    return list(session.execute(query.order_by(col(AllocationRun.period))).scalars())


def names_of(
    session: Session, pairs: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, str]]:
    """The names of objects by layer and code."""
    if not pairs:
        return {}
    pair = tuple_(col(CostObject.layer), col(CostObject.code))
    query = select(col(CostObject.layer), col(CostObject.code), col(CostObject.names))
    rows = session.execute(query.where(pair.in_(set(pairs))))
    return {(layer, code): names for layer, code, names in rows}
