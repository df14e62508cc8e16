"""The SQL of accounting periods."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, column, func, select, text
from sqlmodel import Session

from shared.tables.allocation.model import AccountingPeriod

# Jumps from period to period along the index instead of reading every line.
SPENT_PERIODS = text("""
with recursive spent(period) as (
    select min(period) from cost_line
    union all
    select (select min(l.period) from cost_line l where l.period > s.period)
    from spent s where s.period is not null
)
select period from spent where period is not null
""")


def find_period(session: Session, period: str) -> AccountingPeriod | None:
    """The row of a month, None when it has never been closed."""
    return session.get(AccountingPeriod, period, populate_existing=True)


@dataclass(frozen=True)
class PeriodList:
    """A query of months and the columns that it can be sorted by."""

    query: Select[Any]
    period: Any
    status: Any


def list_periods(*, code: str | None, status: str | None) -> PeriodList:
    """Every month that has lines or has been closed, with what is known of its closing."""
    months = _all_periods()
    query = select(*months.c)
    if code is not None:
        query = query.where(months.c.period == code)
    if status is not None:
        query = query.where(months.c.status == status)
    return PeriodList(query, months.c.period, months.c.status)


def _all_periods() -> Any:
    closing = AccountingPeriod.__table__  # type: ignore[attr-defined]
    spent = SPENT_PERIODS.columns(column("period", String(collation="C"))).subquery("spent")
    months = select(spent.c.period).union(select(closing.c.period)).subquery("months")
    return (
        select(
            months.c.period,
            func.coalesce(closing.c.status, "open").label("status"),
            closing.c.closed_at,
            closing.c.closed_by,
            closing.c.reopened_at,
            closing.c.reopened_by,
            closing.c.reason,
        )
        .select_from(months.outerjoin(closing, closing.c.period == months.c.period))
        .subquery("all_periods")
    )
