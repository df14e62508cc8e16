"""`/v1/scorecards`: a balanced scorecard of IT, or of one business unit."""

from typing import Annotated

from fastapi import Query

from services.valuation.overviews.asked_months import AskedMonthsDep
from services.valuation.overviews.scorecards.answers import card_answer
from services.valuation.overviews.scorecards.workflow import gather_card
from shared.auth import Needs
from shared.contracts.valuation.scorecards import Scorecard
from shared.database import SessionDep
from shared.http.language import LanguageDep
from shared.http.routing import new_router

router = new_router("/v1/scorecards", "scorecards", [Needs("valuation:read")])


@router.get("", summary="Balanced scorecard", operation_id="get_scorecard")
def get_scorecard(
    session: SessionDep,
    asked: AskedMonthsDep,
    language: LanguageDep,
    consumer: Annotated[
        str | None,
        Query(max_length=200, description="A business unit and all below it; else IT"),
    ] = None,
) -> Scorecard:
    """KPIs by perspective, scored by how far their targets are reached, with the IT cost beside.

    Of IT: every KPI linked to no consumer. Of a business unit: KPIs linked to it or to anything
    below it, or observed of these. 422 `unknown_consumer`.
    """
    unit, facts, cost = gather_card(session, asked, consumer, language)
    return card_answer(asked, unit, facts, cost, language)
