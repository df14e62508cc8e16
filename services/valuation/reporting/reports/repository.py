"""The SQL of reports, and of the value side that they tell of."""

from collections.abc import Generator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from shared.clock import utc_now
from shared.database import new_session
from shared.errors import NotFound
from shared.files import check_is_kept, get_file, read_file
from shared.tables.allocation.model import CostObject
from shared.tables.platform import StoredFile
from shared.tables.valuation.initiatives import Initiative, InitiativeCashFlow, ValueExpectation
from shared.tables.valuation.kpis import Observation, ValueKpi
from shared.tables.valuation.reports import Report
from shared.tables.valuation.reviews import PostImplementationReview


def get_report(session: Session, report_id: UUID) -> Report:
    """One report by its id."""
    found = session.get(Report, report_id)
    if found is None:
        raise NotFound(f"report {report_id}")
    return found


def consumer_exists(session: Session, code: str) -> bool:
    """Whether allocation knows a consumer of this code."""
    query = select(col(CostObject.id)).where(
        col(CostObject.layer) == "consumer", col(CostObject.code) == code
    )
    return session.execute(query).first() is not None


def list_query(equal: dict[str, Any]) -> Select[Any]:
    """Reports filtered by equal fields; None means any."""
    query = select(Report)
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(Report, name) == value)
    return query


def check_content(file_id: UUID) -> None:
    """Conflict `file_removed` where the file of a report is not kept any more."""
    with new_session() as session:
        check_is_kept(get_file(session, file_id))


def read_content(file_id: UUID) -> Generator[bytes]:
    """A report's bytes, piece by piece, with a session of their own: they outlive the request's."""
    with new_session() as session:
        yield from read_file(session, get_file(session, file_id))


def list_kpis(session: Session) -> Sequence[ValueKpi]:
    """Every KPI in order of code."""
    return session.execute(select(ValueKpi).order_by(col(ValueKpi.code))).scalars().all()


def first_observed_period(session: Session) -> str | None:
    """The earliest month that any KPI was observed in."""
    found: str | None = session.execute(select(func.min(col(Observation.period)))).scalar_one()
    return found


def newest_observation_at(session: Session, last: str) -> datetime | None:
    """When the newest observation up to a month was written."""
    query = select(func.max(col(Observation.updated_at))).where(col(Observation.period) <= last)
    found: datetime | None = session.execute(query).scalar_one()
    return found


def list_initiatives(session: Session) -> Sequence[Initiative]:
    """Every initiative that was not rejected, in order of code."""
    query = (
        select(Initiative).where(col(Initiative.stage) != "rejected").order_by(col(Initiative.code))
    )
    return session.execute(query).scalars().all()


def list_expectations(session: Session) -> Sequence[ValueExpectation]:
    """Every promise, in a stable order."""
    query = select(ValueExpectation).order_by(
        col(ValueExpectation.initiative_id),
        col(ValueExpectation.due_period).nulls_last(),
        col(ValueExpectation.id),
    )
    return session.execute(query).scalars().all()


def list_cash_flows(session: Session, until: date) -> Sequence[InitiativeCashFlow]:
    """Payments of all initiatives: plans whole, actuals up to a day."""
    query = (
        select(InitiativeCashFlow)
        .where((col(InitiativeCashFlow.basis) == "plan") | (col(InitiativeCashFlow.on) <= until))
        .order_by(
            col(InitiativeCashFlow.initiative_id),
            col(InitiativeCashFlow.on),
            col(InitiativeCashFlow.id),
        )
    )
    return session.execute(query).scalars().all()


def list_reviews(session: Session, until: date) -> Sequence[PostImplementationReview]:
    """Reviews due up to a day or already begun, in order of their due day."""
    query = (
        select(PostImplementationReview)
        .where(
            (col(PostImplementationReview.due_on) <= until)
            | (col(PostImplementationReview.state) != "scheduled")
        )
        .order_by(col(PostImplementationReview.due_on), col(PostImplementationReview.id))
    )
    return session.execute(query).scalars().all()


def old_files(session: Session, days: int, most: int) -> list[UUID]:
    """Files of reports that are older than so many days and still have their bytes."""
    query = (
        select(col(StoredFile.id))
        .join(Report, col(Report.file_id) == col(StoredFile.id))
        .where(
            col(StoredFile.removed_at).is_(None),
            col(StoredFile.created_at) < utc_now() - timedelta(days=days),
        )
        .order_by(col(StoredFile.id))
        .limit(most)
    )
    return list(session.execute(query).scalars())
