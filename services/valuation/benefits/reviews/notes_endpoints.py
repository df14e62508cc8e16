"""Findings and actions of a review."""

from uuid import UUID

from fastapi import Response

from services.valuation.benefits.reviews import repository
from services.valuation.benefits.reviews.answers import action_answer, finding_answer
from services.valuation.benefits.reviews.domain import check_changeable
from services.valuation.benefits.reviews.endpoints import PATH, SERVICE, TAG
from services.valuation.changes import read_patch, write_changes
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.jobs import Page
from shared.contracts.valuation.review_notes import (
    ActionAnswer,
    ActionPatch,
    ActionRequest,
    FindingAnswer,
    FindingRequest,
)
from shared.database import SessionDep
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.routing import new_router
from shared.tables.valuation.reviews import ReviewAction, ReviewFinding

router = new_router(PATH, TAG, [Needs("valuation:read")])
FIXED_WITH_THE_REVIEW = {"text", "owner", "due_on"}


@router.get(
    "/{review_id:uuid}/findings", summary="List a review's findings", operation_id="list_findings"
)
def list_findings(review_id: UUID, session: SessionDep) -> Page[FindingAnswer]:
    """In the order in which they were written, all on one page."""
    repository.get_review(session, review_id)
    return Page(items=[finding_answer(row) for row in repository.list_findings(session, review_id)])


@router.post(
    "/{review_id:uuid}/findings",
    summary="Add a finding",
    operation_id="create_finding",
    status_code=201,
    dependencies=[Needs("valuation:write")],
)
def create_finding(
    review_id: UUID,
    request: FindingRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
) -> FindingAnswer:
    """Until the review is approved (409 `review_approved`)."""
    review, _ = repository.get_review(session, review_id, lock=True)
    check_changeable(review.state)  # type: ignore[arg-type]
    now = utc_now()
    row = ReviewFinding(
        review_id=review_id,
        **request.model_dump(),
        created_by=caller.subject,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    trail.record(
        session, caller, SERVICE, "create", "finding", str(row.id),
        details={"review": str(review_id)}, after=row.model_dump(),
    )  # fmt: skip
    set_etag(response, row)
    return finding_answer(row)


@router.delete(
    "/{review_id:uuid}/findings/{finding_id:uuid}",
    summary="Delete a finding",
    operation_id="delete_finding",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_finding(
    review_id: UUID,
    finding_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
) -> None:
    """Until the review is approved (409 `review_approved`)."""
    review, _ = repository.get_review(session, review_id, lock=True)
    row = repository.get_finding(session, review_id, finding_id)
    check_if_match(if_match, row)
    check_changeable(review.state)  # type: ignore[arg-type]
    session.delete(row)
    trail.record(
        session, caller, SERVICE, "delete", "finding", str(finding_id),
        details={"review": str(review_id)}, before=row.model_dump(),
    )  # fmt: skip


@router.get(
    "/{review_id:uuid}/actions", summary="List a review's actions", operation_id="list_actions"
)
def list_actions(review_id: UUID, session: SessionDep) -> Page[ActionAnswer]:
    """In the order in which they were written, all on one page."""
    repository.get_review(session, review_id)
    return Page(items=[action_answer(row) for row in repository.list_actions(session, review_id)])


@router.post(
    "/{review_id:uuid}/actions",
    summary="Add an action",
    operation_id="create_action",
    status_code=201,
    dependencies=[Needs("valuation:write")],
)
def create_action(
    review_id: UUID,
    request: ActionRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
) -> ActionAnswer:
    """Until the review is approved (409 `review_approved`); then its state is still followed."""
    review, _ = repository.get_review(session, review_id, lock=True)
    check_changeable(review.state)  # type: ignore[arg-type]
    now = utc_now()
    row = ReviewAction(
        review_id=review_id,
        **request.model_dump(),
        done_at=now if request.state == "done" else None,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    trail.record(
        session, caller, SERVICE, "create", "action", str(row.id),
        details={"review": str(review_id)}, after=row.model_dump(),
    )  # fmt: skip
    set_etag(response, row)
    return action_answer(row)


@router.patch(
    "/{review_id:uuid}/actions/{action_id:uuid}",
    summary="Follow an action",
    operation_id="update_action",
    dependencies=[Needs("valuation:write")],
)
def update_action(
    review_id: UUID,
    action_id: UUID,
    patch: ActionPatch,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatchDep,
) -> ActionAnswer:
    """State and note at any time; text, owner and due day until the review is approved."""
    review, _ = repository.get_review(session, review_id, lock=True)
    row = repository.get_action(session, review_id, action_id)
    check_if_match(if_match, row)
    given = read_patch(patch, never_null={*FIXED_WITH_THE_REVIEW, "state"})
    if FIXED_WITH_THE_REVIEW & set(given):
        check_changeable(review.state)  # type: ignore[arg-type]
    if "state" in given and given["state"] != row.state:
        given["done_at"] = utc_now() if given["state"] == "done" else None
    before = row.model_dump()
    if write_changes(row, given):
        session.add(row)
        session.flush()
        trail.record(
            session, caller, SERVICE, "update", "action", str(action_id),
            details={"review": str(review_id)}, before=before, after=row.model_dump(),
        )  # fmt: skip
    set_etag(response, row)
    return action_answer(row)
