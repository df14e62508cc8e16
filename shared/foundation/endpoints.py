"""Endpoints that every service has: who am I, audit events, events, webhooks, jobs."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select, text
from sqlmodel import Session, col

from shared.audit import trail
from shared.audit.reads import NOTED
from shared.auth import OWN_PART, CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.foundation import (
    DeliveryAnswer,
    WebhookAnswer,
    WebhookCreated,
    WebhookRequest,
)
from shared.contracts.jobs import AuditEventAnswer, CallerAnswer, EventEnvelope, Page
from shared.contracts.values import Instant
from shared.database import SessionDep
from shared.errors import NotFound
from shared.events.webhooks import register_webhook
from shared.foundation.key_endpoints import keys_router
from shared.http.language import LanguageDep
from shared.http.routing import SHOWN_ONCE, new_router
from shared.jobs.endpoints import jobs_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.platform import (
    AuditEvent,
    AuditSeal,
    OutboxDelivery,
    OutboxEvent,
    ReceivedEvent,
    Webhook,
)

EventHandler = Callable[[Session, EventEnvelope], None]
_event_handlers: dict[tuple[str, str], EventHandler] = {}


def on_event(service: str, event_type: str, handler: EventHandler) -> None:
    """Say what a service does when another tells it of an event; runs once per event id."""
    _event_handlers[(service, event_type)] = handler


def foundation_routers(service: str) -> list[APIRouter]:
    """The routers for one service; keys are kept by allocation alone."""
    routers = [
        _me_router(service),
        jobs_router(service),
        _audit_router(service),
        _events_router(service),
        _webhooks_router(service),
    ]
    return [*routers, keys_router()] if service == "allocation" else routers


def _with_zone(at: datetime | None) -> datetime | None:
    """The instant; one without a zone is meant in UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _me_router(service: str) -> APIRouter:
    router = new_router("/v1/me", "callers", [Needs(f"{service}:read"), OWN_PART])

    @router.get("", summary="Who am I", operation_id="get_me")
    def get_me(caller: CallerDep, language: LanguageDep) -> CallerAnswer:
        """The caller as the service sees it."""
        return CallerAnswer(
            subject=caller.subject,
            scopes=sorted(caller.scopes),
            consumers=None if caller.consumers is None else list(caller.consumers),
            expires_at=caller.expires_at,
            language=language,
        )

    return router


def _audit_router(service: str) -> APIRouter:
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


def _events_router(service: str) -> APIRouter:
    router = new_router("/v1/events", "events", [Needs(f"{service}:events")])

    @router.post(
        "", summary="Take in an event of another service", operation_id="receive_event",
        status_code=204,
    )  # fmt: skip
    def receive_event(event: EventEnvelope, session: SessionDep) -> None:
        """Idempotent by the event's id."""
        if session.get(ReceivedEvent, (service, event.id)) is not None:
            return
        session.add(ReceivedEvent(service=service, event_id=event.id, received_at=utc_now()))
        handler = _event_handlers.get((service, event.type))
        if handler is not None:
            handler(session, event)

    return router


