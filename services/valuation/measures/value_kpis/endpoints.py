"""`/v1/value-kpis`: what value is measured by."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from services.valuation.changes import merge_names, read_patch, write_changes
from services.valuation.measures.value_kpis import repository
from services.valuation.measures.value_kpis.answers import (
    EXPORT_COLUMNS,
    exported_kpi,
    kpi_answer,
    stored_fields,
    stored_kpi,
)
from services.valuation.measures.value_kpis.formula_checks import is_in_a_formula, open_book
from services.valuation.measures.value_kpis.links import LinkDep
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.clock import utc_now
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.kpis import (
    Dimension,
    KpiClass,
    Perspective,
    ValueKpiAnswer,
    ValueKpiPatch,
    ValueKpiRequest,
    ValueRole,
)
from shared.database import SessionDep, new_session
from shared.errors import Conflict, Problem
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, read_items
from shared.http.etags import IfMatchDep, check_if_match, set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.kpis import ValueKpi

SERVICE = "valuation"
NEVER_NULL = {
    "names", "kpi_class", "unit", "direction", "aggregation", "targets", "links", "weight",
}  # fmt: skip
CodeQuery = Annotated[str | None, Query(max_length=200)]

router = new_router("/v1/value-kpis", "value-kpis", [Needs("valuation:read")])


@router.get(
    "", summary="List value KPIs", operation_id="list_value_kpis", responses=EXPORT_RESPONSES,
    response_model=Page[ValueKpiAnswer],
)  # fmt: skip
def list_value_kpis(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    language: LanguageDep,
    link: LinkDep,
    code: CodeQuery = None,
    kpi_class: Annotated[KpiClass | None, Query(alias="class")] = None,
    dimension: Annotated[Dimension | None, Query()] = None,
    perspective: Annotated[Perspective | None, Query()] = None,
    value_role: Annotated[ValueRole | None, Query()] = None,
    owner: CodeQuery = None,
    pack: CodeQuery = None,
    q: Annotated[str | None, Query(max_length=200, description="Part of code or name")] = None,
) -> Page[ValueKpiAnswer] | Any:
    """Ordered by code unless sorted otherwise; the link filters find KPIs linked to a thing."""
    equal = {
        "code": code,
        "kpi_class": kpi_class,
        "dimension": dimension,
        "perspective": perspective,
        "value_role": value_role,
        "owner": owner,
        "pack": pack,
    }
    query = repository.list_query(equal, link, q)
    if export is not None:
        return export_rows(export, "value-kpis", EXPORT_COLUMNS, _exported(query, language))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={
            "code": ValueKpi.code,
            "class": ValueKpi.kpi_class,
            "created_at": ValueKpi.created_at,
            "updated_at": ValueKpi.updated_at,
        },
        default_sort="code",
        filters={**equal, "link": link, "q": q},
        unique=ValueKpi.id,
    )
    return Page(items=[kpi_answer(row, language) for row in rows], next_cursor=cursor)


def _exported(query: Any, language: str) -> Iterator[list[Any]]:
    with new_session() as session:
        for row in repository.walk(session, query):
            yield exported_kpi(row, language)


@router.get("/{kpi_id:uuid}", summary="Read a value KPI", operation_id="get_value_kpi")
def get_value_kpi(
    kpi_id: UUID, session: SessionDep, language: LanguageDep, response: Response
) -> ValueKpiAnswer:
    """One KPI; its ETag is needed to change it."""
    row = repository.get_value_kpi(session, kpi_id)
    set_etag(response, row)
    return kpi_answer(row, language)


@router.post(
    "",
    summary="Add a value KPI",
    operation_id="create_value_kpi",
    status_code=201,
    dependencies=[Needs("valuation:write")],
)
def create_value_kpi(
    request: ValueKpiRequest,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> ValueKpiAnswer:
    """409 `code_taken` when the code exists.

    422 for a formula that is not arithmetic (`formula_invalid`), comes back to its own KPI
    (`formula_cycle`) or mixes units (`unit_mismatch`).
    """
    repository.hold_alone(session)
    if repository.find_by_codes(session, [request.code]):
        raise Conflict(f"the KPI {request.code} exists", code="code_taken")
    open_book(session, [request.formula]).take_in(request.code, request.unit, request.formula)
    row = _new_row(request)
    session.add(row)
    session.flush()
    trail.record(
        session, caller, SERVICE, "create", "value_kpi", str(row.id), after=row.model_dump()
    )
    set_etag(response, row)
    return kpi_answer(row, language)


def _new_row(request: ValueKpiRequest) -> ValueKpi:
    now = utc_now()
    return ValueKpi(**stored_kpi(request), created_at=now, updated_at=now)


@router.patch(
    "/{kpi_id:uuid}",
    summary="Change a value KPI",
    operation_id="update_value_kpi",
    dependencies=[Needs("valuation:write")],
)
def update_value_kpi(
    kpi_id: UUID,
    patch: ValueKpiPatch,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchDep,
) -> ValueKpiAnswer:
    """A merge patch; the code stays."""
    if not patch.model_fields_set.isdisjoint(("formula", "unit")):
        repository.hold_alone(session)  # before the row, as bulks do
    row = repository.get_value_kpi(session, kpi_id, lock=True)
    check_if_match(if_match, row)
    before = row.model_dump()
    given = read_patch(patch, never_null=NEVER_NULL)
    if patch.names is not None:
        given["names"] = merge_names(row.names, patch.names)
    if not given.keys().isdisjoint(("formula", "unit")):
        unit, formula = given.get("unit", row.unit), given.get("formula", row.formula)
        open_book(session, [formula]).take_in(row.code, unit, formula)
    if write_changes(row, stored_fields(given)):
        session.add(row)
        session.flush()
        trail.record(
            session, caller, SERVICE, "update", "value_kpi", str(row.id),
            before=before, after=row.model_dump(),
        )  # fmt: skip
    set_etag(response, row)
    return kpi_answer(row, language)


@router.delete(
    "/{kpi_id:uuid}",
    summary="Delete a value KPI",
    operation_id="delete_value_kpi",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_value_kpi(
    kpi_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """Only while nothing is observed, promised or computed by it (409 `kpi_in_use`)."""
    repository.hold_alone(session)  # before the row, as bulks do
    row = repository.get_value_kpi(session, kpi_id, lock=True)
    check_if_match(if_match, row)
    if repository.is_used(session, kpi_id):
        raise Conflict("observations or expectations name this KPI", code="kpi_in_use")
    if is_in_a_formula(session, row.code):
        raise Conflict("the formula of another KPI names this one", code="kpi_in_use")
    session.delete(row)
    trail.record(
        session, caller, SERVICE, "delete", "value_kpi", str(kpi_id), before=row.model_dump()
    )


@router.post(
    "/bulk",
    summary="Add or change many value KPIs",
    operation_id="bulk_value_kpis",
    dependencies=[Needs("valuation:write")],
)
def bulk_value_kpis(
    request: BulkRequest[ValueKpiRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by code; each item has its own result, and is checked after those before it."""
    items = read_items(ValueKpiRequest, request.items)
    repository.hold_alone(session)
    good = [item for item in items if not isinstance(item, Problem)]
    known = repository.find_by_codes(session, [item.code for item in good])
    book = open_book(session, [item.formula for item in good])
    book.expect({item.code: item.unit for item in good})

    def apply(item: ValueKpiRequest) -> Outcome:
        book.take_in(item.code, item.unit, item.formula)
        row = known.get(item.code)
        if row is None:
            row = known[item.code] = _new_row(item)
            session.add(row)
            return "created", row.id
        changed = write_changes(row, stored_kpi(item))
        session.add(row)
        return "updated" if changed else "unchanged", row.id

    done = apply_items(session, items, how, apply)
    trail.record(
        session, caller, SERVICE, "bulk", "value_kpi", "",
        details={"items": len(items), "sha256": trail.sha256_of(request.items)},
    )  # fmt: skip
    return done
