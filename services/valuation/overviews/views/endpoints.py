"""`/v1/views/solution-value`: what each solution costs beside what it brings."""

from contextlib import closing
from typing import Annotated, Any

from fastapi import Query

from services.valuation.overviews.asked_months import AskedMonthsDep
from services.valuation.overviews.views.answers import Presenter
from services.valuation.overviews.views.workflow import load_solutions
from shared.auth import Needs
from shared.clients.allocation.value_views import allocation_views
from shared.contracts.valuation.views import Quadrant, SolutionValueItem, SolutionValueView
from shared.database import SessionDep
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.pages_in_memory import page_of, sorted_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep

COLUMNS = (
    "code", "name", "value_chain_stage", "amount", "share", "unit", "quantity", "unit_cost",
    "value", "value_per_cost", "use", "nps", "csat", "underused", "underused_reason", "quadrant",
)  # fmt: skip
SORTABLE = {
    "amount": lambda each: each.amount,
    "code": lambda each: each.code,
    "csat": lambda each: each.csat.mean,
    "name": lambda each: each.name,
    "nps": lambda each: each.nps.nps,
    "unit_cost": lambda each: each.unit_cost,
    "use": lambda each: each.use.attainment if each.use else None,
    "value_per_cost": lambda each: each.value_per_cost,
}

router = new_router("/v1/views", "views", [Needs("valuation:read")])


@router.get(
    "/solution-value",
    summary="Cost beside value for each solution",
    operation_id="get_solution_value_view",
    response_model=SolutionValueView,
    responses=EXPORT_RESPONSES,
)
def get_solution_value_view(
    session: SessionDep,
    asked: AskedMonthsDep,
    language: LanguageDep,
    page: PageQueryDep,
    export: ExportDep,
    level: Annotated[int | None, Query(ge=1, le=20, description="1 shows the roots")] = None,
    code: Annotated[str | None, Query(max_length=200, description="One solution")] = None,
    value_chain_stage: Annotated[str | None, Query(max_length=200)] = None,
    underused: Annotated[bool | None, Query()] = None,
    quadrant: Annotated[Quadrant | None, Query()] = None,
) -> SolutionValueView | Any:
    """Costs of the published runs; KPIs with their newest figure, feedback, and who is underused.

    409 `no_published_run` when none of the months has one. With `level` a solution gathers all
    below it, also its KPIs and its feedback.
    """
    with closing(allocation_views(language)) as client:
        view, currency, facts = load_solutions(session, client, asked, level, language)
    present = Presenter(view, currency, asked, facts, language)
    filters = {
        "code": code,
        "value_chain_stage": value_chain_stage,
        "underused": underused,
        "quadrant": quadrant,
    }
    wanted = {name: value for name, value in filters.items() if value is not None}
    rows = [
        item
        for item in present.items()
        if all(getattr(item, name) == value for name, value in wanted.items())
    ]
    rows = sorted_rows(rows, page, SORTABLE)
    if export is not None:
        return export_rows(export, "solution-value", COLUMNS, [_cells(item) for item in rows])
    bound = {**filters, "runs": view.runs, "level": level, "sort": page.sort}
    shown, _, cursor = page_of(rows, page.limit, page.cursor, bound)
    return present.whole(list(shown), cursor)


def _cells(item: SolutionValueItem) -> list[Any]:
    """One row of a file: the figures of use and feedback alone, worth as `45 EUR; 3 USD`."""
    plain = {
        **dict(item),
        "value": "; ".join(f"{each.amount:f} {each.unit}" for each in item.value) or None,
        "use": item.use.attainment if item.use else None,
        "nps": item.nps.nps,
        "csat": item.csat.mean,
    }
    return [plain[name] for name in COLUMNS]
