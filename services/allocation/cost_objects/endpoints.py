"""`/v1/cost-pools`, `/v1/resources`, `/v1/solutions`, `/v1/consumers`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.allocation.cost_objects import repository
from shared import audit
from shared.auth import CallerDep, Needs
from shared.bulk import BulkAnswer, BulkQueryDep, BulkRequest, Outcome, apply_items, read_items
from shared.clock import utc_now
from shared.contracts.allocation.objects import CostObjectAnswer, CostObjectRequest, Layer
from shared.contracts.jobs import Page
from shared.contracts.values import name_in
from shared.database import SessionDep
from shared.errors import Conflict, FieldError, Problem, RuleBroken
from shared.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.language import LanguageDep
from shared.pagination import PageQueryDep, list_page
from shared.routing import new_router
from shared.tables.allocation.model import CostObject

SERVICE = "allocation"
COLLECTIONS: dict[Layer, str] = {
    "pool": "cost-pools",
    "resource": "resources",
    "solution": "solutions",
    "consumer": "consumers",
}


def answer(row: CostObject, language: str) -> CostObjectAnswer:
    """A row as callers see it."""
    return CostObjectAnswer(
        **row.model_dump(exclude={"version", "created_at", "updated_at"}),
        name=name_in(row.names, language),
        etag=etag_of(row.id, row.version),
    )


def _apply(row: CostObject, request: CostObjectRequest) -> bool:
    """Write a request into a row; whether anything changed."""
    wanted = request.model_dump(exclude={"names", "code"}) | {"names": request.names.stored()}
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.updated_at = utc_now()
    return bool(changed)


def _router(layer: Layer) -> APIRouter:
    collection = COLLECTIONS[layer]
    noun = collection.replace("-", "_").removesuffix("s")
    router = new_router(f"/v1/{collection}", collection, [Needs("allocation:read")])

    @router.get("", summary=f"List {collection}", operation_id=f"list_{noun}s")
    def list_objects(
        session: SessionDep,
        page: PageQueryDep,
        language: LanguageDep,
        code: Annotated[str | None, Query(max_length=200)] = None,
        parent: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Page[CostObjectAnswer]:
        """Ordered by code unless sorted otherwise."""
        rows, cursor = list_page(
            session,
            repository.list_query(layer, code=code, parent=parent),
            page,
            sortable={"code": CostObject.code, "parent": CostObject.parent},
            default_sort="code",
            filters={"layer": layer, "code": code, "parent": parent},
            unique=CostObject.id,
        )
        return Page(items=[answer(row, language) for row in rows], next_cursor=cursor)

    @router.get("/{object_id}", summary=f"Read one of {collection}", operation_id=f"get_{noun}")
    def get_object(
        object_id: UUID, session: SessionDep, language: LanguageDep, response: Response
    ) -> CostObjectAnswer:
        """One object; its ETag is needed to change it."""
        row = repository.get_cost_object(session, layer, object_id)
        set_etag(response, row)
        return answer(row, language)

    @router.post(
        "",
        summary=f"Add one of {collection}",
        operation_id=f"create_{noun}",
        status_code=201,
        dependencies=[Needs("allocation:write")],
    )
    def create_object(
        request: CostObjectRequest,
        session: SessionDep,
        caller: CallerDep,
        language: LanguageDep,
        response: Response,
    ) -> CostObjectAnswer:
        """409 `code_taken` when the code exists."""
        known = repository.find_by_codes(session, layer, [request.code])
        if known:
            raise Conflict(f"{request.code} exists", code="code_taken")
        row = CostObject(layer=layer, code=request.code, created_at=utc_now())
        _apply(row, request)
        session.add(row)
        session.flush()
        audit.record(session, caller, SERVICE, "create", noun, str(row.id), after=row.model_dump())
        set_etag(response, row)
        return answer(row, language)

    @router.delete(
        "/{object_id}",
        summary=f"Delete one of {collection}",
        operation_id=f"delete_{noun}",
        status_code=204,
        dependencies=[Needs("allocation:write")],
    )
    def delete_object(
        object_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
    ) -> None:
        """Only what is not used; otherwise give it a `valid_to`."""
        row = repository.get_cost_object(session, layer, object_id)
        check_if_match(if_match, row)
        session.delete(row)
        audit.record(
            session, caller, SERVICE, "delete", noun, str(object_id), before=row.model_dump()
        )

    @router.post(
        "/bulk",
        summary=f"Add or change many {collection}",
        operation_id=f"bulk_{noun}s",
        dependencies=[Needs("allocation:write")],
    )
    def bulk_objects(
        request: BulkRequest[CostObjectRequest],
        session: SessionDep,
        caller: CallerDep,
        how: BulkQueryDep,
    ) -> BulkAnswer:
        """Upsert by code; each item has its own result."""
        items = read_items(CostObjectRequest, request.items)
        codes = [item.code for item in items if not isinstance(item, Problem)]
        known = repository.find_by_codes(session, layer, codes)
        parents = repository.parents_of(session, layer) | dict.fromkeys(codes)

        def apply(item: CostObjectRequest) -> Outcome:
            if item.parent is not None and item.parent not in parents:
                error = FieldError("/parent", "unknown_code", f"no {layer} {item.parent}")
                raise RuleBroken("the parent is not known", code="unknown_code", errors=[error])
            row = known.get(item.code)
            if row is None:
                row = known[item.code] = CostObject(
                    layer=layer, code=item.code, created_at=utc_now()
                )
                _apply(row, item)
                session.add(row)
                return "created", row.id
            if not _apply(row, item):
                return "unchanged", row.id
            row.version += 1
            session.add(row)
            return "updated", row.id

        done = apply_items(session, items, how, apply)
        counts = {"items": len(items)}
        audit.record(session, caller, SERVICE, "bulk", noun, "", details=counts)
        return done

    return router


routers = [_router(layer) for layer in COLLECTIONS]
