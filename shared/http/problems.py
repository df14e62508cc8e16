"""Turns every failure into application/problem+json (RFC 9457)."""

import errno
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from shared.errors import Conflict, FieldError, Problem, RuleBroken, Unavailable, Unreadable
from shared.logs import correlation_id, get_logger

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:btim:problem:"
log = get_logger(__name__)

CODES = {
    400: "unreadable",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
}


def problem_body(
    status: int, code: str, title: str, detail: str, errors: Sequence[FieldError] = ()
) -> dict[str, Any]:
    """The members of a problem document."""
    return {
        "type": f"{TYPE_PREFIX}{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "correlation_id": correlation_id.get(),
        "errors": [
            {"pointer": error.pointer, "code": error.code, "message": error.message}
            for error in errors
        ],
    }


def body_of(problem: Problem) -> dict[str, Any]:
    """The document of one of our own failures."""
    return problem_body(problem.status, problem.code, problem.title, problem.detail, problem.errors)


def answer(problem: Problem) -> JSONResponse:
    """The response of one of our own failures."""
    return JSONResponse(
        body_of(problem),
        status_code=problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


def pointer_of(location: Sequence[int | str]) -> str:
    """A JSON pointer for a place in the body; `?name` for a query parameter, and so on."""
    where, *rest = location or ("body",)
    path = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest)
    return path if where == "body" else f"{where}:{path}"


def _pointer_within(body: object, error: Mapping[str, Any]) -> str:
    """The pointer to a place in the body, without what pydantic adds to say which type it tried."""
    where, *parts = error["loc"]
    found = []
    for part in parts:
        inside = part in body if isinstance(body, Mapping) else isinstance(part, int)
        if inside and isinstance(body, Mapping | list):
            body = body[part]
            found.append(part)
    if error["type"] == "missing":
        found += parts[-1:]
    return pointer_of((where, *found))


def field_errors(errors: Sequence[Mapping[str, Any]], body: object = None) -> list[FieldError]:
    """Pydantic's findings as ours; codes are its stable error types.

    Given the body that was read, pointers name places in it and nothing else.
    """
    return [
        FieldError(
            pointer_of(error["loc"])
            if body is None or error["loc"][0] != "body"
            else _pointer_within(body, error),
            "unknown_field" if error["type"] == "extra_forbidden" else str(error["type"]),
            str(error["msg"]).removeprefix("Value error, "),
        )
        for error in errors
    ]


def _on_problem(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for this class only
    return answer(problem)


def _on_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return answer(Unreadable("the body is not JSON", code="not_json"))
    return answer(
        RuleBroken(
            "some values are missing or not valid",
            code="invalid",
            errors=field_errors(found, error.body),
        )
    )


def _allowed_methods(request: Request) -> str:
    """All methods of a path, over every route that serves it."""
    methods: set[str] = set()
    for candidate in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        scope = dict(request.scope, method=candidate)
        for route in request.app.router.routes:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                methods.add(candidate)
    return ", ".join(sorted(methods))


def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    code = CODES.get(error.status_code, f"http_{error.status_code}")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed_methods(request)
    title = HTTPStatus(error.status_code).phrase
    body = problem_body(error.status_code, code, title, str(error.detail))
    return JSONResponse(body, status_code=error.status_code, headers=headers, media_type=MEDIA_TYPE)


def problem_of_database(error: DBAPIError) -> Problem | None:
    """What a database failure means for the caller, where it is the request's own fault."""
    state = getattr(error.orig, "sqlstate", None) or ""
    if isinstance(error, DataError) or state.startswith("22"):
        return RuleBroken(
            "a value cannot be stored: too large or a bad character", code="bad_value"
        )
    if isinstance(error, IntegrityError):
        return Conflict("it collides with something that exists", code="collision")
    if state in {"40001", "40P01", "55P03", "57014", "25P03"}:
        return Unavailable("the database is busy with the same things", code="database_busy")
    if isinstance(error, OperationalError | InterfaceError) or state.startswith(("08", "57", "53")):
        return Unavailable("the database does not answer", code="database_unavailable")
    return None


def _on_database(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)  # noqa: S101 - registered for this class only
    problem = problem_of_database(error)
    log.warning("database_error", error=type(error.orig).__name__, message=str(error.orig))
    return answer(problem) if problem else crash_answer(request.scope, error)


def _on_pool(_: Request, __: Exception) -> JSONResponse:
    return answer(Unavailable("all database connections are in use", code="database_busy"))


def is_full_disk(error: BaseException) -> bool:
    """Whether there was no space left for a file."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def _on_operating_system(request: Request, error: Exception) -> JSONResponse:
    if is_full_disk(error):
        log.error("storage_full", path=request.scope.get("path"), error=str(error))
        return answer(Unavailable("there is no space for files", code="storage_full"))
    return crash_answer(request.scope, error)


def _on_bad_text(_: Request, __: Exception) -> JSONResponse:
    return answer(RuleBroken("a text holds a character that cannot be stored", code="bad_value"))


def crash_answer(scope: Scope, error: Exception) -> JSONResponse:
    """500 for what nobody expected: everything is in the log, nothing in the answer."""
    if not isinstance(error, ResponseValidationError):
        log.error("crash", path=scope.get("path"), exc_info=error)
    else:
        log.error("answer_breaks_contract", path=scope.get("path"), error=str(error))
    return answer(Problem("something went wrong here; the correlation id finds it in the logs"))


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(DBAPIError, _on_database)
    app.add_exception_handler(PoolTimeout, _on_pool)
    app.add_exception_handler(OSError, _on_operating_system)
    app.add_exception_handler(UnicodeEncodeError, _on_bad_text)
