"""Report schedules on the wire: standing orders of reports."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from shared.contracts.jobs import ProblemDocument
from shared.contracts.valuation.reports import (
    ReportFormat,
    ReportLanguage,
    ReportParameters,
    ReportStatus,
    ReportType,
)
from shared.contracts.values import Code, Contract, Flag, Instant, Names, Period

SchedulePeriod = Literal["previous", "on_publish"]
ScheduleEvent = Literal["run.published"]
Cron = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=9, max_length=200),
    Field(examples=["0 6 3 * *"]),
]
Timezone = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    Field(examples=["Asia/Shanghai"]),
]


def _clean(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("control characters are not allowed")
    return value


WebhookName = Annotated[
    str,
    BeforeValidator(_clean),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(_printable),
    Field(
        description="The id or the url of a webhook. It is told of the reports of this schedule"
        " (`report.ready`, `report.failed`) whatever it subscribes to. An http or https url that"
        " is not registered yet is registered now, which needs `valuation:admin`.",
        examples=["https://robot.example.org/btim"],
    ),
]
EXAMPLE: dict[str, Any] = {
    "code": "monthly-distribution",
    "names": {"en": "Monthly cost and value", "zh-CN": "月度成本价值分布"},
    "type": "cost-value-distribution",
    "format": "xlsx",
    "language": "zh-CN",
    "period": "on_publish",
    "event": "run.published",
    "timezone": "Asia/Shanghai",
}


class ReportScheduleRequest(Contract):
    """A standing order: due by `cron` in the local time of `timezone`, or on `event`.

    `previous` is the month before the one in which it falls due there; `on_publish` is the month
    of the run whose publication orders it, and so needs `event`. Without `period` it is the one
    that goes with the other. Without `code` one is made from the type and the id. Of times missed
    while nothing ran only the newest is made up for.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    code: Code | None = None
    names: Names | None = None
    type: ReportType
    format: ReportFormat = "xlsx"
    language: ReportLanguage | None = None
    period: SchedulePeriod | None = None
    cron: Cron | None = None
    event: ScheduleEvent | None = None
    timezone: Timezone = "UTC"
    webhook: WebhookName | None = None
    parameters: ReportParameters = Field(default_factory=ReportParameters)
    enabled: Flag = True


class ReportSchedulePatch(Contract):
    """A merge patch of a schedule (null clears); the code stays. `parameters` are merged."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"enabled": False}, {"event": None, "cron": "0 6 3 * *"}],
        },
    )

    names: dict[str, Any] | None = Field(default=None, max_length=2)
    type: ReportType | None = None
    format: ReportFormat | None = None
    language: ReportLanguage | None = None
    period: SchedulePeriod | None = None
    cron: Cron | None = None
    event: ScheduleEvent | None = None
    timezone: Timezone | None = None
    webhook: WebhookName | None = None
    parameters: dict[str, Any] | None = Field(default=None, max_length=20)
    enabled: Flag | None = None


class ScheduleRunRequest(Contract):
    """An order out of turn; without `period` the month is found as the schedule would."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"period": "2026-01"}]}
    )

    period: Period | None = None


class LastReport(Contract):
    """The newest report of a schedule."""

    id: UUID
    href: str
    status: ReportStatus
    period: Period
    created_at: Instant


class ReportScheduleAnswer(Contract):
    """A schedule as it is; `last_problem` is why its newest report was not made or ordered."""

    id: UUID
    etag: str
    code: str
    names: dict[str, str]
    name: str = Field(description="In the caller's language; the code where there is no name.")
    type: ReportType
    format: ReportFormat
    language: ReportLanguage
    period: SchedulePeriod
    cron: str | None
    event: ScheduleEvent | None
    timezone: str
    webhook: str | None = Field(
        description="As it was named in the request; an address without user and query."
    )
    webhook_id: UUID | None
    parameters: ReportParameters
    enabled: bool
    next_due_at: Instant | None = Field(description="When the cron wants the next report.")
    last_report: LastReport | None
    last_problem: ProblemDocument | None
    created_at: Instant
    updated_at: Instant


class ReportScheduleCreated(ReportScheduleAnswer):
    """A new schedule; `webhook_secret` is shown this once, where its webhook was registered too."""

    webhook_secret: str | None = None
