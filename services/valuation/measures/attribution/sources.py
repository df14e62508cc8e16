"""What a caller names as the explanation of a KPI: a driver, another KPI, or a published cost."""

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sqlmodel import Session

from services.valuation.measures.value_kpis import repository
from services.valuation.measures.value_kpis.asked_figures import AskedFigures
from services.valuation.measures.value_kpis.formulas.figures import LAYERS
from services.valuation.measures.value_kpis.formulas.tree import DriverTotal, PublishedCost
from shared.clients.allocation.figures import allocation_figures
from shared.errors import RuleBroken, Unavailable
from shared.tables.valuation.kpis import ValueKpi

SourceKind = Literal["driver", "kpi", "cost_of"]
Series = dict[str, Decimal | None]
_SILENT = {"ingest_unreachable": "ingest", "allocation_unreachable": "allocation"}


@dataclass(frozen=True)
class Source:
    """A series beside the KPI: another KPI, or else a figure of ingest or allocation."""

    kind: SourceKind
    code: str
    kpi: ValueKpi | None = None
    figure: DriverTotal | PublishedCost | None = None


def find_kpi(session: Session, parameter: str, code: str) -> Source:
    """Another KPI; 422 `unknown_code` when there is none."""
    found = repository.find_by_codes(session, [code]).get(code)
    if found is None:
        raise _unknown(parameter, f"there is no value KPI {code}")
    return Source("kpi", code, kpi=found)


def name_driver(code: str, target: str | None) -> Source:
    """The month's total of a driver of ingest, or its quantity of one target."""
    return Source("driver", code, figure=DriverTotal(code, target))


def find_cost(text: str) -> Source:
    """What an object cost in published runs, from a solution's code or `layer:code`.

    422 `unknown_code` when allocation has no such object.
    """
    layer, _, code = text.partition(":")
    if layer not in LAYERS or not code:
        layer, code = "solution", text
    with closing(allocation_figures("en")) as client:
        if client.find_object(layer, code) is None:
            raise _unknown("cost_of", f"allocation knows no {layer} {code}")
    return Source("cost_of", code, figure=PublishedCost(layer, code))


def ask_figure(
    figure: DriverTotal | PublishedCost, months: Sequence[str]
) -> tuple[Series, str | None]:
    """A figure month by month and its unit; 503 when the service behind it does not answer."""
    figures = AskedFigures([figure], months[0], months[-1])
    found = {month: figures.find(figure, month) for month in months}
    reasons = {each.reason for each in found.values()}
    refuse_silent(reasons)
    if "unknown_driver" in reasons:
        raise _unknown("driver", f"ingest has no monthly totals of a driver {figure.code}")
    units = sorted({each.unit for each in found.values() if each.unit and each.value is not None})
    if len(units) > 1:
        message = f"the runs of these months are in {', '.join(units)}; ask for them apart"
        raise RuleBroken.at("query:/cost_of", "mixed_currencies", message)
    return {month: each.value for month, each in found.items()}, units[0] if units else None


def refuse_silent(reasons: Collection[str | None]) -> None:
    """503 when a value is missing because another service did not answer: better none than thin."""
    for reason, service in _SILENT.items():
        if reason in reasons:
            raise Unavailable(f"{service} does not answer")


def _unknown(parameter: str, message: str) -> RuleBroken:
    return RuleBroken.at(f"query:/{parameter}", "unknown_code", message)
