"""Energy and carbon as callers see them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from services.valuation.overviews.asked_months import AskedMonths
from services.valuation.overviews.carbon.domain import (
    MEASURES,
    Footprint,
    add_up,
    co2e_of,
    kg_per_1000,
)
from services.valuation.overviews.carbon.workflow import CarbonFacts
from services.valuation.overviews.value_chain.domain import settle_shares
from shared.contracts.valuation.carbon import (
    Carbon,
    CarbonBasis,
    CarbonItem,
    CarbonLayer,
    CarbonMeasure,
)
from shared.http.links import beside
from shared.money import EXACT

NAMES = {
    "kwh": {"en": "Energy", "zh-CN": "用电量"},
    "co2e_operational": {"en": "Operational carbon", "zh-CN": "运行碳排放"},
    "co2e_embodied": {"en": "Embodied carbon", "zh-CN": "隐含碳排放"},
}
EMBODIED_SCOPE = "3"


def carbon_answer(
    facts: CarbonFacts,
    asked: AskedMonths,
    layer: CarbonLayer,
    shown: Sequence[Footprint],
    cursor: str | None,
    language: str,
) -> Carbon:
    """The page of items that is shown; sums are of all items."""
    totals = {name: facts.totals.get(name) for name in MEASURES}
    co2e, cost = co2e_of(totals), facts.view.totals["input"]
    return Carbon(
        period=asked.period,
        periods=list(facts.view.periods),
        scenario=asked.scenario,
        runs=[UUID(run) for run in facts.view.runs],
        layer=layer,
        currency=facts.currency,
        cost=cost,
        co2e=co2e,
        kg_per_1000=kg_per_1000(co2e, cost),
        measures=[_basis(facts, cast(CarbonMeasure, name), language) for name in MEASURES],
        items=carbon_items(facts, layer, shown),
        next_cursor=cursor,
    )


def carbon_items(
    facts: CarbonFacts, layer: CarbonLayer, shown: Sequence[Footprint]
) -> list[CarbonItem]:
    """Some of the objects, with their shares of all of them."""
    shares = settle_shares(
        {each.code: each.co2e for each in facts.footprints if each.co2e is not None}
    )
    return [_item(facts, layer, each, shares.get(each.code)) for each in shown]


def _item(
    facts: CarbonFacts, layer: CarbonLayer, each: Footprint, share: Decimal | None
) -> CarbonItem:
    figures: dict[str, Any] = dict(each.measures)
    return CarbonItem(
        layer=layer,
        code=each.code,
        name=each.name,
        **figures,
        co2e=each.co2e,
        share=share,
        cost=each.cost,
        kg_per_1000=each.kg_per_1000,
        unit=each.unit,
        quantity=each.quantity,
        kg_per_unit=each.kg_per_unit,
        href=_trace_address(facts, layer, each.code),
    )


def _trace_address(facts: CarbonFacts, layer: CarbonLayer, code: str) -> str:
    """Where the newest run traces an object's carbon (else its energy) back to the resources."""
    measure = next((name for name in MEASURES[1:] if name in facts.totals), MEASURES[0])
    query = {"layer": layer, "code": code, "direction": "back", "to": "resource"}
    asked = urlencode({**query, "measure": measure})
    return beside("allocation", f"/v1/runs/{facts.view.runs[-1]}/trace?{asked}")


def _basis(facts: CarbonFacts, measure: CarbonMeasure, language: str) -> CarbonBasis:
    operational, embodied = measure == "co2e_operational", measure == "co2e_embodied"
    total = facts.totals.get(measure)
    shown = None if total is None else add_up(facts.footprints, measure)
    return CarbonBasis.model_validate(
        {
            "measure": measure,
            "name": NAMES[measure][language],
            "unit": "kWh" if measure == "kwh" else "kgCO2e",
            "available": total is not None,
            "bases": list(facts.bases) if operational else [],
            "scopes": list(facts.factors.scopes)
            if operational
            else [EMBODIED_SCOPE]
            if embodied
            else [],
            "factors": list(facts.factors.codes) if operational else [],
            "total": total,
            "shown": shown,
            "beyond": None if total is None or shown is None else EXACT.subtract(total, shown),
        }
    )
