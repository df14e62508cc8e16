"""Jobs, callers, keys, audit events and webhooks on the wire: the same on every service."""

from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import ConfigDict, Field

from shared.contracts.values import Contract, Instant

Wait = Annotated[
    int | None,
    Query(
        ge=0,
        le=60,
        description="Hold the answer for up to this many seconds until the work is done.",
        examples=[0],
    ),
]


class ProblemError(Contract):
    """One thing that is wrong with a request."""

    pointer: str
    code: str
    message: str


class ProblemDocument(Contract):
    """application/problem+json after RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    correlation_id: str
    errors: list[ProblemError]


class JobResult(Contract):
    """What a job has made."""

    id: str
    href: str


class JobAnswer(Contract):
    """Long work and how far it is."""

    id: UUID
    kind: str
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress: float = Field(ge=0, le=1)
    result: JobResult | None
    problem: ProblemDocument | None
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None


class Accepted(Contract):
    """202: the thing that will be there, and the job that makes it."""

    id: UUID
    job: JobAnswer


class CallerAnswer(Contract):
    """Who the service thinks you are."""

    subject: str
    scopes: list[str]
    consumers: list[str] | None
    expires_at: Instant | None
    language: str


class AuditEventAnswer(Contract):
    """One command: who, when, what."""

    id: UUID
    at: Instant
    service: str
    subject: str
    action: str
    resource_type: str
    resource_id: str
    correlation_id: str
    details: dict[str, Any]
    content_hash: str
    sealed_hash: str | None


class EventEnvelope(Contract):
    """An event from another service."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01970000-0000-7000-8000-000000000001",
                    "type": "run.published",
                    "source": "allocation",
                    "resource_id": "01970000-0000-7000-8000-000000000002",
                    "payload": {"period": "2026-01", "scenario": "actual"},
                }
            ]
        }
    )

    id: UUID
    type: str = Field(max_length=100, examples=["run.published"])
    source: Literal["ingest", "allocation", "valuation"]
    resource_id: str = Field(max_length=200)
    payload: dict[str, Any] = Field(max_length=1000)


ItemT = TypeVar("ItemT")


class Page(Contract, Generic[ItemT]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[ItemT]
    next_cursor: str | None = None
