"""`/v1/events`: what another service tells of; each event counts once."""

from collections.abc import Callable

from fastapi import APIRouter
from sqlmodel import Session

from shared.auth import Needs
from shared.clock import utc_now
from shared.contracts.jobs import EventEnvelope
from shared.database import SessionDep
from shared.http.routing import new_router
from shared.tables.platform import (
    ReceivedEvent,
)

EventHandler = Callable[[Session, EventEnvelope], None]
_event_handlers: dict[tuple[str, str], EventHandler] = {}


def on_event(service: str, event_type: str, handler: EventHandler) -> None:
    """Say what a service does when another tells it of an event; runs once per event id."""
    _event_handlers[(service, event_type)] = handler


def events_router(service: str) -> APIRouter:
    """For the other services."""
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
