"""The route class of every endpoint: caller and scope first, then the body, then the work."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.params import Form
from fastapi.routing import APIRoute

from shared import idempotency
from shared.auth import authenticate, authorise, needed_scope
from shared.errors import UnsupportedMedia
from shared.idempotency import IdempotentRequest, Replay
from shared.metrics import idempotency_replays

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
IDEMPOTENT_KEY_HEADER = "idempotency-key"


class GuardedRoute(APIRoute):
    """Checks the caller before a byte of the body is read, and replays known answers."""

    def get_route_handler(self) -> Handler:
        """The framework's handler behind our checks."""
        handle = super().get_route_handler()
        scope = needed_scope(list(self.dependencies))
        takes_json = _takes_json(self)

        async def guarded(request: Request) -> Response:
            if scope is not None:
                await _let_in(request, scope)
            if takes_json:
                _expect_json(request)
            await _note_idempotency_key(request)
            try:
                response = await handle(request)
                session = getattr(request.state, "session", None)
                if session is not None and getattr(request.state, "idempotent", None) is not None:
                    await run_in_threadpool(idempotency.keep, session, request.state, response)
            except Replay as replay:
                idempotency_replays.labels(request.app.state.service).inc()
                return replay.response
            return response

        return guarded


async def _let_in(request: Request, scope: str) -> None:
    caller = await run_in_threadpool(authenticate, request.headers.get("authorization"))
    authorise(caller, scope)
    request.state.caller = caller


def _takes_json(route: APIRoute) -> bool:
    body = route.body_field
    return body is not None and not isinstance(body.field_info, Form)  # a File is one, too


def _expect_json(request: Request) -> None:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or (
        "transfer-encoding" in request.headers
    )
    if has_body and not (content_type == "application/json" or content_type.endswith("+json")):
        raise UnsupportedMedia("send JSON with `Content-Type: application/json`")


async def _note_idempotency_key(request: Request) -> None:
    header = request.headers.get(IDEMPOTENT_KEY_HEADER)
    if request.method != "POST" or header is None or not hasattr(request.state, "caller"):
        return
    key = idempotency.read_key(header)
    if request.query_params.get("dry_run") == "true" or _stores_nothing(request):
        return
    request.state.idempotent = IdempotentRequest(
        caller=request.state.caller.identity(),
        key=key,
        fingerprint=await idempotency.fingerprint(request),
    )


def _stores_nothing(request: Request) -> bool:
    extra = getattr(request.scope.get("route"), "openapi_extra", None) or {}
    return bool(extra.get("x-stores-nothing"))


def new_router(
    prefix: str, tag: str, dependencies: Sequence[Any] = (), **options: Any
) -> APIRouter:
    """A router of one noun: its path, its tag, the scope that reading it needs."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        dependencies=list(dependencies),
        route_class=GuardedRoute,
        **options,
    )


STORES_NOTHING = {"x-stores-nothing": True}
"""`openapi_extra` of endpoints whose Idempotency-Key is ignored: previews, evaluations."""
