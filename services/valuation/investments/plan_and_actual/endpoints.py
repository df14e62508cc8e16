"""`/v1/initiative-variances` and `/v1/initiatives/{id}/variances`: plan against actual."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query

from services.valuation.investments.cash_flows.repository import sum_by_day
from services.valuation.investments.evaluations.flows import CashFlow
from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.investments.initiatives.filters import FilterDep
from services.valuation.investments.plan_and_actual import repository
from services.valuation.investments.plan_and_actual.answers import (
    EXPORT_COLUMNS,
    exported_row,
    promise_answer,
    variance_answer,
    variance_fields,
    variance_members,
)
from services.valuation.investments.plan_and_actual.domain import (
    compare,
    compare_category,
    cost_of,
    with_actual,
)
from services.valuation.investments.plan_and_actual.totals import (
    TOTAL_COLUMNS,
    total_answers,
    total_row,
)
from services.valuation.investments.run_costs.domain import join_run_cost
from services.valuation.investments.run_costs.workflow import NOT_ASKED, ask_run_cost, run_cost_note
from services.valuation.measures.value_kpis.series import UNLINKED
from shared.auth import Needs
from shared.contracts.jobs import Page
from shared.contracts.valuation.variances import (
    CategoryVariance,
    InitiativeVariance,
    InitiativeVariances,
    Measure,
    PromiseVariance,
    VarianceAnswer,
    VarianceTotal,
)
from shared.contracts.values import DecimalText
from shared.database import SessionDep, new_session
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.query_parameters import TAG_PARAMETER
from shared.http.routing import new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.valuation.initiatives import Initiative

router = new_router("/v1", "variances", [Needs("valuation:read")])

TEN_PERCENT = Decimal(10)
GROUPS = "portfolio|sponsor|kind|stage|solution|value_chain_stage|currency|all"
SORTABLE = {
    "code": Initiative.code,
    "go_live_on": Initiative.go_live_on,
    "planned_cost": Initiative.planned_cost,
    "actual_cost": Initiative.actual_cost,
    "cost_variance": Initiative.planned_cost - Initiative.actual_cost,  # type: ignore[operator]
    "benefit_variance": Initiative.actual_benefit - Initiative.planned_benefit,  # type: ignore[operator]
    "schedule_variance_days": Initiative.planned_go_live_on - Initiative.go_live_on,  # type: ignore[operator]
}


@router.get(
    "/initiatives/{initiative_id:uuid}/variances",
    summary="Hold an initiative's actual against its plan",
    operation_id="get_initiative_variances",
)
def get_initiative_variances(
    initiative_id: UUID,
    session: SessionDep,
    language: LanguageDep,
    run_cost: Annotated[
        Literal["cash_flows", "allocation"],
        Query(description="Where the actual run cost comes from"),
    ] = "cash_flows",
) -> InitiativeVariances:
    """Cost, benefit, days and promises; figures that its source states otherwise are conflicts.

    With `run_cost=allocation` the linked solution's cost in published runs since go-live stands
    for the actual run cost of their months. Stated figures are held against cash flows alone.
    """
    row = initiatives.get_initiative(session, initiative_id)
    asked = ask_run_cost(row) if run_cost == "allocation" else NOT_ASKED
    rows = sum_by_day(session, initiative_id, "actual")
    flows = [CashFlow(amount, category, on=day) for day, category, amount in rows]
    joined, replaced = join_run_cost(flows, asked)
    sums = initiatives.sum_flows(session, [initiative_id]).get(initiative_id, {})
    held = with_actual(sums, [(flow.kind, flow.amount) for flow in joined])
    cost = compare(cost_of(held, "plan"), cost_of(held, "actual"), less_is_good=True)
    return InitiativeVariances(
        **variance_members(row, language) | {"cost": VarianceAnswer(**variance_fields(cost))},
        categories=[
            CategoryVariance(
                category=category,
                currency=row.currency,
                **variance_fields(compare_category(held, category)),
            )
            for category in ("investment", "run_cost", "benefit")
        ],
        expectations=_expectations(session, row),
        run_cost=run_cost_note(asked, row.solution, replaced, language),
    )


def _expectations(session: SessionDep, row: Initiative) -> list[PromiseVariance]:
    promises = repository.list_promises(session, row.id)
    links = [f"initiative:{row.code}"]
    if row.solution is not None:
        links.append(f"solution:{row.solution}")
    kpi_ids = [kpi.id for _, kpi in promises]
    measured = repository.find_measured(session, kpi_ids, [*links, UNLINKED])
    return [promise_answer(promise, kpi, measured.get(kpi.id)) for promise, kpi in promises]


@router.get(
    "/initiative-variances",
    summary="List initiatives, plan against actual",
    operation_id="list_initiative_variances",
    responses=EXPORT_RESPONSES,
    openapi_extra=TAG_PARAMETER,
)
def list_initiative_variances(
    session: SessionDep,
    page: PageQueryDep,
    language: LanguageDep,
    export: ExportDep,
    wanted: FilterDep,
) -> Page[InitiativeVariance] | Any:
    """By code unless sorted (`sort=cost_variance`: the furthest over budget first).

    `conflict=true` lists those whose source states a figure that ours disagrees with.
    """
    query = initiatives.list_query(wanted)
    if export is not None:
        rows = _exported(query, language)
        return export_rows(export, "initiative-variances", EXPORT_COLUMNS, rows)
    found, cursor = list_page(
        session,
        query,
        page,
        sortable=SORTABLE,
        default_sort="code",
        filters=wanted.bound(),
        unique=Initiative.id,
    )
    return Page(items=[variance_answer(row, language) for row in found], next_cursor=cursor)


def _exported(query: Any, language: str) -> Iterator[list[Any]]:
    with new_session() as session:
        for row in initiatives.walk(session, query):
            yield exported_row(row, language)


@router.get(
    "/initiative-variances/totals",
    summary="Sum plan against actual by group",
    operation_id="list_initiative_variance_totals",
    responses=EXPORT_RESPONSES,
    openapi_extra=TAG_PARAMETER,
)
def list_initiative_variance_totals(
    session: SessionDep,
    page: PageQueryDep,
    export: ExportDep,
    wanted: FilterDep,
    group_by: Annotated[
        str,
        Query(
            max_length=205,
            pattern=rf"^({GROUPS}|tags\..{{1,200}})$",
            description=f"`{GROUPS.replace('|', '`, `')}` or a tag such as `tags.agency`",
        ),
    ] = "all",
    measure: Annotated[Measure, Query(description="Which cash flows are compared")] = "cost",
    kpi: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Compare promises of this KPI (target, newest month measured of the"
            " initiative) instead of cash flows",
        ),
    ] = None,
    over_percent: Annotated[DecimalText, Query(ge=0, le=1000)] = TEN_PERCENT,
) -> Page[VarianceTotal] | Any:
    """Sums, variances, how many are over budget and how accurate plans were, by currency."""
    if kpi is not None:
        pairs = repository.pairs_of_kpi(kpi, group_by, wanted)
    else:
        pairs = repository.pairs_of_money(measure, group_by, wanted)
    query, summed = repository.totals_query(pairs, over_percent)
    if export is not None:
        rows = _exported_totals(query, summed, pairs, over_percent, is_kpi=kpi is not None)
        return export_rows(export, "initiative-variance-totals", TOTAL_COLUMNS, rows)
    chosen = {"group_by": group_by, "measure": measure, "kpi": kpi, "over_percent": over_percent}
    found, cursor = list_page(
        session,
        query,
        page,
        sortable={"group": summed.c.key, "planned": summed.c.planned, "actual": summed.c.actual},
        default_sort="group",
        filters={**wanted.bound(), **chosen},
        unique=summed.c.key,
    )
    by_group = repository.list_pairs(session, pairs, [row.key for row in found])
    items = total_answers(found, by_group, over_percent, is_kpi=kpi is not None)
    return Page(items=items, next_cursor=cursor)


def _exported_totals(
    query: Any, summed: Any, pairs: Any, over_percent: Decimal, *, is_kpi: bool
) -> Iterator[list[Any]]:
    """All groups; there are few of them beside the initiatives they sum up."""
    with new_session() as session:
        found = session.execute(query.order_by(summed.c.key)).all()
        by_group = repository.list_pairs(session, pairs, [row.key for row in found])
    for answer in total_answers(found, by_group, over_percent, is_kpi=is_kpi):
        yield total_row(answer)
