"""Orders what schedules want: once for each due time, once for each published run."""

from datetime import datetime
from functools import partial
from uuid import UUID

from pydantic import ValidationError
from sqlmodel import Session

from services.valuation.reporting.report_schedules import repository
from services.valuation.reporting.report_schedules.domain import (
    month_before,
    newest_due,
    occasion_of_run,
    occasion_of_time,
)
from services.valuation.reporting.reports.order_rules import check_parameters
from services.valuation.reporting.reports.ordering import ReportOrder, check_type, order_report
from services.valuation.reporting.reports.workflow import SERVICE
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.jobs import EventEnvelope
from shared.contracts.valuation.reports import ReportParameters
from shared.database import in_transaction
from shared.errors import Problem, RuleBroken
from shared.http.problems import body_of
from shared.jobs.chores import register
from shared.logs import get_logger
from shared.schedules import next_time
from shared.tables.platform import Job
from shared.tables.valuation.report_schedules import ReportSchedule

MOST_AT_ONCE = 50
log = get_logger(__name__)


def planned(schedule: ReportSchedule, after: datetime) -> datetime | None:
    """When a schedule is due next; None when an event orders it or it is switched off."""
    if schedule.cron is None or not schedule.enabled:
        return None
    return next_time(schedule.cron, schedule.timezone, after)


def order_due_reports(now: datetime | None = None) -> int:
    """Order the reports whose time has come; answers how many.

    The row of the schedule is held while its next time is set, so that of several workers one
    only orders. Of the times missed while nothing ran the newest is made up for, the rest are not.
    """
    moment, ordered = now or utc_now(), 0
    for _ in range(MOST_AT_ONCE):
        with in_transaction() as session:
            schedule = repository.lock_due(session, moment)
            if schedule is None:
                break
            ordered += _order_due(session, schedule, moment)
    return ordered


def _order_due(session: Session, schedule: ReportSchedule, now: datetime) -> bool:
    assert schedule.cron is not None  # noqa: S101 - a rule of the table
    assert schedule.next_due_at is not None  # noqa: S101 - it was found by it
    following = partial(next_time, schedule.cron, schedule.timezone)
    due = newest_due(following, schedule.next_due_at, now)
    schedule.next_due_at = planned(schedule, due)
    session.add(schedule)
    period = month_before(due, schedule.timezone)
    return _order_once(session, schedule, period, occasion_of_time(due))


def order_published(session: Session, event: EventEnvelope) -> None:
    """Order the reports of a run that was published, once for each schedule and run.

    Schedules speak of one scenario (the actual one unless their parameters say otherwise); runs
    of others order nothing.
    """
    for schedule in repository.lock_of_event(session, event.type):
        wanted = ReportParameters.model_validate(schedule.parameters)
        if event.payload.get("scenario", "actual") != wanted.scenario:
            continue
        run, period = None, month_before(utc_now(), schedule.timezone)
        if schedule.period == "on_publish":
            period = str(event.payload["period"])
            # A report of several months takes the published run of each.
            run = UUID(event.resource_id) if wanted.months is None else None
        _order_once(session, schedule, period, occasion_of_run(event.resource_id), run)


def _order_once(
    session: Session, schedule: ReportSchedule, period: str, occasion: str, run: UUID | None = None
) -> bool:
    """Order for an occasion unless that was done; a refusal is kept on the schedule."""
    if repository.has_order(session, schedule.id, occasion):
        return False
    try:
        order(session, f"schedule:{schedule.code}", schedule, period, occasion, run)
    except Problem as problem:
        _keep_refusal(session, schedule, problem)
        return False
    except ValidationError:
        outdated = RuleBroken(
            "the parameters of this schedule are no longer taken; change it",
            code="parameters_outdated",
        )
        _keep_refusal(session, schedule, outdated)
        return False
    return True


def _keep_refusal(session: Session, schedule: ReportSchedule, problem: Problem) -> None:
    log.warning("schedule_refused", schedule=schedule.code, error=problem.detail)
    schedule.problem = body_of(problem)
    session.add(schedule)


def order(
    session: Session,
    caller: Caller | str,
    schedule: ReportSchedule,
    period: str,
    occasion: str | None = None,
    run: UUID | None = None,
) -> Job:
    """Order the report of a schedule for a month, as the schedule says."""
    parameters = ReportParameters.model_validate(schedule.parameters)
    check_type(schedule.type)  # type: ignore[arg-type]
    check_parameters(session, schedule.type, parameters)
    wanted = ReportOrder(
        type=schedule.type,
        period=period,
        format=schedule.format,
        language=schedule.language,
        parameters=parameters.model_copy(update={"run": run}) if run else parameters,
        schedule_id=schedule.id,
        schedule=schedule.code,
        occasion=occasion,
        webhook_id=schedule.webhook_id,
    )
    _, job = order_report(session, caller, wanted)
    schedule.problem = None
    session.add(schedule)
    return job


register(SERVICE, "order_due_reports", 1.0, order_due_reports)
