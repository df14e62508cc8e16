"""`POST /v1/report-schedules/{id}/run`: the report of a schedule, now."""

from contextlib import closing
from uuid import UUID

from fastapi import Response

from services.valuation.reporting.report_schedules import repository
from services.valuation.reporting.report_schedules.domain import month_before
from services.valuation.reporting.report_schedules.workflow import order
from services.valuation.reporting.reports.order_rules import check_may_have
from shared.auth import CallerDep, Needs
from shared.clients.allocation.figures import allocation_figures
from shared.clock import utc_now
from shared.contracts.jobs import Accepted, Wait
from shared.contracts.valuation.report_schedules import ScheduleRunRequest
from shared.contracts.valuation.reports import ReportParameters
from shared.database import SessionDep
from shared.errors import Conflict
from shared.http.routing import new_router
from shared.jobs.endpoints import accept
from shared.tables.valuation.report_schedules import ReportSchedule

router = new_router("/v1/report-schedules", "reports", [Needs("valuation:read")])


@router.post(
    "/{schedule_id:uuid}/run",
    summary="Order a schedule's report now",
    operation_id="run_report_schedule",
    status_code=202,
    dependencies=[Needs("valuation:write")],
)
def run_report_schedule(
    schedule_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    request: ScheduleRunRequest | None = None,
    wait: Wait = None,
) -> Accepted:
    """As a report ordered by hand, with the webhook and code of the schedule; its times stay.

    409 `schedule_disabled`; 409 `no_published_run` when the month is that of the newest published
    run and there is none.
    """
    schedule = repository.get_schedule(session, schedule_id, lock=True)
    check_may_have(caller, schedule.type)
    if not schedule.enabled:
        raise Conflict("a disabled schedule orders nothing", code="schedule_disabled")
    period = (request.period if request else None) or _month_of(schedule)
    return accept(response, order(session, caller, schedule, period))


def _month_of(schedule: ReportSchedule) -> str:
    """The month before this one, or that of the newest month with a published run."""
    if schedule.period == "previous":
        return month_before(utc_now(), schedule.timezone)
    scenario = ReportParameters.model_validate(schedule.parameters).scenario
    with closing(allocation_figures(schedule.language)) as client:
        periods = [str(run["period"]) for run in client.list_published_runs(scenario)]
    if not periods:
        raise Conflict(f"no {scenario} run is published", code="no_published_run")
    return max(periods)
