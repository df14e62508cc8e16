"""Asks ingest and allocation for the figures that formulas name: each once for all its months."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TypeVar

from pydantic import TypeAdapter

from services.valuation.measures.value_kpis.figures import Found
from services.valuation.measures.value_kpis.formulas.figures import TICKET_UNITS
from services.valuation.measures.value_kpis.formulas.tree import (
    DriverTotal,
    Leaf,
    Name,
    PublishedCost,
    TicketFigure,
)
from shared.clients.allocation.costs import allocation_costs
from shared.clients.base import service_key
from shared.clients.ingest import IngestClient
from shared.contracts.allocation.object_costs import PublishedRun
from shared.contracts.ingest.ticket_statistics import TicketStatistics
from shared.contracts.values import Code
from shared.errors import Problem
from shared.logs import get_logger
from shared.periods import months_between, next_period
from shared.settings import get_settings

TIMEOUT_SECONDS = 8.0
ATTEMPTS = 2
DRIVERS_AT_ONCE = 20
MONTHS_AT_ONCE = 120
ALL_COST = Name("it_cost")
"""Where neither a KPI nor a driver is called so, this is the month's published cost, `cost()`."""
_TICKET_FIELDS = {"count": "opened", "hours": "resolution_hours"}
_CODES: TypeAdapter[str] = TypeAdapter(Code)
_SILENT = (Problem, KeyError, ValueError)

AnswerT = TypeVar("AnswerT")
Limits = tuple[tuple[str, str], ...]
log = get_logger(__name__)


@dataclass(frozen=True)
class _Costs:
    """Published runs by month, and what objects cost in them by code and month; None: unknown."""

    runs: Mapping[str, PublishedRun]
    of_objects: Mapping[tuple[str, str], Decimal | None]


