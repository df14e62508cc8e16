"""`/v1/initiatives`: what money is spent on to make value."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fastapi import Response

from services.valuation.benefits.reviews.domain import check_offsets
from services.valuation.changes import merge_names, read_patch, write_changes
from services.valuation.investments.initiatives import repository
from services.valuation.investments.initiatives.answers import (
    change_initiative,
    initiative_answer,
    new_initiative,
)
from services.valuation.investments.initiatives.filters import FilterDep
from services.valuation.investments.initiatives.workflow import follow_up
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.initiatives import (
    InitiativeAnswer,
    InitiativePatch,
    InitiativeRequest,
)
from shared.contracts.values import name_in
from shared.database import SessionDep, new_session
from shared.errors import Conflict, Problem
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, read_items
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.query_parameters import TAG_PARAMETER
from shared.http.routing import COMPUTED, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.initiatives import Initiative

SERVICE = "valuation"
NEVER_NULL = {"names", "review_offsets", "tags", "stated"}
SORTABLE = (
    "code", "stage", "kind", "sponsor", "go_live_on", "planned_go_live_on", "value_score",
    "planned_cost", "actual_cost", "planned_benefit", "actual_benefit", "created_at",
)  # fmt: skip
EXPORT_COLUMNS = (
    "code", "name", "stage", "kind", "solution", "sponsor", "value_chain_stage", "currency",
    "planned_started_on", "started_on", "planned_go_live_on", "go_live_on", "closed_on",
    "strategic_fit", "business_impact", "value_score", "planned_cost", "actual_cost",
    "planned_benefit", "actual_benefit", "historic", "tags",
)  # fmt: skip

router = new_router("/v1/initiatives", "initiatives", [Needs("valuation:read")])


@router.get(
    "",
    summary="List initiatives",
    operation_id="list_initiatives",
    responses=EXPORT_RESPONSES,
    openapi_extra=TAG_PARAMETER,
)
def list_initiatives(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    export: ExportDep,
    wanted: FilterDep,
) -> Page[InitiativeAnswer] | Any:
    """Ordered by code; `sort=-value_score` ranks demand. `tags.x=y` filters by a tag."""
    query = repository.list_query(wanted)
    if export is not None:
        return export_rows(export, "initiatives", EXPORT_COLUMNS, _exported(query, language))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={name: getattr(Initiative, name) for name in SORTABLE},
        default_sort="code",
        filters=wanted.bound(),
        unique=Initiative.id,
    )
    return Page(items=[initiative_answer(row, language) for row in rows], next_cursor=cursor)


def _exported(query: Any, language: str) -> Iterator[list[Any]]:
    with new_session() as session:
        for row in repository.walk(session, query):
            cells = {"name": name_in(row.names, language), "tags": json.dumps(row.tags)}
            yield [cells.get(name, getattr(row, name, None)) for name in EXPORT_COLUMNS]


@router.get(
    "/{initiative_id:uuid}",
    summary="Read an initiative",
    operation_id="get_initiative",
    openapi_extra=COMPUTED,
)
def get_initiative(
    initiative_id: UUID, session: SessionDep, language: LanguageDep, response: Response
) -> InitiativeAnswer:
    """One initiative; its ETag is needed to change it."""
    row = repository.get_initiative(session, initiative_id)
    set_etag(response, row)
    return initiative_answer(row, language)


@router.post(
    "",
    summary="Add an initiative",
    operation_id="create_initiative",
    status_code=201,
    dependencies=[Needs("valuation:write")],
)
def create_initiative(
    request: InitiativeRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> InitiativeAnswer:
    """409 `code_taken` when the code exists. With `go_live_on` its reviews are made at once."""
    repository.hold_alone(session)
    if repository.find_by_codes(session, [request.code]):
        raise Conflict(f"the initiative {request.code} exists", code="code_taken")
    row = new_initiative(request, caller.subject)
    check_offsets(row.review_offsets)
    session.add(row)
    follow_up(session, [row])
    trail.record(
        session, caller, SERVICE, "create", "initiative", str(row.id), after=row.model_dump()
    )
    set_etag(response, row)
    return initiative_answer(row, language)


@router.patch(
    "/{initiative_id:uuid}",
    summary="Change an initiative",
    operation_id="update_initiative",
    dependencies=[Needs("valuation:write")],
)
def update_initiative(
    initiative_id: UUID,
    patch: InitiativePatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchDep,
) -> InitiativeAnswer:
    """A merge patch; code and stage stay. A new `go_live_on` moves reviews not yet started."""
    row = repository.get_initiative(session, initiative_id, lock=True)
    check_if_match(if_match, row)
    before = row.model_dump()
    given = read_patch(patch, never_null=NEVER_NULL)
    if patch.names is not None:
        given["names"] = merge_names(row.names, patch.names)
    if patch.review_offsets is not None:
        check_offsets(patch.review_offsets)
        given["review_offsets"] = sorted(patch.review_offsets)
    if patch.tags is not None:
        merged = row.tags | patch.tags
        given["tags"] = {name: value for name, value in merged.items() if value is not None}
    if patch.stated is not None:
        stated = row.stated | patch.stated
        given["stated"] = {name: text for name, text in stated.items() if text is not None}
    if write_changes(row, given):
        follow_up(session, [row])
        trail.record(
            session, caller, SERVICE, "update", "initiative", str(row.id),
            before=before, after=row.model_dump(),
        )  # fmt: skip
    set_etag(response, row)
    return initiative_answer(row, language)


@router.delete(
    "/{initiative_id:uuid}",
    summary="Delete an initiative",
    operation_id="delete_initiative",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_initiative(
    initiative_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """Only while proposed, rejected or historic and no review has started (409)."""
    row = repository.get_initiative(session, initiative_id, lock=True)
    check_if_match(if_match, row)
    early = row.historic or row.stage in {"proposed", "rejected"}
    if not early or repository.has_started_reviews(session, initiative_id):
        raise Conflict("work on it has begun; close or reject it", code="initiative_in_use")
    repository.delete_initiative(session, row)
    trail.record(
        session, caller, SERVICE, "delete", "initiative", str(initiative_id),
        before=row.model_dump(),
    )  # fmt: skip


@router.post(
    "/bulk",
    summary="Add or change many initiatives",
    operation_id="bulk_initiatives",
    dependencies=[Needs("valuation:write")],
)
def bulk_initiatives(
    request: BulkRequest[InitiativeRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code; past initiatives of any stage come with `historic: true`.

    Making history of one that was not needs `valuation:approve` (`scope_missing`, `four_eyes`).
    """
    items = read_items(InitiativeRequest, request.items)
    repository.hold_alone(session)
    known = repository.find_by_codes(
        session, [item.code for item in items if not isinstance(item, Problem)], lock=True
    )
    touched: dict[UUID, Initiative] = {}

    def apply(item: InitiativeRequest) -> Outcome:
        if item.review_offsets is not None:
            check_offsets(item.review_offsets)
        row = known.get(item.code)
        if row is None:
            row = known[item.code] = new_initiative(item, caller.subject)
            session.add(row)
            touched[row.id] = row
            return "created", row.id
        if not change_initiative(row, item, caller):
            return "unchanged", row.id
        session.add(row)
        touched[row.id] = row
        return "updated", row.id

    done = apply_items(session, items, how, apply)
    follow_up(session, list(touched.values()))
    trail.record(
        session, caller, SERVICE, "bulk", "initiative", "",
        details={"items": len(items), "sha256": trail.sha256_of(request.items)},
    )  # fmt: skip
    return done
