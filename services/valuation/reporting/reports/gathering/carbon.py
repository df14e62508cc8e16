"""Energy and emissions of a run, gathered layer by layer as `GET /v1/carbon` gathers them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.valuation.overviews.asked_months import AskedMonths
from services.valuation.overviews.carbon.domain import MEASURES
from services.valuation.overviews.carbon.workflow import load_layer
from services.valuation.reporting.reports.content.carbon.facts import CarbonFacts, CarbonTotal
from shared.clients.allocation.value_views import AllocationViews
from shared.contracts.valuation.reports import ReportParameters

LAYERS = ("resource", "solution", "consumer")


def gather_carbon(
    client: AllocationViews, run: Mapping[str, Any], parameters: ReportParameters
) -> CarbonFacts:
    """Every object with its measures; 409 `measures_missing` for a run of cost alone."""
    asked = AskedMonths(run["period"], run["period"], run["scenario"], UUID(run["id"]))
    layers = {layer: load_layer(client, asked, layer, parameters.level) for layer in LAYERS}
    totals = [
        _total(measure, run["totals"][measure])
        for measure in MEASURES
        if measure in run["measures"]
    ]
    return CarbonFacts(
        run["emission_basis"],
        tuple(totals),
        {layer: tuple(found.footprints) for layer, found in layers.items()},
    )


def _total(measure: str, totals: Mapping[str, Any]) -> CarbonTotal:
    return CarbonTotal(
        measure,
        Decimal(totals["input"]),
        Decimal(totals["consumers"]),
        Decimal(totals["unallocated"]),
    )
