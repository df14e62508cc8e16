"""`/v1/initiatives/{id}/value-expectations`: what an initiative promises."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import Query, Response

from services.valuation.changes import read_patch, write_changes
from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.investments.initiatives.domain import (
    BenefitKind,
    Stage,
    check_expectation,
    check_promise_stands,
)
from services.valuation.investments.value_expectations import repository
from services.valuation.investments.value_expectations.workflow import new_promise, put_promises
from services.valuation.measures.value_kpis import repository as kpis
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.initiatives import Level
from shared.contracts.valuation.promises import (
    ValueExpectationAnswer,
    ValueExpectationPatch,
    ValueExpectationRequest,
)
from shared.database import SessionDep
from shared.errors import Conflict
from shared.http.bulk import BulkQueryDep, read_items
from shared.http.etags import IfMatchDep, check_if_match, etag_of, set_etag
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.initiatives import ValueExpectation
from shared.tables.valuation.kpis import ValueKpi

SERVICE = "valuation"
MONEY_FIELDS = ("monetary_value", "currency", "benefit_kind")

router = new_router(
    "/v1/initiatives/{initiative_id:uuid}/value-expectations",
    "value-expectations",
    [Needs("valuation:read")],
)


def expectation_answer(
    row: ValueExpectation, initiative: str, kpi: str | None
) -> ValueExpectationAnswer:
    """A row as callers see it."""
    return ValueExpectationAnswer(
        **row.model_dump(exclude={"version", "initiative_id", "kpi_id"}),
        initiative=initiative,
        kpi=kpi,
        etag=etag_of(row.id, row.version),
    )


@router.get("", summary="List value expectations", operation_id="list_value_expectations")
def list_value_expectations(
    initiative_id: UUID,
    session: SessionDep,
    page: PageQueryDep,
    kpi: Annotated[str | None, Query(max_length=200)] = None,
    level: Annotated[Level | None, Query()] = None,
) -> Page[ValueExpectationAnswer]:
    """In the order in which they were made unless sorted otherwise."""
    initiative = initiatives.get_initiative(session, initiative_id)
    query = repository.list_query(initiative_id)
    if kpi is not None:
        query = query.where(ValueKpi.code == kpi)
    if level is not None:
        query = query.where(ValueExpectation.level == level)
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={
            "id": ValueExpectation.id,
            "level": ValueExpectation.level,
            "due_period": ValueExpectation.due_period,
            "monetary_value": ValueExpectation.monetary_value,
        },
        default_sort="id",
        filters={"initiative": initiative_id, "kpi": kpi, "level": level},
        unique=ValueExpectation.id,
    )
    items = [expectation_answer(row[0], initiative.code, row[1]) for row in rows]
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/{expectation_id:uuid}",
    summary="Read a value expectation",
    operation_id="get_value_expectation",
)
def get_value_expectation(
    initiative_id: UUID, expectation_id: UUID, session: SessionDep, response: Response
) -> ValueExpectationAnswer:
    """One promise; its ETag is needed to change it."""
    initiative = initiatives.get_initiative(session, initiative_id)
    row, kpi = repository.get_expectation(session, initiative_id, expectation_id)
    set_etag(response, row)
    return expectation_answer(row, initiative.code, kpi)


@router.post(
    "",
    summary="Add a value expectation",
    operation_id="create_value_expectation",
    status_code=201,
    dependencies=[Needs("valuation:write")],
)
def create_value_expectation(
    initiative_id: UUID,
    request: ValueExpectationRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
) -> ValueExpectationAnswer:
    """409 `expectation_exists` for the same kpi, level and due period."""
    initiative = initiatives.get_initiative(session, initiative_id, lock=True)
    known = kpis.find_by_codes(session, [request.kpi] if request.kpi else [])
    row = new_promise(initiative, request, known)
    present = repository.find_of_initiatives(session, [initiative_id])
    if repository.natural_key(row) in present:
        raise Conflict("this promise is made already", code="expectation_exists")
    session.add(row)
    session.flush()
    trail.record(
        session, caller, SERVICE, "create", "value_expectation", str(row.id),
        after=row.model_dump(),
    )  # fmt: skip
    set_etag(response, row)
    return expectation_answer(row, initiative.code, request.kpi)


@router.patch(
    "/{expectation_id:uuid}",
    summary="Change a value expectation",
    operation_id="update_value_expectation",
    dependencies=[Needs("valuation:write")],
)
def update_value_expectation(
    initiative_id: UUID,
    expectation_id: UUID,
    patch: ValueExpectationPatch,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatchDep,
) -> ValueExpectationAnswer:
    """A merge patch; kpi, level and due period stay, and so do approved reviews.

    409 `promise_in_force` for a number that was promised before going live.
    """
    initiative = initiatives.get_initiative(session, initiative_id, lock=True)
    row, kpi = repository.get_expectation(session, initiative_id, expectation_id)
    check_if_match(if_match, row)
    before = row.model_dump()
    given = read_patch(patch, never_null=())
    money = {name: given.get(name, getattr(row, name)) for name in MONEY_FIELDS}
    kind: BenefitKind | None = money["benefit_kind"]
    check_expectation(
        kpi=kpi, monetary_value=money["monetary_value"], currency=money["currency"], kind=kind
    )
    stage = cast(Stage, initiative.stage)
    check_promise_stands(stage, before, given, historic=initiative.historic)
    if write_changes(row, given):
        session.add(row)
        session.flush()
        trail.record(
            session, caller, SERVICE, "update", "value_expectation", str(row.id),
            before=before, after=row.model_dump(),
        )  # fmt: skip
    set_etag(response, row)
    return expectation_answer(row, initiative.code, kpi)


@router.delete(
    "/{expectation_id:uuid}",
    summary="Delete a value expectation",
    operation_id="delete_value_expectation",
    status_code=204,
    dependencies=[Needs("valuation:write")],
)
def delete_value_expectation(
    initiative_id: UUID,
    expectation_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    if_match: IfMatchDep,
) -> None:
    """Only while the initiative is proposed, rejected or historic; later promises stand (409)."""
    initiative = initiatives.get_initiative(session, initiative_id, lock=True)
    row, _ = repository.get_expectation(session, initiative_id, expectation_id)
    check_if_match(if_match, row)
    if not (initiative.historic or initiative.stage in {"proposed", "rejected"}):
        raise Conflict("it was approved on this promise", code="expectation_in_use")
    session.delete(row)
    trail.record(
        session, caller, SERVICE, "delete", "value_expectation", str(expectation_id),
        before=row.model_dump(),
    )  # fmt: skip


@router.post(
    "/bulk",
    summary="Add or change many value expectations",
    operation_id="bulk_value_expectations",
    dependencies=[Needs("valuation:write")],
)
def bulk_value_expectations(
    initiative_id: UUID,
    request: BulkRequest[ValueExpectationRequest],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """Upsert by kpi, level and due period; each item has its own result."""
    initiative = initiatives.get_initiative(session, initiative_id, lock=True)
    items = read_items(ValueExpectationRequest, request.items)
    done = put_promises(session, items, [initiative] * len(items), how)
    trail.record(
        session, caller, SERVICE, "bulk", "value_expectation", str(initiative_id),
        details={"items": len(items), "sha256": trail.sha256_of(request.items)},
    )  # fmt: skip
    return done
