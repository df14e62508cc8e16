"""Partitions of the runs' chunks, one a month, made before the month begins.

Chunks of a month without a partition go to `run_chunk_other`; nothing is ever refused.
"""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session

from shared.clock import utc_now
from shared.database import in_transaction
from shared.postgres import advisory_locks

MONTHS_AHEAD = 3
_LOCK_TIMEOUT = "2s"


def make_coming_months(now: datetime | None = None) -> list[str]:
    """Make the partitions of the coming months that are missing; answers their names.

    Each in a short transaction that nobody waits for longer than two seconds; what could not be
    had is made at the next time. Several workers may do so at once.
    """
    made = []
    for month, following in _coming(now or utc_now()):
        with in_transaction() as session:
            if _make(session, month, following):
                made.append(f"run_chunk_{month:%Y_%m}")
    return made


def _make(session: Session, month: datetime, following: datetime) -> bool:
    """The partition is filled beside its table's own, then attached: readers and writers go on."""
    name = f"run_chunk_{month:%Y_%m}"
    advisory_locks.hold(session, "run_chunk partitions")
    session.execute(text(f"set local lock_timeout = '{_LOCK_TIMEOUT}'"))
    bounds = {"first": first_id(month), "after": first_id(following)}
    if session.execute(_IS_COVERED, bounds).scalar_one():
        return False
    session.execute(
        text(f"create table {name} (like run_chunk including storage including constraints)")
    )
    session.execute(
        text(
            f"alter table run_chunk attach partition {name}"
            f" for values from ('{bounds['first']}') to ('{bounds['after']}')"
        )
    )
    return True


# Rows that went to `run_chunk_other` stay there, and their month with them.
_IS_COVERED = text(
    r"""
    select exists (
        select 1 from run_chunk_other
        where run_id >= cast(:first as uuid) and run_id < cast(:after as uuid)
    ) or exists (
        select 1 from pg_inherits i join pg_class c on c.oid = i.inhrelid,
            lateral (select pg_get_expr(c.relpartbound, c.oid) as said) b,
            lateral (select
                cast(substring(said from 'FROM \(''([0-9a-f-]+)''') as uuid) as lower,
                cast(substring(said from 'TO \(''([0-9a-f-]+)''') as uuid) as upper) bounds
        where i.inhparent = 'run_chunk'::regclass
        and upper > cast(:first as uuid) and coalesce(lower <= cast(:first as uuid), true)
    )
    """
)


def _coming(now: datetime) -> list[tuple[datetime, datetime]]:
    numbers = [now.year * 12 + now.month - 1 + ahead for ahead in range(MONTHS_AHEAD + 1)]
    return [(_month(number), _month(number + 1)) for number in numbers]


def _month(number: int) -> datetime:
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def first_id(moment: datetime) -> str:
    """The smallest id that is made at this moment."""
    milliseconds = f"{int(moment.timestamp() * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-0000-0000-000000000000"
