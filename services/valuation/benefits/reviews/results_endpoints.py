"""`/v1/post-implementation-reviews/{id}/results`: what was found, measured or entered by hand."""

from uuid import UUID

from fastapi import Response
from sqlmodel import Session

from services.valuation.benefits.reviews import repository
from services.valuation.benefits.reviews.by_hand import (
    MOST_ENTERED,
    keep_result,
    without_same_promise,
)
from services.valuation.benefits.reviews.domain import check_fillable
from services.valuation.benefits.reviews.endpoints import PATH, SERVICE, TAG
from services.valuation.benefits.reviews.filling import fill_results
from services.valuation.benefits.reviews.shown import shown_results
from services.valuation.changes import write_changes
from services.valuation.measures.value_kpis import repository as kpis
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.jobs import Page
from shared.contracts.valuation.reviews import ManualResultRequest, ReviewResult
from shared.database import SessionDep
from shared.errors import Conflict, NotFound, RuleBroken
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.tables.valuation.initiatives import Initiative
from shared.tables.valuation.kpis import ValueKpi

router = new_router(PATH, TAG, [Needs("valuation:read")])


@router.get(
    "/{review_id:uuid}/results", summary="List a review's results", operation_id="list_results"
)
def list_results(review_id: UUID, session: SessionDep, language: LanguageDep) -> Page[ReviewResult]:
    """As last filled, all on one page."""
    review, _ = repository.get_review(session, review_id)
    return Page(items=shown_results(review.results, language))


@router.post(
    "/{review_id:uuid}/results",
    summary="Enter a result by hand",
    operation_id="create_result",
    status_code=201,
    dependencies=[Needs("valuation:write")],
)
def create_result(
    review_id: UUID,
    request: ManualResultRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> ReviewResult:
    """While it is in progress; it replaces what was entered for the same promise before.

    409 `already_measured` where observations say it, `wrong_state`, `review_approved`. The ETag
    is the review's.
    """
    review, initiative = repository.get_review(session, review_id, lock=True)
    check_fillable(review.state)  # type: ignore[arg-type]
    kpi = _check(session, request, initiative)
    kept = keep_result(request, kpi, caller.subject)
    others = without_same_promise(review.manual_results, kept)
    if len(others) >= MOST_ENTERED:
        message = f"a review takes {MOST_ENTERED} entered results"
        raise RuleBroken(message, code="too_many_results")
    write_changes(review, {"manual_results": [*others, kept]})
    fill_results(session, review, initiative)
    filled = [result for result in review.results if result.get("id") == kept["id"]]
    if not filled:
        raise Conflict("observations say what came of this promise", code="already_measured")
    session.flush()
    trail.record(
        session, caller, SERVICE, "create", "review_result", str(kept["id"]),
        details={"review": str(review_id)}, after=kept,
    )  # fmt: skip
    set_etag(response, review)
    return shown_results(filled, language)[0]


def _check(
    session: Session, request: ManualResultRequest, initiative: Initiative
) -> ValueKpi | None:
    """The KPI that it names, if any; what it lacks or names wrongly is refused."""
    found = kpis.find_by_codes(session, [request.kpi] if request.kpi is not None else [])
    if request.kpi is not None and request.kpi not in found:
        raise RuleBroken.at("/kpi", "unknown_code", f"no value KPI {request.kpi}")
    if request.expectation is None:
        if request.level is None:
            raise RuleBroken.at("/level", "missing_value", "say at which level")
        if request.kpi is None and request.names is None:
            raise RuleBroken.at("/names", "missing_value", "name a KPI, or what was looked at")
        return next(iter(found.values()), None)
    promised = {row.id for row, _ in repository.list_expected(session, initiative.id)}
    if request.expectation not in promised:
        message = "the initiative has no such value expectation"
        raise RuleBroken.at("/expectation", "unknown_expectation", message)
    return None


@router.delete(
    "/{review_id:uuid}/results/{result_id:uuid}",
    summary="Delete an entered result",
    operation_id="delete_result",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_result(
    review_id: UUID,
    result_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
) -> None:
    """While the review is in progress; `If-Match` names the review's ETag."""
    review, initiative = repository.get_review(session, review_id, lock=True)
    found = next((kept for kept in review.manual_results if kept["id"] == str(result_id)), None)
    if found is None:
        raise NotFound(f"result {result_id}")
    check_if_match(if_match, review)
    check_fillable(review.state)  # type: ignore[arg-type]
    left = [kept for kept in review.manual_results if kept["id"] != str(result_id)]
    write_changes(review, {"manual_results": left})
    fill_results(session, review, initiative)
    session.flush()
    trail.record(
        session, caller, SERVICE, "delete", "review_result", str(result_id),
        details={"review": str(review_id)}, before=found,
    )  # fmt: skip
