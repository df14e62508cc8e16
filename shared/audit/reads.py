"""Writes down who took data out in files, and who read what is not theirs: once for each list."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shared.audit import trail
from shared.auth import Caller
from shared.database import in_transaction
from shared.settings import get_settings

NOTED = {"x-read-is-noted": True}
"""`openapi_extra` of operations whose answers are noted though they are no files."""
_A_REPORT = "x-report-id"  # its fetch is written down with what was fetched


def is_noted(request: Request, response: Response) -> bool:
    """Whether this answer goes into the trail; what the services read of each other does not."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None or request.method != "GET" or response.status_code != 200:
        return False
    if not get_settings().audit_reads or caller.subject.startswith("service:"):
        return False
    if "content-disposition" in response.headers:
        return _A_REPORT not in response.headers
    is_first_page = "cursor" not in request.query_params
    return bool(_extra(request).get("x-read-is-noted")) and is_first_page


def note(request: Request, response: Response) -> None:
    """One event: who, what, by which filters (their names only: values may tell of persons)."""
    parts = request.scope["route"].path.split("/")
    is_file = "content-disposition" in response.headers
    details = {
        "format": response.headers.get("content-type", "").partition(";")[0],
        "filters": sorted(set(request.query_params)),
    }
    with in_transaction() as session:
        trail.record(
            session,
            request.state.caller,
            request.app.state.service,
            "export" if is_file else "read",
            parts[2],
            next((str(value) for value in request.path_params.values()), ""),
            details=details,
        )


def _extra(request: Request) -> dict[str, Any]:
    return getattr(request.scope.get("route"), "openapi_extra", None) or {}
