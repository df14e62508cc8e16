"""`/v1/feedback`: satisfaction and recommendation, per solution and consumer."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.valuation.changes import write_changes
from services.valuation.measures.feedback import repository
from services.valuation.measures.feedback.domain import Given, natural_keys
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.feedback import (
    STORED_COMMENT,
    FeedbackAnswer,
    FeedbackKind,
    FeedbackRequest,
)
from shared.contracts.values import Period, decimal_to_text
from shared.database import SessionDep, new_session
from shared.errors import Problem
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.periods import period_of
from shared.tables.valuation.feedback import Feedback

SERVICE = "valuation"
EXPORT_COLUMNS = (
    "external_id", "solution", "consumer", "period", "on", "kind", "score", "scale", "count",
    "comment", "source",
)  # fmt: skip
CodeQuery = Annotated[str | None, Query(max_length=200)]

router = new_router("/v1/feedback", "feedback", [Needs("valuation:read")])


def feedback_answer(row: Feedback) -> FeedbackAnswer:
    """A row as callers see it."""
    return FeedbackAnswer(
        **row.model_dump(exclude={"version", "natural_key", "answers", "source"}),
        count=row.answers,
        source=row.source or None,
        etag=etag_of(row.id, row.version),
    )


@router.get("", summary="List feedback", operation_id="list_feedback", responses=EXPORT_RESPONSES)
def list_feedback(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    external_id: CodeQuery = None,
    solution: CodeQuery = None,
    consumer: CodeQuery = None,
    period: Annotated[Period | None, Query()] = None,
    first: Annotated[Period | None, Query(alias="from")] = None,
    last: Annotated[Period | None, Query(alias="to")] = None,
    kind: Annotated[FeedbackKind | None, Query()] = None,
    source: CodeQuery = None,
) -> Page[FeedbackAnswer] | Any:
    """Ordered by month unless sorted otherwise; `from` and `to` are inclusive months."""
    equal = {
        "external_id": external_id,
        "solution": solution,
        "consumer": consumer,
        "period": period,
        "kind": kind,
        "source": source,
    }
    query = repository.list_query(equal, first, last)
    if export is not None:
        return export_rows(export, "feedback", EXPORT_COLUMNS, _exported(query))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={
            name: getattr(Feedback, name) for name in ("period", "solution", "score", "created_at")
        },
        default_sort="period",
        filters={**equal, "from": first, "to": last},
        unique=Feedback.id,
    )
    return Page(items=[feedback_answer(row) for row in rows], next_cursor=cursor)


def _exported(query: Any) -> Iterator[list[Any]]:
    with new_session() as session:
        for row in repository.walk(session, query):
            told = row.model_dump() | {"count": row.answers, "source": row.source or None}
            yield [told[name] for name in EXPORT_COLUMNS]


@router.get("/{feedback_id:uuid}", summary="Read feedback", operation_id="get_feedback")
def get_feedback(feedback_id: UUID, session: SessionDep, response: Response) -> FeedbackAnswer:
    """One answer, or so many equal ones."""
    row = repository.get_feedback(session, feedback_id)
    set_etag(response, row)
    return feedback_answer(row)


@router.delete(
    "/{feedback_id:uuid}",
    summary="Delete feedback",
    operation_id="delete_feedback",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_feedback(
    feedback_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """For what was entered wrongly, or shall be forgotten; the audit trail keeps no comment."""
    row = repository.get_feedback(session, feedback_id, lock=True)
    check_if_match(if_match, row)
    session.delete(row)
    before = row.model_dump(exclude={"comment"})
    trail.record(session, caller, SERVICE, "delete", "feedback", str(feedback_id), before=before)


@router.post(
    "/bulk",
    summary="Add or change much feedback",
    operation_id="bulk_feedback",
    dependencies=[Needs("valuation:write")],
)
def bulk_feedback(
    request: BulkRequest[FeedbackRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by source and external id; without one, equal answers of a request are all kept."""
    items = read_items(FeedbackRequest, request.items)
    repository.hold_alone(session)
    keys = list(
        natural_keys([None if isinstance(each, Problem) else _given(each) for each in items])
    )
    known = repository.find_by_keys(session, [key for key in keys if key])
    key_of = {id(item): key for item, key in zip(items, keys, strict=True) if key is not None}

    def apply(item: FeedbackRequest) -> Outcome:
        key = key_of[id(item)]
        row = known.get(key)
        if row is None:
            now = utc_now()
            row = known[key] = Feedback(
                natural_key=key, **_fields(item), created_at=now, updated_at=now
            )
            session.add(row)
            return "created", row.id
        changed = write_changes(row, _fields(item))
        session.add(row)
        return "updated" if changed else "unchanged", row.id

    done = apply_items(session, items, how, apply)
    trail.record(
        session, caller, SERVICE, "bulk", "feedback", "", details=bulk_details(request.items, done)
    )
    return done


def _fields(item: FeedbackRequest) -> dict[str, Any]:
    return {
        "external_id": item.external_id,
        "source": item.source or "",
        "solution": item.solution,
        "consumer": item.consumer,
        "period": item.period or (period_of(item.on) if item.on else ""),
        "on": item.on,
        "kind": item.kind,
        "scale": item.chosen_scale,
        "score": item.score,
        "answers": item.count or 1,
        "comment": _kept(item.comment),
    }


def _kept(comment: str | None) -> str | None:
    """The first characters of a comment; what the database cannot hold is left out."""
    return comment.replace("\x00", "")[:STORED_COMMENT] or None if comment else None


def _given(item: FeedbackRequest) -> Given:
    return Given(
        external_id=item.external_id,
        source=item.source or "",
        solution=item.solution,
        consumer=item.consumer,
        when=item.on.isoformat() if item.on else item.period or "",
        kind=item.kind,
        scale=item.chosen_scale,
        score=decimal_to_text(item.score),
        comment=_kept(item.comment),
        counted=item.count is not None,
    )
