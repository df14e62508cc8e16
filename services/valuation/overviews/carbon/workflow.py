"""Asks allocation for every measure of a layer, and for the factors behind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.valuation.overviews.asked_months import AskedMonths, read_costs
from services.valuation.overviews.carbon.domain import MEASURES, Footprint, Line, join_measures
from shared.clients.allocation.value_views import AllocationViews, WholeView
from shared.errors import Conflict

VIEWS = {
    "pool": "finance",
    "resource": "technology",
    "solution": "solutions",
    "consumer": "consumers",
}
NO_PARTS = {"solution": {"parts": 0}, "consumer": {"parts": 0}}


@dataclass(frozen=True)
class Factors:
    """The emission factors of some bases that concern the regions of the company's resources."""

    codes: Sequence[str]
    scopes: Sequence[str]


@dataclass(frozen=True)
class CarbonLayer:
    """A layer with all its measures; `totals` are the inputs of the runs by measure."""

    currency: str
    view: WholeView
    footprints: Sequence[Footprint]
    totals: Mapping[str, Decimal]
    bases: Sequence[str]


@dataclass(frozen=True)
class CarbonFacts(CarbonLayer):
    """The same with the factors behind its emissions."""

    factors: Factors


def load_carbon(
    client: AllocationViews, asked: AskedMonths, layer: str, level: int | None
) -> CarbonFacts:
    """As `load_layer`, with the emission factors that speak for those months."""
    found = load_layer(client, asked, layer, level)
    return CarbonFacts(**vars(found), factors=_factors(client, found.bases, asked.last))


def load_layer(
    client: AllocationViews, asked: AskedMonths, layer: str, level: int | None
) -> CarbonLayer:
    """Cost and measures of a layer over the asked months.

    409 `no_published_run`, or `measures_missing` when the runs were made with cost only.
    """
    query = {**NO_PARTS.get(layer, {}), **({"level": level} if level else {})}
    costs, currency = read_costs(client, asked, VIEWS[layer], **query)
    runs = _runs_behind(client, asked, costs)
    measured = _measures_of(runs)
    views = {
        measure: client.read_view(VIEWS[layer], **asked.query, measure=measure, **query)
        for measure in measured
    }
    footprints = join_measures(
        _lines(costs.items), {measure: _lines(view.items) for measure, view in views.items()}
    )
    return CarbonLayer(
        currency,
        costs,
        footprints,
        {measure: view.totals["input"] for measure, view in views.items()},
        sorted({run["emission_basis"] for run in runs}),
    )


def _runs_behind(
    client: AllocationViews, asked: AskedMonths, costs: WholeView
) -> list[Mapping[str, Any]]:
    if len(costs.runs) == 1:
        return [client.get_run(costs.runs[0])]
    behind = set(costs.runs)
    return [run for run in client.list_published_runs(asked.scenario) if run["id"] in behind]


def _measures_of(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The measures that all runs have; 409 when they share none."""
    found = [measure for measure in MEASURES if all(measure in run["measures"] for run in runs)]
    if not found:
        lacking = [
            f"run {run['id']} of {run['period']} lacks"
            f" {', '.join(each for each in MEASURES if each not in run['measures'])}"
            for run in runs
            if any(each not in run["measures"] for each in MEASURES)
        ]
        raise Conflict("; ".join(lacking), code="measures_missing")
    return found


def _factors(client: AllocationViews, bases: Sequence[str], period: str) -> Factors:
    regions = {
        (item.get("attributes") or {}).get("region") for item in client.list_objects("resource")
    }
    newest: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for basis in bases:
        for factor in client.list_factors(basis, period):
            key = (factor["region"], factor["scope"], factor["basis"])
            if factor["region"] in regions and (
                key not in newest or newest[key]["valid_from"] < factor["valid_from"]
            ):
                newest[key] = factor
    return Factors(
        sorted({factor["code"] for factor in newest.values()}),
        sorted({factor["scope"] for factor in newest.values()}),
    )


def _lines(items: Iterable[Mapping[str, Any]]) -> list[Line]:
    return [
        Line(
            item["code"] or "",
            item["name"],
            Decimal(item["amount"]),
            item.get("unit"),
            _decimal(item.get("quantity")),
            _decimal(item.get("unit_cost")),
        )
        for item in items
    ]


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
