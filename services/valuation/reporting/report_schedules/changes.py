"""What a request does to a schedule: its new state, and when it is due next."""

from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.valuation.changes import write_changes
from services.valuation.reporting.report_schedules.workflow import planned
from shared.clock import utc_now
from shared.contracts.valuation.report_schedules import ReportSchedulePatch, ReportScheduleRequest
from shared.errors import RuleBroken
from shared.http.problems import field_errors
from shared.ids import new_id
from shared.tables.valuation.report_schedules import ReportSchedule

WHEN = frozenset({"cron", "event", "timezone", "enabled"})


def new_schedule(code: str | None, fields: dict[str, Any]) -> ReportSchedule:
    """A schedule that is due from now on; without a code it is called after its type and id."""
    identifier = new_id()
    now = utc_now()
    row = ReportSchedule(
        id=identifier,
        code=code or f"{fields['type']}-{identifier}",
        **fields,
        created_at=now,
        updated_at=now,
    )
    row.next_due_at = planned(row, now)
    return row


def change_schedule(row: ReportSchedule, fields: dict[str, Any]) -> bool:
    """Make a schedule what is asked for; whether that is a change.

    With another time it is due from now on; otherwise what is due stays due.
    """
    when_before = {name: getattr(row, name) for name in WHEN}
    if not write_changes(row, fields):
        return False
    if when_before != {name: getattr(row, name) for name in WHEN}:
        row.next_due_at = planned(row, utc_now())
    row.problem = None
    return True


def patched(row: ReportSchedule, patch: ReportSchedulePatch) -> ReportScheduleRequest:
    """The request that a merge patch (RFC 7396) amounts to; 422 where it breaks a rule."""
    state = row.model_dump(
        mode="json",
        include={
            "code", "names", "type", "format", "language", "period", "cron", "event", "timezone",
            "parameters", "enabled",
        },
    )  # fmt: skip
    state["webhook"] = row.webhook if row.webhook_id else None
    merged = _merge(state, patch.model_dump(mode="json", exclude_unset=True))
    if not merged.get("names"):
        merged.pop("names", None)
    try:
        return ReportScheduleRequest.model_validate(merged)
    except ValidationError as error:
        found = field_errors([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
        raise RuleBroken("the changed schedule is not valid", code="invalid", errors=found) from (
            error
        )


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged


def told_webhook(named: str | None, webhook_id: UUID | None) -> dict[str, Any]:
    """The fields that say who is told of the reports."""
    return {"webhook": named, "webhook_id": webhook_id}
