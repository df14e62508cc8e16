"""Whether a schedule may be as it is asked for, and what it is in all its fields."""

from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlmodel import Session

from services.valuation.reporting.report_schedules import repository
from services.valuation.reporting.reports.order_rules import check_order
from services.valuation.reporting.reports.ordering import check_type
from services.valuation.reporting.reports.workflow import SERVICE
from shared.auth import Caller
from shared.contracts.foundation import WebhookRequest
from shared.contracts.valuation.report_schedules import ReportScheduleRequest
from shared.errors import Forbidden, RuleBroken
from shared.events.webhooks import find_webhook_of_url, register_webhook
from shared.schedules import is_cron, is_zone
from shared.tables.platform import Webhook


def fields_of(
    session: Session, caller: Caller, request: ReportScheduleRequest, language: str
) -> dict[str, Any]:
    """What is asked for, by column of the table (all but code and webhook), or 422.

    What an order by hand would be refused for is refused here too.
    """
    check_type(request.type)
    check_order(session, caller, request.type, request.parameters)
    _check_time(request)
    if request.parameters.run is not None:
        raise RuleBroken.at(
            "/parameters/run", "run_in_schedule", "a schedule is not about one run; leave it out"
        )
    period = request.period or ("previous" if request.cron else "on_publish")
    if period == "on_publish" and request.event is None:
        raise RuleBroken.at(
            "/period", "period_needs_event", "on_publish is the month of an event's run"
        )
    return {
        "names": request.names.stored() if request.names else {},
        "type": request.type,
        "format": request.format,
        "language": request.language or language,
        "period": period,
        "cron": request.cron,
        "event": request.event,
        "timezone": request.timezone,
        "parameters": request.parameters.model_dump(mode="json", exclude_unset=True),
        "enabled": request.enabled,
    }


def _check_time(request: ReportScheduleRequest) -> None:
    if (request.cron is None) == (request.event is None):
        raise RuleBroken.at("/cron", "cron_or_event", "give either cron or event")
    if request.cron is not None and not is_cron(request.cron):
        raise RuleBroken.at("/cron", "bad_cron", "five cron fields that come true are needed")
    if not is_zone(request.timezone):
        raise RuleBroken.at("/timezone", "unknown_timezone", "an IANA time zone is needed")


def webhook_of(
    session: Session, caller: Caller, named: str | None, *, may_register: bool
) -> tuple[UUID | None, str | None]:
    """The id of the webhook that is named by id or url, and its secret if it is a new one.

    422 `unknown_webhook`; 403 `scope_missing` when registering it is not the caller's right.
    """
    if named is None:
        return None, None
    found = _find(session, named)
    if found is not None:
        return found.id, None
    if not may_register or not named.lower().startswith(("http://", "https://")):
        raise RuleBroken.at("/webhook", "unknown_webhook", "register it under /v1/webhooks first")
    if not caller.may(f"{SERVICE}:admin"):
        raise Forbidden(
            f"registering a webhook needs the scope {SERVICE}:admin", code="scope_missing"
        )
    try:
        WebhookRequest(url=named, events=["report.ready"])
    except ValidationError as error:
        raise RuleBroken.at("/webhook", "bad_url", "an http or https address is needed") from error
    hook = register_webhook(session, caller, SERVICE, named, ())
    return hook.id, hook.secret


def _find(session: Session, named: str) -> Webhook | None:
    try:
        return repository.find_webhook(session, SERVICE, UUID(named))
    except ValueError:
        return find_webhook_of_url(session, SERVICE, named)
