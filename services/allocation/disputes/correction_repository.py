"""The SQL of corrections: what upheld disputes move in later periods."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from services.allocation.disputes.domain import (
    Moved,
    in_currency,
    missing_rate,
    own_amounts,
    set_aside,
)
from services.allocation.engine.model import Finding, OwnAmount
from shared.periods import next_period
from shared.postgres import advisory_locks
from shared.postgres.period_locks import closed_periods
from shared.tables.allocation.model import AccountingPeriod, CostObject
from shared.tables.allocation.runs import AllocationRun
from shared.tables.allocation.statements import Correction, Dispute

ACTUAL = "actual"
TOPIC = "corrections"
"""The number of the last correction, in the `inputs_as_of` of runs."""


def last_correction(session: Session, period: str, scenario: str) -> int:
    """The number of the last committed correction that a run of the period takes; 0 without one."""
    if scenario != ACTUAL:
        return 0
    query = select(func.max(col(Correction.number))).where(col(Correction.period) == period)
    return session.execute(query).scalar_one() or 0


def corrected_amount(session: Session, line: UUID) -> Decimal:
    """What corrections have moved away from a line of a statement so far."""
    query = (
        select(func.sum(col(Correction.amount)))
        .join(Dispute, col(Dispute.id) == col(Correction.dispute_id))
        .where(col(Dispute.statement_line_id) == line)
    )
    return session.execute(query).scalar_one() or Decimal(0)


def list_corrections(session: Session, period: str, scenario: str, as_of: int) -> list[Moved]:
    """What had been moved into a period up to a correction's number, in the order of numbers."""
    if scenario != ACTUAL or not as_of:
        return []
    query = (
        select(Correction)
        .where(col(Correction.period) == period, col(Correction.number) <= as_of)
        .order_by(col(Correction.number))
    )
    return [
        Moved(
            one.dispute_id,
            one.disputed_period,
            one.consumer,
            one.counterparty,
            one.amount,
            one.currency,
        )
        for one in session.execute(query).scalars()
    ]


def corrections_of_run(
    session: Session, run: AllocationRun, as_of: Mapping[str, int], rates: Mapping[str, Decimal]
) -> tuple[list[OwnAmount], list[Finding]]:
    """What corrections are in a run: own amounts of consumers, which add up to zero.

    Findings name what was set aside for want of a rate; without leave to do so it is RuleBroken
    `missing_rate`.
    """
    moved = list_corrections(session, run.period, run.scenario, as_of.get(TOPIC, 0))
    taken, aside = in_currency(moved, run.currency, rates)
    if aside and run.on_missing_rate != "set_aside":
        raise missing_rate(aside, run.currency)
    return own_amounts(taken), set_aside(aside, run.currency)


def hold_next_open_period(session: Session, after: str) -> str:
    """The first open period after this one, kept open until the transaction ends.

    Nobody else adds a correction to it meanwhile, so those of one period commit in the order of
    their numbers.
    """
    query = select(col(AccountingPeriod.period)).where(col(AccountingPeriod.status) == "closed")
    closed = set(session.execute(query).scalars())
    period = next_period(after)
    while period in closed or closed_periods(session, [period]):
        period = next_period(period)
    advisory_locks.hold(session, f"corrections:{period}")
    return period


def find_of_disputes(session: Session, disputes: list[UUID]) -> dict[UUID, Correction]:
    """The corrections of these disputes."""
    query = select(Correction).where(col(Correction.dispute_id).in_(disputes))
    return {one.dispute_id: one for one in session.execute(query).scalars()}


def is_valid_consumer(session: Session, code: str, period: str) -> bool | None:
    """Whether a consumer exists in a period; None when there is none of this code at all."""
    query = select(col(CostObject.valid_from), col(CostObject.valid_to)).where(
        col(CostObject.layer) == "consumer", col(CostObject.code) == code
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    return (row[0] is None or row[0] <= period) and (row[1] is None or row[1] >= period)


def is_in_corrections(session: Session, code: str) -> bool:
    """Whether a correction moves money of this consumer."""
    query = select(col(Correction.id)).where(
        (col(Correction.consumer) == code) | (col(Correction.counterparty) == code)
    )
    return session.execute(query.limit(1)).first() is not None
