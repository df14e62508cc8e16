"""Energy and emissions of a run, asked of the views of allocation by measure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from services.valuation.reporting.reports.content.carbon.facts import (
    CarbonFacts,
    CarbonRow,
    CarbonTotal,
)
from shared.clients.allocation.figures import AllocationFigures
from shared.contracts.valuation.reports import ReportParameters
from shared.errors import Conflict

MEASURES = {"kwh": "kwh", "co2e_operational": "operational", "co2e_embodied": "embodied"}
_LAYERS = {"resource": "technology", "solution": "solutions", "consumer": "consumers"}


def gather_carbon(
    client: AllocationFigures, run: Mapping[str, Any], parameters: ReportParameters
) -> CarbonFacts:
    """Every object with its measures; 409 `measures_missing` for a run of cost alone."""
    measures = [measure for measure in MEASURES if measure in run["measures"]]
    if not measures:
        raise Conflict(
            f"run {run['id']} has no energy or emissions; order a run with measures "
            + ", ".join(MEASURES),
            code="measures_missing",
        )
    query = {"level": parameters.level} if parameters.level else {}
    rows: list[CarbonRow] = []
    for layer, view in _LAYERS.items():
        by_code: dict[str, dict[str, Any]] = {}
        for measure in ("cost", *measures):
            asked: dict[str, Any] = {**query, "measure": measure}
            if view != "technology":
                asked["parts"] = 0
            for item in client.list_view(view, run["id"], **asked):
                one = by_code.setdefault(item["code"] or "", {"name": item["name"]})
                one[MEASURES.get(measure, "cost")] = Decimal(item["amount"])
        rows += [
            CarbonRow(
                layer,
                code,
                one["name"],
                *(one.get(key) for key in (*MEASURES.values(), "cost")),
            )
            for code, one in sorted(by_code.items())
        ]
    totals = tuple(_total(measure, run["totals"][measure]) for measure in measures)
    return CarbonFacts(run["emission_basis"], totals, tuple(rows))


def _total(measure: str, totals: Mapping[str, Any]) -> CarbonTotal:
    return CarbonTotal(
        measure,
        Decimal(totals["input"]),
        Decimal(totals["consumers"]),
        Decimal(totals["unallocated"]),
    )
