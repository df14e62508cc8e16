"""`/v1/cost-pools` and its three sisters: adding, changing, deleting."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlmodel import Session

from services.allocation.cost_objects import repository, use
from services.allocation.cost_objects.answers import answer
from services.allocation.cost_objects.changes import apply, check_change, new_row, patched
from services.allocation.cost_objects.domain import Placing, check_placings
from services.allocation.model_versions.repository import lock_model
from shared.audit import trail
from shared.auth import Caller, CallerDep, Needs
from shared.contracts.allocation.objects import (
    CostObjectAnswer,
    CostObjectPatch,
    CostObjectRequest,
    Layer,
)
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.database import SessionDep
from shared.errors import Conflict, FieldError, Problem, RuleBroken
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.language import LanguageDep
from shared.tables.allocation.model import CostObject

SERVICE = "allocation"
WRITE = [Needs("allocation:write")]


def _create(
    session: Session, caller: Caller, layer: Layer, noun: str, request: CostObjectRequest
) -> CostObject:
    repository.lock_layer(session, layer)
    if repository.find_by_codes(session, layer, [request.code]):
        raise Conflict(f"{request.code} exists", code="code_taken")
    check_change(None, request, repository.closed_periods(session))
    _check_place(session, layer, request)
    row = new_row(layer, request)
    session.add(row)
    session.flush()
    trail.record(session, caller, SERVICE, "create", noun, str(row.id), after=row.model_dump())
    return row


def _change(
    session: Session,
    caller: Caller,
    noun: str,
    row: CostObject,
    request: CostObjectRequest,
) -> CostObject:
    """Write a whole new state into a locked row."""
    check_change(row, request, repository.closed_periods(session))
    if request.parent != row.parent:
        _check_place(session, row.layer, request)
    before: dict[str, Any] = row.model_dump()
    if apply(row, request):
        row.version += 1
        session.add(row)
        session.flush()
        after = row.model_dump()
        trail.record(
            session, caller, SERVICE, "update", noun, str(row.id), before=before, after=after
        )
    return row


def _check_place(session: Session, layer: str, request: CostObjectRequest) -> None:
    """The parent exists and is not below the object itself."""
    if request.parent is not None:
        placing = Placing(0, request.code, request.parent)
        refused = check_placings(repository.parents_of(session, layer), [placing])
        if refused:
            raise refused[0]


def add_changes(router: APIRouter, layer: Layer, noun: str) -> None:
    """POST, PUT, PATCH and DELETE of single objects."""

    @router.post(
        "",
        summary=f"Add a {layer}",
        operation_id=f"create_{noun}",
        status_code=201,
        dependencies=WRITE,
    )
    def create_object(
        request: CostObjectRequest,
        session: SessionDep,
        caller: CallerDep,
        language: LanguageDep,
        response: Response,
    ) -> CostObjectAnswer:
        """409 `code_taken` when the code exists; 422 `unknown_code` when the parent does not."""
        row = _create(session, caller, layer, noun, request)
        set_etag(response, row)
        return answer(row, language)

    @router.put(
        "/{object_id:uuid}",
        summary=f"Replace a {layer}",
        operation_id=f"replace_{noun}",
        dependencies=WRITE,
    )
    def replace_object(
        object_id: UUID,
        request: CostObjectRequest,
        session: SessionDep,
        caller: CallerDep,
        language: LanguageDep,
        if_match: IfMatchDep,
        response: Response,
    ) -> CostObjectAnswer:
        """The whole object; what is not given is empty afterwards. The code cannot change."""
        repository.lock_layer(session, layer)
        row = repository.lock_cost_object(session, layer, object_id)
        check_if_match(if_match, row)
        if request.code != row.code:
            error = FieldError("/code", "code_fixed", f"the code stays {row.code}")
            raise RuleBroken("a code never changes", code="code_fixed", errors=[error])
        _change(session, caller, noun, row, request)
        set_etag(response, row)
        return answer(row, language)

    @router.patch(
        "/{object_id:uuid}",
        summary=f"Change a {layer}",
        operation_id=f"update_{noun}",
        dependencies=WRITE,
    )
    def update_object(
        object_id: UUID,
        patch: CostObjectPatch,
        session: SessionDep,
        caller: CallerDep,
        language: LanguageDep,
        if_match: IfMatchDep,
        response: Response,
    ) -> CostObjectAnswer:
        """A merge patch; 409 `standard_object` for names, descriptions, parent of a standard."""
        repository.lock_layer(session, layer)
        row = repository.lock_cost_object(session, layer, object_id)
        check_if_match(if_match, row)
        _change(session, caller, noun, row, patched(row, patch))
        set_etag(response, row)
        return answer(row, language)

    @router.delete(
        "/{object_id:uuid}",
        summary=f"Delete a {layer}",
        operation_id=f"delete_{noun}",
        status_code=204,
        dependencies=WRITE,
    )
    def delete_object(
        object_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
    ) -> None:
        """Only what nothing uses; otherwise 409 `object_in_use`: give it a `valid_to` instead."""
        repository.lock_layer(session, layer)
        row = repository.lock_cost_object(session, layer, object_id)
        check_if_match(if_match, row)
        lock_model(session)
        use.check_unused(session, row)
        session.delete(row)
        trail.record(session, caller, SERVICE, "delete", noun, str(row.id), before=row.model_dump())


def add_bulk(router: APIRouter, layer: Layer, noun: str) -> None:
    """The bulk upsert of a layer."""

    @router.post(
        "/bulk",
        summary=f"Add or change many {layer}s",
        operation_id=f"bulk_{noun}s",
        dependencies=WRITE,
    )
    def bulk_objects(
        request: BulkRequest[CostObjectRequest],
        session: SessionDep,
        caller: CallerDep,
        how: BulkQueryDep,
    ) -> BulkAnswer:
        """Upsert by code; parents may stand anywhere in the request."""
        repository.lock_layer(session, layer)
        items = read_items(CostObjectRequest, request.items)
        codes = {item.code for item in items if not isinstance(item, Problem)}
        known = repository.find_by_codes(session, layer, codes, for_update=True)
        items = _checked(session, layer, items, known)

        def apply_one(item: CostObjectRequest) -> Outcome:
            row = known.get(item.code)
            if row is None:
                row = known[item.code] = new_row(layer, item)
                session.add(row)
                return "created", row.id
            if not apply(row, item):
                return "unchanged", row.id
            if row not in session.new:
                row.version += 1
            session.add(row)
            return "updated", row.id

        done = apply_items(session, items, how, apply_one)
        _record_bulk(session, caller, noun, request, done)
        return done


def _checked(
    session: Session,
    layer: Layer,
    items: list[CostObjectRequest | Problem],
    known: dict[str, CostObject],
) -> list[CostObjectRequest | Problem]:
    """The items, with those that may not be replaced by what is wrong with them."""
    closed = repository.closed_periods(session)
    checked = [
        item if isinstance(item, Problem) else _allowed(item, known.get(item.code), closed)
        for item in items
    ]
    placings = [
        Placing(index, item.code, item.parent)
        for index, item in enumerate(checked)
        if not isinstance(item, Problem)
    ]
    refused = check_placings(repository.parents_of(session, layer), placings)
    return [refused.get(index, item) for index, item in enumerate(checked)]


def _allowed(
    item: CostObjectRequest, row: CostObject | None, closed: list[str]
) -> CostObjectRequest | Problem:
    try:
        check_change(row, item, closed)
    except Problem as problem:
        return problem
    return item


def _record_bulk(
    session: Session, caller: Caller, noun: str, request: BulkRequest[Any], done: BulkAnswer
) -> None:
    details = bulk_details(request.items, done)
    trail.record(session, caller, SERVICE, "bulk", noun, "", details=details)
