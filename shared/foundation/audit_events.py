"""`/v1/audit-events`: the commands of a service, for those who may read them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlmodel import col

from shared.audit.reads import NOTED
from shared.auth import Needs
from shared.contracts.jobs import AuditEventAnswer, Page
from shared.contracts.values import Instant
from shared.database import SessionDep
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.platform import (
    AuditEvent,
    AuditSeal,
)


def _with_zone(at: datetime | None) -> datetime | None:
    """The instant; one without a zone is meant in UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def audit_router(service: str) -> APIRouter:
    """For auditors, who are noted themselves."""
    router = new_router("/v1/audit-events", "audit", [Needs(f"{service}:audit")])

    @router.get(
        "", summary="Read the audit trail", operation_id="list_audit_events", openapi_extra=NOTED
    )
    def list_audit_events(
        session: SessionDep,
        page: PageQueryDep,
        resource_type: Annotated[str | None, Query(max_length=100)] = None,
        resource_id: Annotated[str | None, Query(max_length=300)] = None,
        subject: Annotated[str | None, Query(max_length=200)] = None,
        action: Annotated[str | None, Query(max_length=100)] = None,
        since: Annotated[Instant | None, Query(description="Not before; with its zone")] = None,
        until: Annotated[Instant | None, Query(description="Before; with its zone")] = None,
    ) -> Page[AuditEventAnswer]:
        """The commands of this service, oldest first; `sealed_hash` is the link of the chain."""
        filters = {
            "resource_type": resource_type,
            "resource_id": resource_id,
            "subject": subject,
            "action": action,
        }
        query = (
            select(AuditEvent, col(AuditSeal.hash))
            .outerjoin(AuditSeal, col(AuditSeal.event_id) == col(AuditEvent.id))
            .where(col(AuditEvent.service) == service)
        )
        for name, value in filters.items():
            if value is not None:
                query = query.where(getattr(AuditEvent, name) == value)
        since, until = _with_zone(since), _with_zone(until)
        if since is not None:
            query = query.where(col(AuditEvent.at) >= since)
        if until is not None:
            query = query.where(col(AuditEvent.at) < until)
        rows, cursor = list_page(
            session,
            query,
            page,
            sortable={"at": AuditEvent.at, "id": AuditEvent.id},
            default_sort="id",
            filters={"service": service, **filters, "since": since, "until": until},
            unique=AuditEvent.id,
        )
        items = [AuditEventAnswer(**row[0].model_dump(), sealed_hash=row[1]) for row in rows]
        return Page(items=items, next_cursor=cursor)

    return router
