"""The endpoints that every service has beside its own."""

from fastapi import APIRouter

from shared.foundation.audit_events import audit_router
from shared.foundation.keys import keys_router
from shared.foundation.me import me_router
from shared.foundation.received_events import events_router
from shared.foundation.webhooks import webhooks_router
from shared.jobs.endpoints import jobs_router


def foundation_routers(service: str) -> list[APIRouter]:
    """The routers for one service; keys are kept by allocation alone."""
    routers = [
        me_router(service),
        jobs_router(service),
        audit_router(service),
        events_router(service),
        webhooks_router(service),
    ]
    return [*routers, keys_router()] if service == "allocation" else routers
