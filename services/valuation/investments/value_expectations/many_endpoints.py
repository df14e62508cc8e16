"""`/v1/value-expectations`: what all initiatives promise, in one list and one call."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query

from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.investments.value_expectations import repository
from services.valuation.investments.value_expectations.endpoints import SERVICE, expectation_answer
from services.valuation.investments.value_expectations.workflow import put_promises
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.bulk import BulkAnswer, BulkRequest
from shared.contracts.jobs import Page
from shared.contracts.valuation.initiatives import BenefitKind, Level
from shared.contracts.valuation.promises import (
    ValueExpectationAnswer,
    ValueExpectationOfInitiative,
)
from shared.contracts.values import Period
from shared.database import SessionDep, new_session
from shared.errors import Problem
from shared.http.bulk import BulkQueryDep, read_items
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.initiatives import Initiative, ValueExpectation

EXPORT_COLUMNS = (
    "initiative", "kpi", "level", "baseline", "target", "due_period", "monetary_value",
    "currency", "benefit_kind", "owner", "note",
)  # fmt: skip

router = new_router("/v1/value-expectations", "value-expectations", [Needs("valuation:read")])


@router.get(
    "",
    summary="List the value expectations of all initiatives",
    operation_id="list_all_value_expectations",
    responses=EXPORT_RESPONSES,
)
def list_all_value_expectations(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    initiative: Annotated[str | None, Query(max_length=200)] = None,
    kpi: Annotated[str | None, Query(max_length=200)] = None,
    level: Annotated[Level | None, Query()] = None,
    due_period: Annotated[Period | None, Query()] = None,
    benefit_kind: Annotated[BenefitKind | None, Query()] = None,
    owner: Annotated[str | None, Query(max_length=500)] = None,
) -> Page[ValueExpectationAnswer] | Any:
    """In the order in which they were made unless sorted otherwise."""
    equal = {
        "level": level, "due_period": due_period, "benefit_kind": benefit_kind, "owner": owner,
    }  # fmt: skip
    query = repository.list_all_query(initiative, kpi, equal)
    if export is not None:
        return export_rows(export, "value-expectations", EXPORT_COLUMNS, _exported(query))
    rows, cursor = list_page(
        session,
        query,
        page,
        sortable={
            "id": ValueExpectation.id,
            "initiative": Initiative.code,
            "due_period": ValueExpectation.due_period,
            "monetary_value": ValueExpectation.monetary_value,
        },
        default_sort="id",
        filters={"initiative": initiative, "kpi": kpi, **equal},
        unique=ValueExpectation.id,
    )
    items = [expectation_answer(row[0], row[2], row[1]) for row in rows]
    return Page(items=items, next_cursor=cursor)


def _exported(query: Any) -> Iterator[list[Any]]:
    with new_session() as session:
        for row, kpi, initiative in repository.walk_all(session, query):
            named = {"initiative": initiative, "kpi": kpi}
            yield [named.get(name, getattr(row, name, None)) for name in EXPORT_COLUMNS]


@router.post(
    "/bulk",
    summary="Add or change value expectations of many initiatives",
    operation_id="bulk_value_expectations_of_initiatives",
    dependencies=[Needs("valuation:write")],
)
def bulk_value_expectations_of_initiatives(
    request: BulkRequest[ValueExpectationOfInitiative],
    session: SessionDep,
    caller: CallerDep,
    how: BulkQueryDep,
) -> BulkAnswer:
    """As for one initiative, with the code of the `initiative` in every item."""
    items = read_items(ValueExpectationOfInitiative, request.items)
    named = [item.initiative for item in items if not isinstance(item, Problem)]
    known = initiatives.find_by_codes(session, named, lock=True)
    owners = [None if isinstance(item, Problem) else known.get(item.initiative) for item in items]
    done = put_promises(session, items, owners, how)
    trail.record(
        session, caller, SERVICE, "bulk", "value_expectation", "",
        details={"items": len(items), "sha256": trail.sha256_of(request.items)},
    )  # fmt: skip
    return done
