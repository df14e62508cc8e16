"""Endpoints on their way out: marked in the document, told in every answer, counted when used."""

from calendar import timegm
from datetime import date
from email.utils import formatdate
from typing import Any

from shared.metrics import deprecated_requests

MARK = "x-deprecation"
HEADERS: dict[str, dict[str, Any]] = {
    "Deprecation": {
        "description": "Since when this endpoint is deprecated: `@` and Unix seconds (RFC 9745).",
        "schema": {"type": "string", "maxLength": 20, "pattern": "^@[0-9]+$"},
    },
    "Sunset": {
        "description": "From when on it may be gone (RFC 8594).",
        "schema": {"type": "string", "maxLength": 40},
    },
    "Link": {
        "description": "What to use instead: `rel=deprecation` and `rel=successor-version`.",
        "schema": {"type": "string", "maxLength": 2000},
    },
}


def deprecated(*, since: date, sunset: date, instead: str) -> dict[str, Any]:
    """Arguments of a route: `@router.get("/old", **deprecated(since=..., ...))`.

    `instead` is the address of what takes its place.
    """
    if sunset <= since:
        raise ValueError("an endpoint lives on for a while after it is deprecated")
    notice = {
        "Deprecation": f"@{_seconds(since)}",
        "Sunset": formatdate(_seconds(sunset), usegmt=True),
        "Link": f'<{instead}>; rel="deprecation", <{instead}>; rel="successor-version"',
    }
    return {"deprecated": True, "openapi_extra": {MARK: notice}}


def notice_of(route: Any) -> dict[str, str]:
    """The headers that every answer of a route carries; none unless it is deprecated."""
    extra = getattr(route, "openapi_extra", None) or {}
    notice: dict[str, str] = extra.get(MARK, {})
    return notice


def count_use(service: str, method: str, route: Any) -> None:
    """Count a request to a deprecated route, so that its end can be planned."""
    if notice_of(route):
        deprecated_requests.labels(service, method, route.path_format).inc()


def _seconds(day: date) -> int:
    return timegm(day.timetuple())
