"""Locks of accounting periods: writers hold them shared, closing holds them exclusively."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlmodel import Session

from shared.errors import Conflict
from shared.postgres import advisory_locks


def _lock(period: str) -> str:
    return f"period:{period}"


def closed_periods(session: Session, periods: Iterable[str]) -> set[str]:
    """Take the shared lock of each period and say which of them are closed."""
    wanted = sorted(set(periods))
    advisory_locks.share(session, *map(_lock, wanted))
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
    advisory_locks.hold(session, _lock(period))
