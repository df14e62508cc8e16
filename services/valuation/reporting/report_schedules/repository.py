"""The SQL of report schedules and of the reports that they ordered."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.platform import Webhook
from shared.tables.valuation.report_schedules import ReportSchedule
from shared.tables.valuation.reports import Report


def hold_alone(session: Session) -> None:
    """Let one transaction at a time add schedules, so that two never add the same code."""
    advisory_locks.hold(session, "report_schedule")


def get_schedule(session: Session, schedule_id: UUID, *, lock: bool = False) -> ReportSchedule:
    """One schedule by its id; `lock` keeps others from changing it until the end."""
    found = session.get(ReportSchedule, schedule_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"report schedule {schedule_id}")
    return found


def find_by_codes(session: Session, codes: Iterable[str]) -> dict[str, ReportSchedule]:
    """The schedules that have these codes, held until the end."""
    wanted = sorted(set(codes))
    if not wanted:
        return {}
    query = (
        select(ReportSchedule)
        .where(col(ReportSchedule.code).in_(wanted))
        .order_by(col(ReportSchedule.id))
        .with_for_update()
    )
    return {found.code: found for found in session.execute(query).scalars()}


def list_query(equal: dict[str, Any]) -> Select[Any]:
    """Schedules filtered by equal fields; None means any."""
    query = select(ReportSchedule)
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(ReportSchedule, name) == value)
    return query


def lock_due(session: Session, now: datetime) -> ReportSchedule | None:
    """The longest due schedule that no other worker holds."""
    query = (
        select(ReportSchedule)
        .where(col(ReportSchedule.next_due_at) <= now)
        .order_by(col(ReportSchedule.next_due_at), col(ReportSchedule.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return session.execute(query).scalars().first()


def lock_of_event(session: Session, event: str) -> Sequence[ReportSchedule]:
    """The enabled schedules that an event orders reports of, held until the end."""
    query = (
        select(ReportSchedule)
        .where(col(ReportSchedule.event) == event, col(ReportSchedule.enabled))
        .order_by(col(ReportSchedule.id))
        .with_for_update()
    )
    return session.execute(query).scalars().all()


def has_order(session: Session, schedule_id: UUID, occasion: str) -> bool:
    """Whether a schedule has ordered its report for an occasion."""
    query = select(col(Report.id)).where(
        col(Report.schedule_id) == schedule_id, col(Report.occasion) == occasion
    )
    return session.execute(query).first() is not None


def last_reports(session: Session, schedule_ids: Sequence[UUID]) -> dict[UUID, Report]:
    """The newest report of each schedule that has one."""
    query = (
        select(Report)
        .ext(distinct_on(col(Report.schedule_id)))
        .where(col(Report.schedule_id).in_(schedule_ids))
        .order_by(col(Report.schedule_id), col(Report.created_at).desc(), col(Report.id).desc())
    )
    return {
        report.schedule_id: report
        for report in session.execute(query).scalars()
        if report.schedule_id is not None
    }


def find_webhook(session: Session, service: str, webhook_id: UUID) -> Webhook | None:
    """A webhook of a service by its id."""
    found = session.get(Webhook, webhook_id)
    return found if found is not None and found.service == service else None
