"""`/v1/value-chain-stages`: the names and the order of stages."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.valuation.changes import merge_names, read_patch, write_changes
from services.valuation.overviews.value_chain import repository
from services.valuation.overviews.value_chain.shipped import SHIPPED, STEP
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.value_chain import (
    StageAnswer,
    StagePatch,
    StageRequest,
    StagesLoaded,
)
from shared.contracts.values import Names, name_in
from shared.database import SessionDep
from shared.errors import Conflict, Problem
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.value_chain import ValueChainStage

SERVICE = "valuation"
WRITE = [Needs("valuation:write")]

router = new_router("/v1/value-chain-stages", "value-chain", [Needs("valuation:read")])


def stage_answer(row: ValueChainStage, language: str) -> StageAnswer:
    """A row as callers see it."""
    return StageAnswer(
        **row.model_dump(exclude={"version"}),
        name=name_in(row.names, language),
        etag=etag_of(row.id, row.version),
    )


@router.get(
    "", summary="List the stages of the value chain", operation_id="list_value_chain_stages"
)
def list_value_chain_stages(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    code: Annotated[str | None, Query(max_length=200)] = None,
    q: Annotated[str | None, Query(max_length=200, description="Part of code or name")] = None,
) -> Page[StageAnswer]:
    """In their order unless sorted otherwise."""
    rows, cursor = list_page(
        session,
        repository.list_query(code, q),
        page,
        sortable={
            name: getattr(ValueChainStage, name)
            for name in ("position", "code", "created_at", "updated_at")
        },
        default_sort="position,code",
        filters={"code": code, "q": q},
        unique=ValueChainStage.id,
    )
    return Page(items=[stage_answer(row, language) for row in rows], next_cursor=cursor)


@router.get(
    "/{stage_id:uuid}",
    summary="Read a stage of the value chain",
    operation_id="get_value_chain_stage",
)
def get_value_chain_stage(
    stage_id: UUID, session: SessionDep, language: LanguageDep, response: Response
) -> StageAnswer:
    """One stage; its ETag is needed to change it."""
    row = repository.get_stage(session, stage_id)
    set_etag(response, row)
    return stage_answer(row, language)


@router.post(
    "",
    summary="Add a stage of the value chain",
    operation_id="create_value_chain_stage",
    status_code=201,
    dependencies=WRITE,
)
def create_value_chain_stage(
    request: StageRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> StageAnswer:
    """409 `code_taken` when the code exists."""
    repository.hold_alone(session)
    if repository.find_by_codes(session, [request.code]):
        raise Conflict(f"the stage {request.code} exists", code="code_taken")
    row = _new_row(request)
    session.add(row)
    session.flush()
    _record(session, caller, "create", row, after=row.model_dump())
    set_etag(response, row)
    return stage_answer(row, language)


@router.patch(
    "/{stage_id:uuid}",
    summary="Change a stage of the value chain",
    operation_id="update_value_chain_stage",
    dependencies=WRITE,
)
def update_value_chain_stage(
    stage_id: UUID,
    patch: StagePatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchDep,
) -> StageAnswer:
    """A merge patch; the code stays."""
    row = repository.get_stage(session, stage_id, lock=True)
    check_if_match(if_match, row)
    before = row.model_dump()
    given = _stored(read_patch(patch, never_null={"names", "position"}))
    if patch.names is not None:
        given["names"] = merge_names(row.names, patch.names)
    if write_changes(row, given):
        session.add(row)
        session.flush()
        _record(session, caller, "update", row, before=before, after=row.model_dump())
    set_etag(response, row)
    return stage_answer(row, language)


@router.delete(
    "/{stage_id:uuid}",
    summary="Delete a stage of the value chain",
    operation_id="delete_value_chain_stage",
    status_code=204,
    dependencies=WRITE,
)
def delete_value_chain_stage(
    stage_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """Only its names and its place go; what names the stage is still shown under its code."""
    row = repository.get_stage(session, stage_id, lock=True)
    check_if_match(if_match, row)
    session.delete(row)
    _record(session, caller, "delete", row, before=row.model_dump())


@router.post(
    "/bulk",
    summary="Add or change many stages of the value chain",
    operation_id="bulk_value_chain_stages",
    dependencies=WRITE,
)
def bulk_value_chain_stages(
    request: BulkRequest[StageRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code; each item has its own result."""
    items = read_items(StageRequest, request.items)
    repository.hold_alone(session)
    known = repository.find_by_codes(
        session, [item.code for item in items if not isinstance(item, Problem)]
    )

    def apply(item: StageRequest) -> Outcome:
        row = known.get(item.code)
        if row is None:
            row = known[item.code] = _new_row(item)
            session.add(row)
            return "created", row.id
        changed = write_changes(row, _stored(dict(item)))
        session.add(row)
        return "updated" if changed else "unchanged", row.id

    done = apply_items(session, items, how, apply)
    trail.record(
        session, caller, SERVICE, "bulk", "value_chain_stage", "",
        details=bulk_details(request.items, done),
    )  # fmt: skip
    return done


@router.post(
    "/load",
    summary="Take the shipped stages over",
    operation_id="load_value_chain_stages",
    dependencies=WRITE,
)
def load_value_chain_stages(session: SessionDep, caller: CallerDep) -> StagesLoaded:
    """Adds the stages of a maker's chain that are not here; what is here stays as it is."""
    repository.hold_alone(session)
    present = repository.find_by_codes(session, [code for code, _, _ in SHIPPED])
    created = []
    for place, (code, english, chinese) in enumerate(SHIPPED, start=1):
        if code not in present:
            names = {"en": english, "zh-CN": chinese}
            request = StageRequest(code=code, names=Names(**names), position=place * STEP)
            session.add(_new_row(request))
            created.append(code)
    trail.record(
        session, caller, SERVICE, "load", "value_chain_stage", "", details={"created": created}
    )
    return StagesLoaded(created=created, present=sorted(present))


def _new_row(request: StageRequest) -> ValueChainStage:
    now = utc_now()
    return ValueChainStage(**_stored(dict(request)), created_at=now, updated_at=now)


def _stored(given: dict[str, Any]) -> dict[str, Any]:
    """Fields of a request as columns: names as JSON."""
    return {
        name: value.stored() if isinstance(value, Names) else value for name, value in given.items()
    }


def _record(
    session: SessionDep, caller: CallerDep, action: str, row: ValueChainStage, **seen: Any
) -> None:
    trail.record(session, caller, SERVICE, action, "value_chain_stage", str(row.id), **seen)
