"""The route class of every endpoint: caller and scope first, then the body, then the work."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from shared import cloud_events, idempotency
from shared.access.admission import turn
from shared.audit import reads
from shared.auth import Caller, let_in, needed_scope, shows_own_part
from shared.errors import Unreadable, UnsupportedMedia
from shared.http.etags import is_known
from shared.http.json_depth import refuse_deep_json
from shared.http.query_parameters import names_taken, refuse_others
from shared.idempotency import Replay
from shared.metrics import idempotency_replays

TRUTH = TypeAdapter(bool)
URL_ENCODED = "application/x-www-form-urlencoded"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
FORM_LIMITS: dict[str, int] = {"max_files": 2, "max_fields": 50, "max_part_size": 1 << 18}
"""Each part may be held in memory up to a bound; a form has a handful and one file."""

MUCH_JSON = 1 << 18
"""From so many bytes on, looking through JSON is left to a thread."""


class GuardedRoute(APIRoute):
    """Checks the caller before a byte of the body is read, and replays known answers."""

    def get_route_handler(self) -> Handler:
        """The framework's handler behind our checks."""
        handle = super().get_route_handler()
        scope, own_part = needed_scope(self.dependencies), shows_own_part(self.dependencies)
        takes_json = _takes_json(self)
        takes_form = self.body_field is not None and not takes_json
        taken = names_taken(self)
        computed = bool((self.openapi_extra or {}).get("x-computed"))

        async def guarded(request: Request) -> Response:
            if scope is not None:
                async with turn():
                    request.state.caller = await run_in_threadpool(
                        let_in, request, scope, own_part=own_part
                    )
            refuse_others(request, taken)
            if takes_json:
                _expect_json(request)
                await _refuse_deep_json(request)
            try:
                if takes_form:
                    await _read_form(request)
                if request.method == "POST" and hasattr(request.state, "caller"):
                    await cloud_events.take_in(
                        request, reads_json=takes_json, reads_form=takes_form
                    )
                    await _note_keys(request)
                async with turn(_identity(request)):
                    response = await handle(request)
                    await _keep_answer(request, response)
                    if reads.is_noted(request, response):
                        await run_in_threadpool(reads.note, request, response)
                if not computed and is_known(request, response):
                    return Response(status_code=304, headers={"ETag": response.headers["ETag"]})
            except Replay as replay:
                idempotency_replays.labels(request.app.state.service).inc()
                return replay.response
            finally:
                await request.close()  # the files of a form
            return response

        return guarded


def _identity(request: Request) -> str | None:
    caller: Caller | None = getattr(request.state, "caller", None)
    return None if caller is None else caller.identity()


async def _keep_answer(request: Request, response: Response) -> None:
    session = getattr(request.state, "session", None)
    if session is not None and getattr(request.state, "idempotent", None) is not None:
        await run_in_threadpool(idempotency.keep, session, request.state, response)


async def _refuse_deep_json(request: Request) -> None:
    body = await request.body()
    if len(body) > MUCH_JSON:
        await run_in_threadpool(refuse_deep_json, body)
    else:
        refuse_deep_json(body)


def _takes_json(route: APIRoute) -> bool:
    body = route.body_field
    return body is not None and not isinstance(body.field_info, Form)  # a File is one, too


def _kind_of_body(request: Request) -> str | None:
    """The media type of the body, None where there is no body."""
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return None
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _expect_json(request: Request) -> None:
    kind = _kind_of_body(request)
    if kind not in {None, "application/json"} and not str(kind).endswith("+json"):
        raise UnsupportedMedia("send JSON with `Content-Type: application/json`")


async def _read_form(request: Request) -> None:
    """Read the form within its limits, once; later readers get the same form."""
    if _kind_of_body(request) not in {None, "multipart/form-data", URL_ENCODED}:
        raise UnsupportedMedia("send a form with `Content-Type: multipart/form-data`")
    try:
        await request.form(**FORM_LIMITS)
    except UnicodeError as error:
        raise Unreadable("the form does not fit the charset that it names") from error


async def _note_keys(request: Request) -> None:
    if _is_dry_run(request) or _stores_nothing(request):
        header = request.headers.get(idempotency.KEY_HEADER)
        if header is not None:
            idempotency.read_key(header)
        return
    await idempotency.note(request)


def _is_dry_run(request: Request) -> bool:
    """As the framework reads it: `1`, `True` and `yes` are true as well."""
    try:
        return TRUTH.validate_strings(request.query_params.get("dry_run", "false"))
    except ValidationError:
        return True  # which is refused further on


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

COMPUTED = {"x-computed": True}
"""`openapi_extra` of single resources whose answer changes without a change of the row itself:
figures, progress, age. If-None-Match is no help there, so they are always answered whole."""

SHOWN_ONCE = {"x-shown-once": True}
"""`openapi_extra` of endpoints that answer a secret: a kept answer is sealed for its caller."""
