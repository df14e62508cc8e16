"""`/v1/drivers`: by what costs are shared."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.ingest.drivers import repository
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.changes import write_differences
from shared.clock import utc_now
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.ingest.facts import Basis, DriverAnswer, DriverPatch, DriverRequest, Measure
from shared.contracts.jobs import Page
from shared.contracts.values import name_in
from shared.database import SessionDep
from shared.derived_drivers import is_derived
from shared.errors import Conflict, FieldError, Problem, RuleBroken
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.ingest.facts import Driver

SERVICE = "ingest"
router = new_router("/v1/drivers", "drivers", [Needs("ingest:read")])
WRITE = [Needs("ingest:write")]


def answer(row: Driver, language: str) -> DriverAnswer:
    """A driver as callers see it."""
    return DriverAnswer(
        **row.model_dump(exclude={"version", "created_at", "updated_at"}),
        name=name_in(row.names, language),
        etag=etag_of(row.id, row.version),
    )


def _wanted(request: DriverRequest) -> dict[str, object]:
    return request.model_dump(exclude={"code", "names"}) | {"names": request.names.stored()}


def _check_code(code: str) -> None:
    if is_derived(code):
        error = FieldError("/code", "reserved_code", "this driver is derived from other facts")
        raise RuleBroken(f"{code} is derived", code="reserved_code", errors=[error])


@router.get("", summary="List drivers", operation_id="list_drivers")
def list_drivers(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    code: Annotated[str | None, Query(max_length=200)] = None,
    basis: Annotated[Basis | None, Query()] = None,
    measure: Annotated[Measure | None, Query()] = None,
) -> Page[DriverAnswer]:
    """Ordered by code unless sorted otherwise."""
    filters = {"code": code, "basis": basis, "measure": measure}
    rows, cursor = list_page(
        session,
        repository.list_query(filters),
        page,
        sortable={"code": Driver.code},
        default_sort="code",
        filters=filters,
        unique=Driver.id,
    )
    return Page(items=[answer(row, language) for row in rows], next_cursor=cursor)


@router.get("/{driver_id:uuid}", summary="Read a driver", operation_id="get_driver")
def get_driver(
    driver_id: UUID, session: SessionDep, language: LanguageDep, response: Response
) -> DriverAnswer:
    """One driver; its ETag is needed to change it."""
    row = repository.get_driver(session, driver_id)
    set_etag(response, row)
    return answer(row, language)


@router.post(
    "",
    summary="Add a driver",
    operation_id="create_driver",
    status_code=201,
    dependencies=WRITE,
)
def create_driver(
    request: DriverRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> DriverAnswer:
    """409 `code_taken` when the code exists, 422 `reserved_code` for a derived driver's."""
    _check_code(request.code)
    if repository.find_by_codes(session, [request.code]):
        raise Conflict(f"{request.code} exists", code="code_taken")
    row = Driver(code=request.code, names={}, created_at=utc_now())
    write_differences(row, _wanted(request))
    session.add(row)
    session.flush()
    trail.record(session, caller, SERVICE, "create", "driver", str(row.id), after=row.model_dump())
    set_etag(response, row)
    return answer(row, language)


@router.patch(
    "/{driver_id:uuid}", summary="Change a driver", operation_id="update_driver", dependencies=WRITE
)
def update_driver(
    driver_id: UUID,
    request: DriverPatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    if_match: IfMatchDep,
    response: Response,
) -> DriverAnswer:
    """A merge patch: what is given replaces what is there, null empties it."""
    row = repository.get_driver(session, driver_id, lock=True)
    check_if_match(if_match, row)
    wanted = request.model_dump(exclude_unset=True, exclude={"names"})
    if wanted.get("basis", "") is None:
        raise RuleBroken("a driver is measured or estimated", code="missing_value")
    if request.names is not None:
        wanted["names"] = {**row.names, **request.names.stored()}
    before = row.model_dump()
    if write_differences(row, wanted):
        row.version += 1
        session.add(row)
        session.flush()
    trail.record(
        session, caller, SERVICE, "update", "driver", str(row.id),
        before=before, after=row.model_dump(),
    )  # fmt: skip
    set_etag(response, row)
    return answer(row, language)


@router.delete(
    "/{driver_id:uuid}",
    summary="Delete a driver",
    operation_id="delete_driver",
    status_code=204,
    dependencies=WRITE,
)
def delete_driver(
    driver_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """Only one without quantities; 409 `in_use` otherwise."""
    row = repository.get_driver(session, driver_id, lock=True)
    check_if_match(if_match, row)
    if repository.has_quantities(session, row.code):
        raise Conflict("the driver has quantities", code="in_use")
    session.delete(row)
    trail.record(session, caller, SERVICE, "delete", "driver", str(row.id), before=row.model_dump())


@router.post(
    "/bulk", summary="Add or change many drivers", operation_id="bulk_drivers", dependencies=WRITE
)
def bulk_drivers(
    request: BulkRequest[DriverRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code; each item has its own result."""
    items = read_items(DriverRequest, request.items)
    codes = [item.code for item in items if not isinstance(item, Problem)]
    known = repository.find_by_codes(session, codes)

    def apply(item: DriverRequest) -> Outcome:
        _check_code(item.code)
        row = known.get(item.code)
        if row is None:
            row = known[item.code] = Driver(code=item.code, names={}, created_at=utc_now())
            write_differences(row, _wanted(item))
            session.add(row)
            return "created", row.id
        if not write_differences(row, _wanted(item)):
            return "unchanged", row.id
        row.version += 1
        session.add(row)
        return "updated", row.id

    done = apply_items(session, items, how, apply)
    trail.record(session, caller, SERVICE, "bulk", "driver", "", details={"items": len(items)})
    return done
