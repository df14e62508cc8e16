"""Reports on the wire: what can be ordered, and what an ordered report looks like."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.jobs import ProblemDocument
from shared.contracts.values import Code, Contract, DecimalText, Instant, Period

ReportType = Literal[
    "cost-value-distribution",
    "it-spend-overview",
    "consumer-statement",
    "post-implementation-review",
    "value-analysis",
    "unallocated-and-data-quality",
    "carbon",
    "compliance",
    "portfolio-recommendation",
]
ReportFormat = Literal["xlsx", "pdf", "csv", "json", "html"]
ReportLanguage = Literal["en", "zh-CN"]
ReportStatus = Literal["queued", "succeeded", "failed", "cancelled"]
Scenario = Literal["actual", "budget", "forecast"]


class ReportParameters(Contract):
    """Narrows a report down: to one run instead of the published one, to a level of the trees.

    `level` 1 shows the roots of each layer; without it every object that holds cost is shown.
    `months` adds the course of so many months up to the period, from their published runs (a
    consumer statement shows twelve without being asked). `consumer` is whose statement it is:
    that type needs it, no other takes it. `discount_rate` (0.08 a year) is for the net present
    values of `value-analysis`. What a type cannot use is refused, not passed over.
    """

    run: UUID | None = None
    scenario: Scenario = "actual"
    level: Annotated[int, Field(ge=1, le=20, strict=True)] | None = None
    months: Annotated[int, Field(ge=1, le=36, strict=True)] | None = None
    consumer: Code | None = None
    discount_rate: Annotated[DecimalText, Field(gt=-1, le=10)] | None = None


class ReportRequest(Contract):
    """An order; without `language` the report is written in the caller's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "cost-value-distribution",
                    "period": "2026-01",
                    "format": "xlsx",
                    "language": "zh-CN",
                }
            ]
        }
    )

    type: ReportType
    period: Period
    format: ReportFormat = "xlsx"
    language: ReportLanguage | None = None
    parameters: ReportParameters = Field(default_factory=ReportParameters)


class ReportFile(Contract):
    """The finished file; equal inputs give equal bytes and so an equal hash."""

    href: str
    name: str
    media_type: str
    sha256: str
    bytes: int


class ReportAnswer(Contract):
    """An ordered report. `inputs_sha256` is the hash over everything it was made from."""

    id: UUID
    etag: str
    type: ReportType
    period: Period
    format: ReportFormat
    language: ReportLanguage
    parameters: ReportParameters
    status: ReportStatus
    run: UUID | None
    inputs_sha256: str | None
    file: ReportFile | None
    problem: ProblemDocument | None
    schedule: str | None = Field(description="The code of the report schedule that ordered it.")
    created_at: Instant
    finished_at: Instant | None
