"""The value chain of one run, gathered as `GET /v1/value-chain` gathers it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.valuation.overviews.asked_months import AskedMonths
from services.valuation.overviews.value_chain.repository import list_all as list_stages
from services.valuation.overviews.value_chain.workflow import load_chain
from services.valuation.reporting.reports.content.chain_facts import ChainFacts
from shared.clients.allocation.value_views import AllocationViews
from shared.contracts.values import name_in


def gather_chain(
    session: Session, client: AllocationViews, run: Mapping[str, Any], language: str
) -> ChainFacts:
    """Costliest stage first, what is of no stage last; what has neither side is left out."""
    asked = AskedMonths(run["period"], run["period"], run["scenario"], UUID(run["id"]))
    chain = load_chain(session, client, asked, language)
    told = [each for each in chain.figures.values() if each.cost or each.value is not None]
    told.sort(key=lambda each: (each.stage is None, -each.cost, each.stage or ""))
    mixed = chain.revenue.reason == "mixed_units"
    units = {each.kpi.unit for each in chain.revenue.told if each.counted} if mixed else set()
    return ChainFacts(
        tuple(told),
        {row.code: name_in(row.names, language) for row in list_stages(session)},
        chain.revenue.unit,
        tuple(sorted(units)),
    )
