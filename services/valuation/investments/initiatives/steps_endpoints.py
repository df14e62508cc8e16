"""`/v1/initiatives/{id}/approve|start|go-live|close|reject`: the life of an initiative."""

from datetime import date
from uuid import UUID

from fastapi import Response

from services.valuation.changes import write_changes
from services.valuation.investments.initiatives import repository
from services.valuation.investments.initiatives.answers import initiative_answer
from services.valuation.investments.initiatives.domain import Step, take_step
from services.valuation.investments.initiatives.workflow import follow_up
from services.valuation.investments.stage_gates.workflow import pass_gate
from shared.audit import trail
from shared.auth import Caller, CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.valuation.gates import (
    CloseRequest,
    GoLiveRequest,
    StartRequest,
    StepRequest,
)
from shared.contracts.valuation.initiatives import InitiativeAnswer
from shared.database import SessionDep
from shared.four_eyes import check_other_eyes
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.tables.valuation.initiatives import Initiative

router = new_router("/v1/initiatives", "initiatives", [Needs("valuation:read")])


def _step(
    session: SessionDep,
    caller: Caller,
    row: Initiative,
    step: Step,
    request: StepRequest | None,
    **days: date | None,
) -> None:
    """Change the stage and the days that come with it; every step but `reject` has a gate."""
    before = row.stage
    following = take_step(row.stage, step)  # type: ignore[arg-type]
    details = {name: day.isoformat() for name, day in days.items() if day is not None}
    if request is not None and request.reason:
        details["reason"] = request.reason
    if step != "reject":
        details["verdict"] = pass_gate(session, row, step, caller.subject, request).verdict
    write_changes(row, {"stage": following, **days})
    follow_up(session, [row])
    trail.record(
        session, caller, "valuation", step, "initiative", str(row.id),
        details=details, before={"stage": before}, after={"stage": row.stage},
    )  # fmt: skip


def _answer(row: Initiative, language: str, response: Response) -> InitiativeAnswer:
    response.headers["ETag"] = initiative_answer(row, language).etag
    return initiative_answer(row, language)


@router.post(
    "/{initiative_id:uuid}/approve",
    summary="Approve a proposed initiative",
    operation_id="approve_initiative",
    dependencies=[Needs("valuation:approve")],
)
def approve_initiative(
    initiative_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    request: StepRequest | None = None,
) -> InitiativeAnswer:
    """409 `no_value_expectation` without a promise that carries a number.

    403 `four_eyes` for who proposed it, if so set. A day of going live already set becomes the
    baseline `planned_go_live_on`, unless there is one.
    """
    row = repository.get_initiative(session, initiative_id, lock=True)
    check_other_eyes(caller, [row.created_by])
    baseline = row.planned_go_live_on or row.go_live_on
    _step(session, caller, row, "approve", request, planned_go_live_on=baseline)
    return _answer(row, language, response)


@router.post(
    "/{initiative_id:uuid}/start",
    summary="Start delivering an approved initiative",
    operation_id="start_initiative",
    dependencies=[Needs("valuation:write")],
)
def start_initiative(
    initiative_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    request: StartRequest | None = None,
) -> InitiativeAnswer:
    """From approved to in_delivery.

    409 `no_value_expectation` when no promise with a number is left; 409 `value_case_broken` when
    the plan no longer pays, as it did when it was approved, and no reason is given.
    """
    row = repository.get_initiative(session, initiative_id, lock=True)
    given = request.started_on if request is not None else None
    day = given or row.started_on or utc_now().date()
    _step(session, caller, row, "start", request, started_on=day)
    return _answer(row, language, response)


@router.post(
    "/{initiative_id:uuid}/go-live",
    summary="Say that an initiative is live",
    operation_id="go_live_initiative",
    dependencies=[Needs("valuation:write")],
)
def go_live_initiative(
    initiative_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    request: GoLiveRequest | None = None,
) -> InitiativeAnswer:
    """From in_delivery to live; its reviews are made for the day of going live.

    The value case is checked as at the start: `no_value_expectation`, `value_case_broken`.
    """
    row = repository.get_initiative(session, initiative_id, lock=True)
    given = request.go_live_on if request is not None else None
    day = given or row.go_live_on or utc_now().date()
    _step(session, caller, row, "go-live", request, go_live_on=day)
    return _answer(row, language, response)


@router.post(
    "/{initiative_id:uuid}/close",
    summary="Close a live initiative",
    operation_id="close_initiative",
    dependencies=[Needs("valuation:write")],
)
def close_initiative(
    initiative_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    request: CloseRequest | None = None,
) -> InitiativeAnswer:
    """From live to closed; its reviews go on, its last gate notes what it was worth."""
    row = repository.get_initiative(session, initiative_id, lock=True)
    given = request.closed_on if request is not None else None
    day = given or row.closed_on or utc_now().date()
    _step(session, caller, row, "close", request, closed_on=day)
    return _answer(row, language, response)


@router.post(
    "/{initiative_id:uuid}/reject",
    summary="Reject an initiative",
    operation_id="reject_initiative",
    dependencies=[Needs("valuation:approve")],
)
def reject_initiative(
    initiative_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    request: StepRequest | None = None,
) -> InitiativeAnswer:
    """From proposed or approved to rejected; scheduled reviews fall away."""
    row = repository.get_initiative(session, initiative_id, lock=True)
    _step(session, caller, row, "reject", request)
    return _answer(row, language, response)
