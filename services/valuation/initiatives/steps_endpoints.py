"""`/v1/initiatives/{id}/approve|start|go-live|close|reject`: the life of an initiative."""

from typing import Any
from uuid import UUID

from fastapi import Response

from services.valuation.changes import write_changes
from services.valuation.initiatives import repository
from services.valuation.initiatives.answers import initiative_answer
from services.valuation.initiatives.domain import Step, check_approvable, take_step
from services.valuation.initiatives.workflow import follow_up
from shared import audit
from shared.auth import UNBOUND, Caller, CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.valuation.initiatives import GoLiveRequest, InitiativeAnswer, StepRequest
from shared.database import SessionDep
from shared.language import LanguageDep
from shared.routing import new_router
from shared.tables.valuation.initiatives import Initiative

router = new_router("/v1/initiatives", "initiatives", [Needs("valuation:read"), UNBOUND])


def _step(
    session: SessionDep,
    caller: Caller,
    row: Initiative,
    step: Step,
    details: dict[str, Any],
    **more: Any,
) -> None:
    before = row.stage
    write_changes(row, {"stage": take_step(row.stage, step), **more})  # type: ignore[arg-type]
    follow_up(session, [row])
    audit.record(
        session, caller, "valuation", step, "initiative", str(row.id),
        details=details, before={"stage": before}, after={"stage": row.stage},
    )  # fmt: skip


def _answer(row: Initiative, language: str, response: Response) -> InitiativeAnswer:
    response.headers["ETag"] = initiative_answer(row, language).etag
    return initiative_answer(row, language)


def _reason(request: StepRequest | None) -> dict[str, Any]:
    return {"reason": request.reason} if request is not None and request.reason else {}


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
    """409 `no_value_expectation` without a promise that carries a number."""
    row = repository.get_initiative(session, initiative_id, lock=True)
    take_step(row.stage, "approve")  # type: ignore[arg-type]
    check_approvable(repository.list_promises(session, initiative_id))
    _step(session, caller, row, "approve", _reason(request))
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
    request: StepRequest | None = None,
) -> InitiativeAnswer:
    """From approved to in_delivery."""
    row = repository.get_initiative(session, initiative_id, lock=True)
    _step(session, caller, row, "start", _reason(request))
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
    """From in_delivery to live; its reviews are made for the day of going live."""
    row = repository.get_initiative(session, initiative_id, lock=True)
    given = request.go_live_on if request is not None else None
    day = given or row.go_live_on or utc_now().date()
    _step(session, caller, row, "go-live", {"go_live_on": day}, go_live_on=day)
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
    request: StepRequest | None = None,
) -> InitiativeAnswer:
    """From live to closed; its reviews go on."""
    row = repository.get_initiative(session, initiative_id, lock=True)
    _step(session, caller, row, "close", _reason(request))
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
    _step(session, caller, row, "reject", _reason(request))
    return _answer(row, language, response)
