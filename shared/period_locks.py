"""Locks of accounting periods: writers hold them shared, closing holds them exclusively."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlmodel import Session

from shared.errors import Conflict

PERIOD_LOCK_CLASS = 7_204
"""First key of the two-key advisory locks; the second is the period as the number yyyymm."""


def _number(period: str) -> int:
    return int(period.replace("-", ""))


def closed_periods(session: Session, periods: Iterable[str]) -> set[str]:
    """Take the shared lock of each period and say which of them are closed."""
    wanted = sorted(set(periods))
    session.execute(
        text(
            "select pg_advisory_xact_lock_shared(:class, period)"
            " from (select unnest(cast(:periods as int[])) as period) s"
        ),
        {"class": PERIOD_LOCK_CLASS, "periods": [_number(period) for period in wanted]},
    )
    closed = session.execute(
        text(
            "select period from accounting_period"
            " where status = 'closed' and period = any(:periods)"
        ),
        {"periods": wanted},
    )
    return set(closed.scalars())


def hold_open(session: Session, periods: Iterable[str]) -> None:
    """Keep these periods from being closed until the transaction ends; 409 when one is closed."""
    closed = sorted(closed_periods(session, periods))
    if closed:
        raise Conflict(f"{', '.join(closed)} is closed", code="closed_period")


def hold_exclusively(session: Session, period: str) -> None:
    """Wait for all writers of a period and keep new ones out (closing, reopening)."""
    session.execute(
        text("select pg_advisory_xact_lock(:class, :period)"),
        {"class": PERIOD_LOCK_CLASS, "period": _number(period)},
    )
