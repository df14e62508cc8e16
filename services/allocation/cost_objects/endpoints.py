"""`/v1/cost-pools`, `/v1/resources`, `/v1/solutions`, `/v1/consumers`: reading and listing."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.allocation.callers import subtrees_seen
from services.allocation.cost_objects import repository
from services.allocation.cost_objects.answers import EXPORT_COLUMNS, answer, export_cells
from services.allocation.cost_objects.changing import add_bulk, add_changes
from services.allocation.cost_objects.domain import subtree_of
from services.allocation.cost_objects.repository import ObjectFilter, ObjectRow
from shared.auth import OWN_PART, Caller, CallerDep, Needs
from shared.contracts.allocation.objects import CostObjectAnswer, Layer
from shared.contracts.jobs import Page
from shared.contracts.values import Period
from shared.database import SessionDep
from shared.errors import NotFound
from shared.http.etags import set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.query_parameters import TAG_PARAMETER, read_open_filters
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.model import CostObject

COLLECTIONS: dict[Layer, str] = {
    "pool": "cost-pools",
    "resource": "resources",
    "solution": "solutions",
    "consumer": "consumers",
}
SORTABLE = {
    name: getattr(CostObject, name)
    for name in ("code", "parent", "owner", "standard", "valid_from", "valid_to", "updated_at")
}
CodeFilter = Annotated[str | None, Query(max_length=200)]


def _filter(
    request: Request,
    code: CodeFilter = None,
    parent: Annotated[
        str | None, Query(max_length=200, description="Direct children; empty: the roots")
    ] = None,
    under: Annotated[
        str | None, Query(max_length=200, description="The object and all below it")
    ] = None,
    q: Annotated[str | None, Query(max_length=200, description="Part of code or name")] = None,
    period: Annotated[Period | None, Query(description="Valid in this month")] = None,
    standard: CodeFilter = None,
    owner: CodeFilter = None,
    value_chain_stage: CodeFilter = None,
) -> ObjectFilter:
    tags = read_open_filters(request)
    return ObjectFilter(code, parent, under, q, period, standard, owner, value_chain_stage, tags)


FilterDep = Annotated[ObjectFilter, Depends(_filter)]


def _bound(wanted: ObjectFilter, caller: Caller, layer: Layer) -> ObjectFilter:
    """The filter, narrowed to what the caller may see."""
    seen = subtrees_seen(caller, layer)
    if seen is None:
        return wanted
    return ObjectFilter(**{**vars(wanted), "within": tuple(seen)})


def _visible(session: SessionDep, caller: Caller, layer: Layer, object_id: UUID) -> ObjectRow:
    """One object, if the caller may see it."""
    seen = subtrees_seen(caller, layer)
    row = repository.get_cost_object(session, layer, object_id)
    if seen is not None and row.code not in subtree_of(seen, repository.parents_of(session, layer)):
        raise NotFound(f"{layer} {object_id}")
    return row


def _add_reading(router: APIRouter, layer: Layer, noun: str) -> None:
    collection = COLLECTIONS[layer]
    seen_by = [OWN_PART] if layer == "consumer" else []

    @router.get(
        "",
        summary=f"List {collection}",
        operation_id=f"list_{noun}s",
        response_model=Page[CostObjectAnswer],
        responses=EXPORT_RESPONSES,
        openapi_extra=TAG_PARAMETER,
        dependencies=seen_by,
    )
    def list_objects(
        session: SessionDep,
        caller: CallerDep,
        page: PageQueryDep,
        language: LanguageDep,
        export: ExportDep,
        wanted: FilterDep,
    ) -> Page[CostObjectAnswer] | Response:
        """Ordered by code unless sorted otherwise; as a file, the whole list in code order."""
        narrowed = _bound(wanted, caller, layer)
        if export is not None:
            cells = export_cells(repository.read_all(layer, narrowed), language)
            return export_rows(export, collection, EXPORT_COLUMNS, cells)
        rows, cursor = list_page(
            session,
            repository.list_query(layer, narrowed),
            page,
            sortable=SORTABLE,
            default_sort="code",
            filters={"layer": layer, **vars(narrowed)},
            unique=CostObject.id,
        )
        return Page(items=[answer(row, language) for row in rows], next_cursor=cursor)

    @router.get(
        "/{object_id:uuid}",
        summary=f"Read one of {collection}",
        operation_id=f"get_{noun}",
        dependencies=seen_by,
    )
    def get_object(
        object_id: UUID,
        session: SessionDep,
        caller: CallerDep,
        language: LanguageDep,
        response: Response,
    ) -> CostObjectAnswer:
        """One object; its ETag is needed to change it."""
        row = _visible(session, caller, layer, object_id)
        set_etag(response, row)
        return answer(row, language)


def _router(layer: Layer) -> APIRouter:
    collection = COLLECTIONS[layer]
    noun = collection.replace("-", "_").removesuffix("s")
    router = new_router(f"/v1/{collection}", collection, [Needs("allocation:read")])
    _add_reading(router, layer, noun)
    add_bulk(router, layer, noun)
    add_changes(router, layer, noun)
    return router


routers = [_router(layer) for layer in COLLECTIONS]