def _webhooks_router(service: str) -> APIRouter:
    router = new_router("/v1/webhooks", "webhooks", [Needs(f"{service}:admin")])

    def known(session: Session, webhook_id: UUID) -> Webhook:
        webhook = session.get(Webhook, webhook_id)
        if webhook is None or webhook.service != service:
            raise NotFound(f"webhook {webhook_id}")
        return webhook

    @router.post(
        "",
        summary="Subscribe to events",
        operation_id="create_webhook",
        status_code=201,
        openapi_extra=SHOWN_ONCE,
    )
    def create_webhook(
        request: WebhookRequest, session: SessionDep, caller: CallerDep
    ) -> WebhookCreated:
        """The secret signs every delivery (Standard Webhooks); it is shown this once.

        409 `webhook_exists` where the address is told of one of these events already.
        """
        webhook = register_webhook(
            session, caller, service, request.url, request.events, request.secret
        )
        return WebhookCreated(**_webhook(webhook), secret=webhook.secret)

    @router.get("", summary="List webhooks", operation_id="list_webhooks")
    def list_webhooks(session: SessionDep, page: PageQueryDep) -> Page[WebhookAnswer]:
        """The webhooks of this service."""
        rows, cursor = list_page(
            session,
            select(Webhook).where(col(Webhook.service) == service),
            page,
            sortable={"id": Webhook.id, "url": Webhook.url},
            default_sort="id",
            filters={"service": service},
            unique=Webhook.id,
        )
        return Page(items=[WebhookAnswer(**_webhook(row)) for row in rows], next_cursor=cursor)

    @router.get("/{webhook_id:uuid}", summary="Read a webhook", operation_id="get_webhook")
    def get_webhook(webhook_id: UUID, session: SessionDep) -> WebhookAnswer:
        """One webhook without its secret."""
        return WebhookAnswer(**_webhook(known(session, webhook_id)))

    @router.delete(
        "/{webhook_id:uuid}", summary="Unsubscribe", operation_id="delete_webhook", status_code=204
    )
    def delete_webhook(webhook_id: UUID, session: SessionDep, caller: CallerDep) -> None:
        """Stop telling this address; open deliveries end."""
        webhook = known(session, webhook_id)
        # A delivery that is just being sent holds its row, for TIMEOUT_SECONDS at most.
        session.execute(text("set local lock_timeout = '14s'"))
        session.delete(webhook)
        trail.record(session, caller, service, "delete", "webhook", str(webhook_id))

    @router.get(
        "/{webhook_id:uuid}/deliveries",
        summary="List a webhook's deliveries",
        operation_id="list_webhook_deliveries",
    )
    def list_deliveries(
        webhook_id: UUID, session: SessionDep, page: PageQueryDep
    ) -> Page[DeliveryAnswer]:
        """Newest first, with attempts and the last error."""
        known(session, webhook_id)
        query = (
            select(OutboxDelivery, col(OutboxEvent.type))
            .join(OutboxEvent, col(OutboxEvent.id) == col(OutboxDelivery.event_id))
            .where(col(OutboxDelivery.webhook_id) == webhook_id)
        )
        rows, cursor = list_page(
            session,
            query,
            page,
            sortable={"id": OutboxDelivery.id},
            default_sort="-id",
            filters={"webhook": webhook_id},
            unique=OutboxDelivery.id,
        )
        items = [
            DeliveryAnswer(
                type=row[1],
                **row[0].model_dump(exclude={"webhook_id", "target_service"}),
            )
            for row in rows
        ]
        return Page(items=items, next_cursor=cursor)

    @router.post(
        "/{webhook_id:uuid}/deliveries/{delivery_id:uuid}/replay",
        summary="Deliver again",
        operation_id="replay_webhook_delivery",
    )
    def replay_delivery(
        webhook_id: UUID, delivery_id: UUID, session: SessionDep, caller: CallerDep
    ) -> DeliveryAnswer:
        """Send an event once more, with the same id."""
        known(session, webhook_id)
        delivery = session.get(OutboxDelivery, delivery_id)
        if delivery is None or delivery.webhook_id != webhook_id:
            raise NotFound(f"delivery {delivery_id}")
        delivery.delivered_at = delivery.given_up_at = None
        delivery.next_attempt_at = utc_now()
        session.add(delivery)
        trail.record(session, caller, service, "replay", "webhook_delivery", str(delivery_id))
        event = session.get_one(OutboxEvent, delivery.event_id)
        return DeliveryAnswer(
            type=event.type, **delivery.model_dump(exclude={"webhook_id", "target_service"})
        )

    return router


def _webhook(webhook: Webhook) -> dict[str, Any]:
    return webhook.model_dump(include={"id", "url", "events", "created_at"})
