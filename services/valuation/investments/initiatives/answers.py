"""Initiatives as callers see them, and requests as rows take them."""

from typing import Any

from services.valuation.changes import write_changes
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.valuation.initiatives import InitiativeAnswer, InitiativeRequest
from shared.contracts.values import name_in
from shared.errors import FieldError, Forbidden, RuleBroken
from shared.four_eyes import check_other_eyes
from shared.http.etags import etag_of
from shared.settings import get_settings
from shared.tables.valuation.initiatives import Initiative


def initiative_answer(row: Initiative, language: str) -> InitiativeAnswer:
    """A row as callers see it."""
    return InitiativeAnswer(
        **row.model_dump(exclude={"version"}),
        name=name_in(row.names, language),
        etag=etag_of(row.id, row.version),
    )


SET_BY_STEPS = ("started_on", "go_live_on", "closed_on")


def new_initiative(request: InitiativeRequest, author: str) -> Initiative:
    """A row of a request; only a historic one starts at a later stage."""
    _check_stage(request, "proposed", historic=request.historic)
    now = utc_now()
    return Initiative(
        **_stored(request),
        code=request.code,
        stage=request.stage,
        historic=request.historic,
        created_by=author,
        created_at=now,
        updated_at=now,
    )


def change_initiative(row: Initiative, request: InitiativeRequest, caller: Caller) -> bool:
    """Write an upsert into a row; whether it differed.

    The stage stays unless it is history or the same; days that steps set stay unless given.
    """
    if request.historic and not row.historic:
        _check_may_make_history(row, caller)
    wanted = _stored(request)
    for name in SET_BY_STEPS:
        if name not in request.model_fields_set:
            del wanted[name]
    historic = request.historic if "historic" in request.model_fields_set else row.historic
    if "stage" in request.model_fields_set:
        _check_stage(request, row.stage, historic=historic)
        wanted["stage"] = request.stage
    return write_changes(row, wanted | {"historic": historic})


def _check_may_make_history(row: Initiative, caller: Caller) -> None:
    """What is not history passes gates; taking it out of them is for who may approve it."""
    if not caller.may("valuation:approve"):
        message = "making an initiative history needs the scope valuation:approve"
        raise Forbidden(message, code="scope_missing")
    check_other_eyes(caller, [row.created_by])


def _check_stage(request: InitiativeRequest, present: str, *, historic: bool) -> None:
    if request.stage != present and not historic:
        message = "a stage changes by its steps; past initiatives come with historic: true"
        error = FieldError("/stage", "stage_needs_history", message)
        raise RuleBroken(message, code="stage_needs_history", errors=[error])


def _stored(request: InitiativeRequest) -> dict[str, Any]:
    wanted = {
        name: getattr(request, name)
        for name in type(request).model_fields
        if name not in {"code", "stage", "historic"}
    }
    wanted["names"] = request.names.stored()
    wanted["review_offsets"] = sorted(request.review_offsets or default_offsets())
    return wanted


def default_offsets() -> list[int]:
    """Months after go-live at which a review is due unless said otherwise."""
    return list(get_settings().review_offset_months)
