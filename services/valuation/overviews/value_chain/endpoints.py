"""`/v1/value-chain`: what each stage of the business costs in IT and what it earns."""

from contextlib import closing
from typing import Annotated, Any

from fastapi import Query

from services.valuation.overviews.asked_months import AskedMonthsDep
from services.valuation.overviews.value_chain import repository
from services.valuation.overviews.value_chain.answers import chain_answer
from services.valuation.overviews.value_chain.workflow import load_chain
from shared.auth import Needs
from shared.clients.allocation.value_views import allocation_views
from shared.contracts.valuation.value_chain import ValueChain
from shared.database import SessionDep
from shared.http.exports import EXPORT_RESPONSES, ExportDep, export_rows
from shared.http.language import LanguageDep
from shared.http.routing import new_router

COLUMNS = (
    "code", "name", "cost", "cost_share", "value", "value_share", "value_per_cost", "sentence"
)  # fmt: skip

router = new_router("/v1/value-chain", "value-chain", [Needs("valuation:read")])


@router.get(
    "",
    summary="Cost beside value for each stage of the value chain",
    operation_id="get_value_chain",
    response_model=ValueChain,
    responses=EXPORT_RESPONSES,
)
def get_value_chain(
    session: SessionDep,
    asked: AskedMonthsDep,
    language: LanguageDep,
    export: ExportDep,
    parts: Annotated[
        int, Query(ge=0, le=1000, description="How many solutions of a stage are listed")
    ] = 100,
) -> ValueChain | Any:
    """Published costs of the stages' solutions beside the revenue that KPIs report for them.

    409 `no_published_run` when none of the months has a run.
    """
    with closing(allocation_views(language)) as client:
        chain = load_chain(session, client, asked, language)
    answer = chain_answer(chain, repository.list_all(session), asked, language, parts)
    if export is None:
        return answer
    rows = [[getattr(item, name) for name in COLUMNS] for item in answer.items]
    last = [getattr(answer.unassigned, name, None) for name in COLUMNS]
    return export_rows(export, "value-chain", COLUMNS, [*rows, last])
