"""`/v1/emission-factors`: what a kilowatt-hour stands for in CO2e, by region and month."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy import Select
from sqlmodel import Session, col

from services.allocation.emission_factors import repository
from services.allocation.emission_factors.repository import Key
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.allocation.emission_factors import (
    EmissionBasis,
    EmissionFactorAnswer,
    EmissionFactorRequest,
)
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.values import Period
from shared.database import SessionDep, new_session
from shared.errors import Conflict, FieldError, Problem
from shared.http.bulk import BulkQueryDep, Outcome, apply_items, bulk_details, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.ids import new_id
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.emissions import EmissionFactor

SERVICE = "allocation"
router = new_router("/v1/emission-factors", "emission factors", [Needs("allocation:read")])
WRITE = [Needs("allocation:write")]
COLUMNS = ("code", "region", "scope", "basis", "valid_from", "kg_per_kwh")
SORTABLE = {
    name: getattr(EmissionFactor, name) for name in ("code", "region", "scope", "valid_from")
}
Short = Annotated[str | None, Query(max_length=200)]


def _answer(row: EmissionFactor) -> EmissionFactorAnswer:
    fields = {name: getattr(row, name) for name in COLUMNS}
    return EmissionFactorAnswer(id=row.id, **fields, etag=etag_of(row.id, row.version))


@router.get(
    "",
    summary="List emission factors",
    operation_id="list_emission_factors",
    response_model=Page[EmissionFactorAnswer],
    responses=EXPORT_RESPONSES,
)
def list_factors(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    code: Short = None,
    region: Short = None,
    scope: Short = None,
    basis: EmissionBasis | None = None,
    valid_from: Period | None = None,
    period: Annotated[Period | None, Query(description="Begun by this month")] = None,
) -> Page[EmissionFactorAnswer] | Response:
    """By code unless sorted otherwise; of each region, scope and basis the newest one counts."""
    filters = {
        "code": code,
        "region": region,
        "scope": scope,
        "basis": basis,
        "valid_from": valid_from,
    }
    query = repository.list_query(filters, period)
    if export is not None:
        return export_rows(export, "emission-factors", COLUMNS, _cells(query))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable=SORTABLE,
        default_sort="code",
        filters={**filters, "period": period},
        unique=col(EmissionFactor.id),
    )
    return Page(items=[_answer(row) for row in rows], next_cursor=cursor)


def _cells(query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    with new_session() as session:
        ordered = query.order_by(col(EmissionFactor.code), col(EmissionFactor.id))
        for row in session.execute(ordered.execution_options(yield_per=1_000)).scalars():
            yield tuple(getattr(row, name) for name in COLUMNS)


@router.get(
    "/{factor_id:uuid}", summary="Read an emission factor", operation_id="get_emission_factor"
)
def get_factor(factor_id: UUID, session: SessionDep, response: Response) -> EmissionFactorAnswer:
    """One factor that still holds."""
    row = repository.get_factor(session, factor_id)
    set_etag(response, row)
    return _answer(row)


@router.post(
    "/bulk",
    summary="Add or change emission factors",
    operation_id="bulk_emission_factors",
    dependencies=WRITE,
)
def bulk_factors(
    request: BulkRequest[EmissionFactorRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by region, scope, basis and `valid_from`; 409 `factor_taken` under another code.

    Finished runs keep the factors that they took; runs of operational carbon become stale.
    """
    items = read_items(EmissionFactorRequest, request.items)
    repository.hold_factors(session)
    keys = {_key(item) for item in items if not isinstance(item, Problem)}
    writer = _Writer(session, repository.find_factors(session, sorted(keys)))
    done = apply_items(session, items, how, writer.put)
    details = bulk_details(request.items, done)
    trail.record(session, caller, SERVICE, "bulk", "emission_factor", "", details=details)
    return done


def _key(item: EmissionFactorRequest) -> Key:
    return (item.region, item.scope, item.basis, item.valid_from)


class _Writer:
    """Puts factors of one request in place: what is replaced is closed, never overwritten."""

    def __init__(self, session: Session, known: dict[Key, EmissionFactor]) -> None:
        self._session, self._known = session, known
        self._number: int | None = None

    def put(self, item: EmissionFactorRequest) -> Outcome:
        """Write one item."""
        before = self._known.get(_key(item))
        if before is not None and before.code != item.code:
            message = f"{before.code} already says this for the region, scope, basis and month"
            errors = [FieldError("/code", "factor_taken", message)]
            raise Conflict(message, code="factor_taken", errors=errors)
        if before is not None and before.kg_per_kwh == item.kg_per_kwh:
            return "unchanged", before.id
        return ("updated" if before else "created"), self._replace(before, item).id

    def _replace(
        self, before: EmissionFactor | None, item: EmissionFactorRequest
    ) -> EmissionFactor:
        if self._number is None:
            self._number = repository.next_change(self._session)
        if before is not None and before.live_from == self._number:
            before.kg_per_kwh = item.kg_per_kwh  # written by this very request
            return before
        if before is not None:
            before.live_to = self._number
            self._session.flush()
        row = EmissionFactor(id=new_id(), **item.model_dump(), live_from=self._number)
        self._session.add(row)
        self._known[_key(item)] = row
        return row


@router.delete(
    "/{factor_id:uuid}",
    summary="Withdraw an emission factor",
    operation_id="delete_emission_factor",
    status_code=204,
    dependencies=WRITE,
)
def delete_factor(
    factor_id: UUID, session: SessionDep, caller: CallerDep, if_match: IfMatchDep
) -> None:
    """From then on the factor before it holds again; finished runs keep what they took."""
    repository.hold_factors(session)
    row = repository.get_factor(session, factor_id)
    check_if_match(if_match, row)
    row.live_to = repository.next_change(session)
    session.add(row)
    before = {name: getattr(row, name) for name in COLUMNS}
    trail.record(session, caller, SERVICE, "delete", "emission_factor", str(row.id), before=before)
