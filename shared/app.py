"""create_app(): error answers, metrics, health, jobs, callers, audit; the same for all services."""

import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from shared.auth import needed_scope
from shared.boot import check_before_start
from shared.database import close_connections
from shared.foundation.health import health_router
from shared.foundation.routers import foundation_routers
from shared.http import middleware, problems
from shared.jobs.waiting import WaitForJob
from shared.logs import set_up_logs
from shared.openapi.document import document_errors
from shared.openapi.pages import pages_router
from shared.scopes import SERVICES
from shared.settings import get_settings
from shared.traces import set_up_traces, shut_down_traces

VERSION = "0.1.0"
THREAD_SWITCH_SECONDS = 0.0005
"""Threads that come back from the database should not wait for the usual five milliseconds."""


def create_app(
    service: str,
    routers: Sequence[APIRouter],
    *,
    description: str,
    warm_up: Callable[[], None] | None = None,
) -> FastAPI:
    """One service: its own routers and everything that all services have in common.

    `warm_up` runs beside the first requests: it loads what would make one of them slow.
    """
    if service not in SERVICES:
        raise ValueError(f"unknown service {service}")
    settings = get_settings()
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
    set_up_logs(service, settings.log_level)
    set_up_traces(service)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(check_before_start)
        if warm_up is not None:
            threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
        yield
        close_connections()
        await run_in_threadpool(shut_down_traces)

    app = FastAPI(
        title=f"BTIM {service}",
        version=VERSION,
        description=description,
        lifespan=lifespan,
        contact={"name": "The BTIM team"},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        separate_input_output_schemas=False,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # to whatever host and scheme the request claims
    )
    app.root_path = settings.public_prefix  # a gateway takes it off before it asks
    app.state.service = service
    problems.install(app)
    for router in [*routers, *foundation_routers(service)]:
        _require_scopes(router)
        app.include_router(router)
    app.include_router(health_router(service))
    app.include_router(pages_router(app.title))
    app.add_middleware(WaitForJob, service=service)
    middleware.install(app, service, settings)
    document_errors(app)
    return app


def _require_scopes(router: APIRouter) -> None:
    for route in router.routes:
        if isinstance(route, APIRoute) and needed_scope(list(route.dependencies)) is None:
            raise ValueError(f"{route.path} names no scope")
