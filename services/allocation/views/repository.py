"""The SQL of views: which runs are published, and how much of a driver objects used."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col, func

from shared.tables.allocation.runs import AllocationRun
from shared.tables.ingest.facts import Driver, DriverQuantity


def newest_published_period(session: Session, scenario: str) -> str | None:
    """The latest period that has a published run."""
    query = select(func.max(col(AllocationRun.period))).where(
        col(AllocationRun.published), col(AllocationRun.scenario) == scenario
    )
    newest: str | None = session.execute(query).scalar_one()
    return newest


def list_published(session: Session, first: str, last: str, scenario: str) -> list[AllocationRun]:
    """The published runs of a stretch of periods, in their order."""
    query = (
        select(AllocationRun)
        .where(
            col(AllocationRun.published),
            col(AllocationRun.scenario) == scenario,
            col(AllocationRun.period) >= first,
            col(AllocationRun.period) <= last,
        )
        .order_by(col(AllocationRun.period))
    )
    return list(session.execute(query).scalars())


def find_run(session: Session, run_id: UUID) -> AllocationRun | None:
    """A run by its id."""
    return session.get(AllocationRun, run_id)


def quantities_per_target(
    session: Session, drivers: Sequence[str], periods: Sequence[str], targets: Sequence[str]
) -> dict[tuple[str, str], Decimal]:
    """How much of each driver fell on each target in these periods: (driver, target) -> sum."""
    query = (
        select(
            col(DriverQuantity.driver),
            col(DriverQuantity.target),
            func.sum(col(DriverQuantity.quantity)),
        )
        .where(
            col(DriverQuantity.driver).in_(drivers),
            col(DriverQuantity.period).in_(periods),
            col(DriverQuantity.scenario) == "actual",
            col(DriverQuantity.target).in_(targets),
            col(DriverQuantity.live_to).is_(None),
        )
        .group_by(col(DriverQuantity.driver), col(DriverQuantity.target))
    )
    return {(driver, target): amount for driver, target, amount in session.execute(query)}


def units_of(session: Session, drivers: Sequence[str]) -> dict[str, str]:
    """The unit of each driver, its code where it has none."""
    query = select(col(Driver.code), col(Driver.unit)).where(col(Driver.code).in_(drivers))
    return {code: unit or code for code, unit in session.execute(query)}
