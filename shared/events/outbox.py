"""Events leave through an outbox: written with the change, delivered at least once, later.

Receivers are other services (a fixed table below) and webhooks. A delivery that fails is tried
again with growing pauses for three days. A webhook is told of one thing in the order in which it
happened: what failed holds back later events of the same thing, and nothing else.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, func, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col, select

from shared import metrics
from shared.clients.circuits import RECEIVER_OPEN_SECONDS, circuit_of_receiver
from shared.clients.events import send_to_service, send_to_webhook
from shared.clock import utc_now
from shared.database import in_transaction
from shared.errors import Problem
from shared.ids import new_id
from shared.logs import correlation_id, get_logger
from shared.postgres import advisory_locks
from shared.tables.platform import OutboxDelivery, OutboxEvent, Webhook

log = get_logger(__name__)

SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "cost_lines.changed": ("allocation",),
    "run.published": ("valuation",),
}
"""Which services are told of which events of the others."""

GIVE_UP_AFTER = timedelta(days=3)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2, 3600
ROUTE_BATCH, DELIVER_BATCH = 500, 20


def publish(
    session: Session,
    service: str,
    event_type: str,
    resource_id: str,
    payload: dict[str, Any],
    *,
    webhook_id: UUID | None = None,
) -> None:
    """Write an event down in the transaction of the change that it reports.

    The subscribers are told of it, and the webhook named here, whatever it subscribes to.
    """
    session.add(
        OutboxEvent(
            id=new_id(),
            service=service,
            type=event_type,
            resource_id=resource_id,
            payload=payload,
            correlation_id=correlation_id.get(),
            created_at=utc_now(),
            webhook_id=webhook_id,
        )
    )


def route_events(service: str) -> int:
    """Give each new event a delivery for every receiver; answers how many events.

    One worker at a time, so that no event overtakes an earlier one here.
    """
    with in_transaction() as session:
        if not advisory_locks.try_hold(session, f"route-events:{service}"):
            return 0
        events = session.exec(
            select(OutboxEvent)
            .where(col(OutboxEvent.service) == service, ~col(OutboxEvent.routed))
            .order_by(col(OutboxEvent.id))
            .limit(ROUTE_BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        hooks = session.exec(select(Webhook).where(Webhook.service == service)).all()
        for event in events:
            for target in SUBSCRIPTIONS.get(event.type, ()):
                session.add(_delivery(event, target_service=target))
            for hook in hooks:
                if event.type in hook.events or hook.id == event.webhook_id:
                    session.add(_delivery(event, webhook_id=hook.id))
            event.routed = True
            session.add(event)
        return len(events)


def _delivery(event: OutboxEvent, **receiver: Any) -> OutboxDelivery:
    return OutboxDelivery(event_id=event.id, next_attempt_at=_in_seconds(0), **receiver)


def deliver_due(service: str) -> int:
    """Try due deliveries of a service's events once; answers how many arrived.

    Each round takes the next event of every thing, so that none overtakes another of its thing.
    """
    arrived, left = 0, DELIVER_BATCH
    while left > 0 and (due := _due(service, left)):
        outcomes = [_deliver(identifier) for identifier in due]
        arrived += outcomes.count(True)
        left -= len(due)
        if set(outcomes) == {None}:  # others have them all
            break
    return arrived


def _due(service: str, most: int) -> Sequence[UUID]:
    """What is due of the next events of each thing; services come first, then the longest due."""
    waiting = _next_of_each(service)
    with in_transaction() as session:
        return session.exec(
            select(OutboxDelivery.id)
            .join(waiting, waiting.c.id == col(OutboxDelivery.id))
            .where(col(OutboxDelivery.next_attempt_at) <= text("now()"))
            .order_by(
                col(OutboxDelivery.target_service).is_(None),
                col(OutboxDelivery.next_attempt_at),
                waiting.c.sequence,
            )
            .limit(most)
        ).all()


def _deliver(identifier: UUID) -> bool | None:
    """Deliver under a row lock, so that no second worker sends it too; None if one had or has it.

    A webhook that has failed several times in a row is left alone for a while, so that one which
    never answers holds up no other.
    """
    with in_transaction() as session:
        delivery = session.exec(
            select(OutboxDelivery)
            .where(
                col(OutboxDelivery.id) == identifier,
                col(OutboxDelivery.delivered_at).is_(None),
                col(OutboxDelivery.given_up_at).is_(None),
                col(OutboxDelivery.next_attempt_at) <= text("now()"),
            )
            .with_for_update(skip_locked=True)
        ).first()
        if delivery is None:
            return None
        event = session.get_one(OutboxEvent, delivery.event_id)
        circuit = circuit_of_receiver(delivery.webhook_id) if delivery.webhook_id else None
        if circuit is not None and circuit.is_open:
            delivery.next_attempt_at = _in_seconds(RECEIVER_OPEN_SECONDS)
            session.add(delivery)
            return False
        delivery.attempts += 1
        token = correlation_id.set(event.correlation_id)
        try:
            error = _send(session, event, delivery)
        finally:
            correlation_id.reset(token)
        if circuit is not None:
            circuit.note(failed=error is not None)
        if error is None:
            delivery.delivered_at = utc_now()
        else:
            _schedule_again(event, delivery, error)
        session.add(delivery)
        receiver = "service" if delivery.target_service is not None else "webhook"
        outcome = "arrived" if error is None else "failed"
        if delivery.given_up_at is not None:
            outcome = "given_up"
        metrics.outbox_deliveries.labels(event.service, receiver, outcome).inc()
        return error is None


def _next_of_each(service: str) -> CTE:
    """The earliest undelivered event of each thing for each webhook; for services, all of them."""
    receiver = func.coalesce(col(OutboxDelivery.webhook_id), col(OutboxDelivery.id))
    thing = col(OutboxEvent.resource_id)
    return (
        select(OutboxDelivery.id, OutboxEvent.sequence)
        .join(OutboxEvent, col(OutboxEvent.id) == col(OutboxDelivery.event_id))
        .where(
            col(OutboxEvent.service) == service,
            col(OutboxDelivery.delivered_at).is_(None),
            col(OutboxDelivery.given_up_at).is_(None),
        )
        .ext(distinct_on(receiver, thing))
        .order_by(receiver, thing, col(OutboxEvent.sequence))
        .cte("waiting")
        .prefix_with("MATERIALIZED")
    )


def _send(session: Session, event: OutboxEvent, delivery: OutboxDelivery) -> str | None:
    try:
        if delivery.target_service is not None:
            send_to_service(delivery.target_service, event)
        else:
            send_to_webhook(session.get_one(Webhook, delivery.webhook_id), event, delivery.attempts)
    except Problem as problem:
        log.warning("delivery_failed", event_type=event.type, error=problem.detail)
        return problem.detail
    return None


def _schedule_again(event: OutboxEvent, delivery: OutboxDelivery, error: str) -> None:
    delivery.last_error = error[:500]
    now = utc_now()
    if now - event.created_at > GIVE_UP_AFTER:
        delivery.given_up_at = now
        return
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (delivery.attempts - 1), LONGEST_PAUSE_SECONDS)
    delivery.next_attempt_at = _in_seconds(pause)


def _in_seconds(seconds: float) -> Any:
    """A moment by the clock that also says what is due."""
    return func.now() + timedelta(seconds=seconds)
