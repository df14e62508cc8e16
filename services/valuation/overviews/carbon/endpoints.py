"""`/v1/carbon`: energy and carbon of a layer, from the measures of published runs."""

from contextlib import closing
from typing import Annotated, Any

from fastapi import Query

from services.valuation.overviews.asked_months import AskedMonthsDep
from services.valuation.overviews.carbon.answers import carbon_answer, carbon_items
from services.valuation.overviews.carbon.workflow import load_carbon
from shared.auth import Needs
from shared.clients.allocation.value_views import allocation_views
from shared.contracts.valuation.carbon import Carbon, CarbonItem, CarbonLayer
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.pages_in_memory import page_of, sorted_rows
from shared.http.routing import new_router
from shared.pagination import PageQueryDep

COLUMNS = tuple(name for name in CarbonItem.model_fields if name != "href")
SORTABLE = {
    "code": lambda each: each.code,
    "name": lambda each: each.name,
    "co2e": lambda each: each.co2e,
    "kwh": lambda each: each.measures["kwh"],
    "cost": lambda each: each.cost,
    "kg_per_1000": lambda each: each.kg_per_1000,
    "kg_per_unit": lambda each: each.kg_per_unit,
}

router = new_router("/v1/carbon", "carbon", [Needs("valuation:read")])


@router.get(
    "",
    summary="Energy and carbon of a layer",
    operation_id="get_carbon",
    response_model=Carbon,
    responses=EXPORT_RESPONSES,
)
def get_carbon(
    asked: AskedMonthsDep,
    language: LanguageDep,
    page: PageQueryDep,
    export: ExportDep,
    layer: Annotated[CarbonLayer, Query()] = "resource",
    level: Annotated[int | None, Query(ge=1, le=20, description="1 shows the roots")] = None,
    code: Annotated[str | None, Query(max_length=200, description="One object")] = None,
) -> Carbon | Any:
    """Energy, operational and embodied carbon, and their intensity per cost and unit.

    409 `measures_missing` when the runs were made with cost only, `no_published_run` without any.
    """
    with closing(allocation_views(language)) as client:
        facts = load_carbon(client, asked, layer, level)
    rows = [each for each in facts.footprints if code in {None, each.code}]
    rows = sorted_rows(rows, page, SORTABLE)
    if export is not None:
        items = carbon_items(facts, layer, rows)
        told = ([getattr(item, name) for name in COLUMNS] for item in items)
        return export_rows(export, "carbon", COLUMNS, told)
    bound = {
        "runs": facts.view.runs,
        "layer": layer,
        "level": level,
        "code": code,
        "sort": page.sort,
    }
    shown, _, cursor = page_of(rows, page.limit, page.cursor, bound)
    return carbon_answer(facts, asked, layer, shown, cursor, language)