class AskedFigures:
    """Figures of the months between two, asked for when the first of their kind is needed.

    A service that did not answer once is not asked again; its figures say so
    (`ingest_unreachable`, `allocation_unreachable`).
    """

    def __init__(self, leaves: Iterable[Leaf], first: str, last: str) -> None:
        self._first, self._last = first, last
        self._silent: set[str] = set()
        self._drivers: dict[Limits, list[str]] = {}
        self._objects: dict[str, list[str]] = {}
        for leaf in leaves:
            if isinstance(leaf, Name | DriverTotal):
                self._drivers.setdefault(_driver_limits(leaf), []).append(leaf.code)
            elif isinstance(leaf, PublishedCost) and leaf.layer and leaf.code:
                self._objects.setdefault(leaf.layer, []).append(leaf.code)
        self._totals = cache(self._ask_totals)
        self._tickets = cache(self._ask_tickets)
        self._costs = cache(self._ask_costs)

    def find(self, leaf: Leaf, period: str) -> Found:
        """The figure of a month, or why there is none."""
        if isinstance(leaf, PublishedCost):
            return self._find_cost(leaf, period)
        if isinstance(leaf, TicketFigure):
            return self._find_ticket_figure(leaf, period)
        return self._find_total(leaf, period)

    def _find_total(self, leaf: Name | DriverTotal, period: str) -> Found:
        totals = self._totals(_driver_limits(leaf))
        if totals is None:
            return Found(None, "ingest_unreachable")
        if leaf.code not in totals and leaf == ALL_COST:
            return self._find_cost(PublishedCost(), period)
        if leaf.code not in totals:
            return Found(None, "missing_value" if isinstance(leaf, Name) else "unknown_driver")
        unit, months = totals[leaf.code]
        value = months.get(period)
        return Found(value, "missing_value" if value is None else None, unit)

    def _ask_totals(
        self, limits: Limits
    ) -> Mapping[str, tuple[str | None, Mapping[str, Decimal]]] | None:
        """Unit and months of the drivers that are known; None when ingest does not answer."""
        codes = [code for code in dict.fromkeys(self._drivers.get(limits, ())) if _has_total(code)]
        parts = [codes[at : at + DRIVERS_AT_ONCE] for at in range(0, len(codes), DRIVERS_AT_ONCE)]

        def ask() -> dict[str, tuple[str | None, Mapping[str, Decimal]]]:
            with closing(_ingest()) as client:
                answers = [
                    client.driver_totals(part, self._first, self._last, **dict(limits))
                    for part in parts
                ]
            return {
                item.driver: (item.unit, {month.period: month.quantity for month in item.months})
                for answer in answers
                for item in answer.items
                if item.known
            }

        return self._answer("ingest", ask)

    def _find_ticket_figure(self, leaf: TicketFigure, period: str) -> Found:
        months = self._tickets(leaf.limits)
        if months is None:
            return Found(None, "ingest_unreachable")
        value = _ticket_figure(months[period], leaf.figure) if period in months else None
        unit = TICKET_UNITS[leaf.figure]
        return Found(value, "missing_value" if value is None else None, unit)

    def _ask_tickets(self, limits: Limits) -> Mapping[str, TicketStatistics] | None:
        def ask() -> dict[str, TicketStatistics]:
            found: dict[str, TicketStatistics] = {}
            with closing(_ingest()) as client:
                for first, last in _stretches(self._first, self._last):
                    answer = client.tickets_by_month(first, last, dict(limits))
                    found |= {month.period: month.total for month in answer.months}
            return found

        return self._answer("ingest", ask)

    def _find_cost(self, leaf: PublishedCost, period: str) -> Found:
        layer = leaf.layer if leaf.code else next(iter(self._objects), None)
        costs = self._costs(layer or "solution")
        if costs is None:
            return Found(None, "allocation_unreachable")
        run = costs.runs.get(period)
        if run is None:
            return Found(None, "no_published_run")
        if leaf.layer is None or leaf.code is None:
            reason = "missing_value" if run.total is None else None
            return Found(run.total, reason, run.currency)
        cost = costs.of_objects.get((leaf.code, period))
        return Found(None, "unknown_object") if cost is None else Found(cost, None, run.currency)

    def _ask_costs(self, layer: str) -> _Costs | None:
        """Published runs, and what the named objects of a layer cost in them."""
        codes = [code for code in dict.fromkeys(self._objects.get(layer, ())) if _is_code(code)]

        def ask() -> _Costs:
            with closing(allocation_costs(ATTEMPTS)) as client:
                answer = client.object_costs(layer, codes, self._first, self._last)
            of_objects = {
                (item.code, month.period): month.cost
                for item in answer.items
                for month in item.months
            }
            return _Costs({run.period: run for run in answer.runs}, of_objects)

        return self._answer("allocation", ask)

    def _answer(self, service: str, ask: Callable[[], AnswerT]) -> AnswerT | None:
        """What a service answers; None when it does not, now or before."""
        if service in self._silent:
            return None
        try:
            return ask()
        except _SILENT as problem:
            log.warning("figures_missing", service=service, error=repr(problem))
            self._silent.add(service)
            return None


def _ingest() -> IngestClient:
    return IngestClient(
        get_settings().service_url("ingest"),
        lambda: service_key("valuation"),
        timeout_seconds=TIMEOUT_SECONDS,
        attempts=ATTEMPTS,
    )


def _driver_limits(leaf: Name | DriverTotal) -> Limits:
    if isinstance(leaf, Name):
        return ()
    told = {"target": leaf.target, "source": leaf.source}
    return tuple((name, value) for name, value in told.items() if value is not None)


def _has_total(code: str) -> bool:
    return code.partition(":")[0] != "lines.amount"


def _is_code(text: str) -> bool:
    """Whether an object can have this code; a formula may name any text."""
    try:
        return _CODES.validate_python(text) == text
    except ValueError:
        return False


def _ticket_figure(tickets: TicketStatistics, figure: str) -> Decimal | None:
    if figure == "breached":
        return Decimal(tickets.sla_known - tickets.sla_met)
    value: Decimal | int | None = getattr(tickets, _TICKET_FIELDS.get(figure, figure))
    return None if value is None else Decimal(value)


def _stretches(first: str, last: str) -> Iterable[tuple[str, str]]:
    """The months between two, in stretches that ingest counts at once."""
    while months_between(first, last) >= MONTHS_AT_ONCE:
        yield first, next_period(first, MONTHS_AT_ONCE - 1)
        first = next_period(first, MONTHS_AT_ONCE)
    yield first, last
