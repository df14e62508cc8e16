"""`/v1/webhooks`: who hears of events, what was delivered, and once more."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select, text
from sqlmodel import Session, col

from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.foundation import (
    DeliveryAnswer,
    WebhookAnswer,
    WebhookCreated,
    WebhookRequest,
)
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.errors import NotFound
from shared.events.webhooks import register_webhook
from shared.http.routing import SHOWN_ONCE, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.platform import (
    OutboxDelivery,
    OutboxEvent,
    Webhook,
)


def webhooks_router(service: str) -> APIRouter:
    """For admins."""
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
