"""The figures of other services that a formula may name, and what may be said of each."""

from collections.abc import Sequence

from services.valuation.measures.value_kpis.formulas.refusal import refused
from services.valuation.measures.value_kpis.formulas.tree import (
    DriverTotal,
    Leaf,
    PublishedCost,
    TicketFigure,
)

FIGURES = ("driver", "tickets", "cost")
LAYERS = ("pool", "resource", "solution", "consumer")
DRIVER_LIMITS = ("target", "source")
TICKET_LIMITS = (
    "service", "solution", "consumer", "kind", "assignment_group", "category", "priority", "state",
)  # fmt: skip
TICKET_UNITS = {
    "count": "count",
    "opened": "count",
    "resolved": "count",
    "closed": "count",
    "reopened": "count",
    "sla_met": "count",
    "sla_known": "count",
    "breached": "count",
    "backlog": "count",
    "hours": "h",
    "resolution_hours": "h",
    "mttr_hours": "h",
    "median_hours": "h",
    "p90_hours": "h",
    "longest_hours": "h",
    "sla_met_share": "ratio",
    "reopen_rate": "ratio",
}
"""The figures of tickets with their units; `count` is `opened`, `hours` is `resolution_hours`."""

Limits = Sequence[tuple[str, str]]


def read_figure(name: str, values: Sequence[str], limits: Limits, place: int) -> Leaf:
    """A call of one of `FIGURES` with its texts; refused when they do not fit."""
    known = [field for field, _ in limits]
    if len(set(known)) < len(known):
        raise refused(f"{name} says a thing twice", place)
    if name == "driver":
        return _driver(values, dict(limits), place)
    if name == "tickets":
        return _tickets(values, dict(limits), place)
    return _cost(values, dict(limits), place)


def _driver(values: Sequence[str], limits: dict[str, str], place: int) -> DriverTotal:
    _check_limits("driver", limits, DRIVER_LIMITS, place)
    if len(values) != 1:
        raise refused('driver takes a code: driver("vcpu_hours", target="ERP")', place)
    return DriverTotal(values[0], limits.get("target"), limits.get("source"))


def _tickets(values: Sequence[str], limits: dict[str, str], place: int) -> TicketFigure:
    _check_limits("tickets", limits, TICKET_LIMITS, place)
    if len(values) > 1 or any(value not in TICKET_UNITS for value in values):
        raise refused(f"tickets has the figures {', '.join(TICKET_UNITS)}", place)
    return TicketFigure(values[0] if values else "count", tuple(sorted(limits.items())))


def _cost(values: Sequence[str], limits: dict[str, str], place: int) -> PublishedCost:
    _check_limits("cost", limits, (), place)
    if not values:
        return PublishedCost()
    if len(values) != 2 or values[0] not in LAYERS:
        raise refused('cost takes nothing, or a layer and a code: cost("solution", "CRM")', place)
    return PublishedCost(values[0], values[1])


def _check_limits(name: str, limits: dict[str, str], known: Sequence[str], place: int) -> None:
    unknown = sorted(set(limits) - set(known))
    if unknown:
        allowed = ", ".join(known) or "nothing"
        raise refused(f"{name} can be limited by {allowed}, not by {', '.join(unknown)}", place)
