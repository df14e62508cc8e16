"""`/healthz`, `/readyz` and `/metrics`: what watches a service asks."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from shared.auth import let_in
from shared.foundation.readiness import Readiness
from shared.gauges import exposition
from shared.settings import get_settings


def health_router(service: str) -> APIRouter:
    """The three endpoints outside of `/v1`."""
    router, readiness = APIRouter(tags=["health"]), Readiness()

    @router.get("/healthz", summary="Is the process alive", operation_id="healthz")
    async def healthz() -> dict[str, str]:
        """Says only that the process answers; looks at nothing else."""
        return {"status": "ok", "service": service}

    @router.get("/readyz", summary="Can the service work", operation_id="readyz")
    async def readyz() -> dict[str, str]:
        """Whether the database answers, may be trusted and has the schema this code needs."""
        await readiness.check()
        return {"status": "ok", "service": service}

    @router.get(
        "/metrics",
        summary="Prometheus metrics",
        operation_id="metrics",
        response_class=PlainTextResponse,
    )
    async def metrics(request: Request) -> Response:
        """Metrics in the text format of Prometheus; open or for admins, as set."""
        if not get_settings().metrics_open:
            await run_in_threadpool(let_in, request, f"{service}:admin")
        body: Any = await run_in_threadpool(exposition, service)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    return router
