"""Reports as callers see them, and which representation they ask for."""

from datetime import UTC

from fastapi import Response

from services.valuation.reporting.reports import repository
from services.valuation.reporting.reports.order_rules import check_may_have
from services.valuation.reporting.reports.workflow import SERVICE
from shared.audit import trail
from shared.auth import Caller
from shared.contracts.jobs import ProblemDocument
from shared.contracts.valuation.reports import ReportAnswer, ReportFile, ReportParameters
from shared.database import in_transaction
from shared.errors import Conflict
from shared.http.etags import etag_of
from shared.http.exports import Download, NotAcceptable
from shared.http.links import href
from shared.tables.valuation.reports import Report

JSON = "application/json"


def report_answer(row: Report) -> ReportAnswer:
    """A report's row as JSON."""
    file = None
    if row.file_id is not None:
        file = ReportFile(
            href=href(f"/v1/reports/{row.id}/content"),
            name=row.file_name or "",
            media_type=row.media_type or "",
            sha256=row.sha256 or "",
            bytes=row.bytes or 0,
        )
    return ReportAnswer(
        id=row.id,
        etag=etag_of(row.id, row.version),
        type=row.type,
        period=row.period,
        format=row.format,
        language=row.language,
        parameters=ReportParameters.model_validate(row.parameters),
        status=row.status,
        run=row.run_id,
        inputs_sha256=row.inputs_sha256,
        file=file,
        problem=ProblemDocument.model_validate(row.problem) if row.problem else None,
        schedule=row.schedule,
        created_at=row.created_at.astimezone(UTC),
        finished_at=row.finished_at.astimezone(UTC) if row.finished_at else None,
    )


def file_answer(row: Report, caller: Caller, if_none_match: str | None) -> Response:
    """The file itself; 304 when the caller has these bytes, 409 while there are none.

    Who fetched which file is written down: reports leave the company.
    """
    check_may_have(caller, row.type)
    if row.status in {"failed", "cancelled"}:
        why = (row.problem or {}).get("detail", "it was cancelled")
        raise Conflict(f"the report was not made: {why}", code=f"report_{row.status}")
    if row.file_id is None or row.media_type is None:
        raise Conflict("the report is not ready yet", code="report_not_ready")
    etag = f'"{row.sha256}"'
    headers = {
        "ETag": etag,
        "Content-Disposition": f'attachment; filename="{row.file_name}"',
        "Content-Language": row.language,
        "X-Report-Id": str(row.id),
    }
    if if_none_match is not None and names_etag(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    repository.check_content(row.file_id)
    headers["Content-Length"] = str(row.bytes)
    _note_fetch(row, caller)
    pieces = repository.read_content(row.file_id)
    return Download(pieces, media_type=row.media_type, headers=headers)


def _note_fetch(row: Report, caller: Caller) -> None:
    """A transaction of its own: the session of a GET only reads."""
    told = {"type": row.type, "period": row.period, "format": row.format, "sha256": row.sha256}
    with in_transaction() as session:
        trail.record(session, caller, SERVICE, "fetch", "report", str(row.id), details=told)


def names_etag(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` names this ETag."""
    offered = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in offered or etag in offered


def preferred(accept: str | None, offered: list[str]) -> str:
    """Which of the offered media types the caller likes best, in case of doubt the first.

    Understands weights and wildcards of `Accept`; raises 406 when nothing fits.
    """
    if not accept:
        return offered[0]
    weights = {kind: _weight(accept, kind) for kind in offered}
    best = max(offered, key=lambda kind: weights[kind])
    if weights[best] <= 0:
        raise NotAcceptable(f"choose one of {', '.join(offered)}")
    return best


def _weight(accept: str, kind: str) -> float:
    """The weight of the most specific range of `Accept` that the type is in."""
    main = kind.partition("/")[0]
    found: tuple[int, float] = (-1, 0.0)
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        exactness = {kind: 2, f"{main}/*": 1, "*/*": 0, "*": 0}.get(name, -1)
        if exactness > found[0]:
            found = (exactness, _quality(parameters))
    return found[1]


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
