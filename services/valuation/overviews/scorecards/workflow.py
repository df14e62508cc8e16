"""Gathers a scorecard: which KPIs belong on it, their values, and the cost beside them."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from sqlmodel import Session

from services.valuation.measures.value_kpis.domain import round_fraction
from services.valuation.measures.value_kpis.series import Readings, Wish
from services.valuation.measures.value_kpis.workflow import close_over, load_readings
from services.valuation.overviews.asked_months import AskedMonths, read_costs
from services.valuation.overviews.linked_values import value_of_links
from services.valuation.overviews.scorecards import repository
from shared.clients.allocation.value_views import AllocationViews, allocation_views
from shared.errors import Problem, RuleBroken, Unavailable
from shared.periods import FIRST_PERIOD, next_period, period_range
from shared.tables.valuation.kpis import ValueKpi

WINDOW_MONTHS = 12
LinkedBy = Literal["kpi", "observation"] | None
ONE_LINE = {"level": 1, "parts": 0}
"""Gathered at the roots of what is seen: below `under` that is the consumer itself."""


@dataclass(frozen=True)
class Unit:
    """A business unit: its code, its name, and the codes of it and all below it."""

    code: str
    name: str
    codes: frozenset[str]

    @property
    def keys(self) -> list[set[str]]:
        """What observations of it are linked to: it first, then what is below it."""
        return [{f"consumer:{self.code}"}, {f"consumer:{code}" for code in self.codes}]


@dataclass(frozen=True)
class Cost:
    """The IT cost of a scope, or the reason why it is not known."""

    reason: str | None
    amount: Decimal | None = None
    share: Decimal | None = None
    currency: str | None = None
    runs: Sequence[str] = ()
    line: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class CardFacts:
    """A KPI of the card with its value in every month of the window."""

    kpi: ValueKpi
    linked_by: LinkedBy
    values: dict[str, Decimal | None]
    reason: str | None

    @property
    def newest(self) -> str | None:
        """The last month that has a value."""
        return next(
            (month for month in reversed(self.values) if self.values[month] is not None), None
        )


def window_of(asked: AskedMonths) -> list[str]:
    """The months that values are looked for in: those asked, or the year that ends there."""
    first = asked.first
    if asked.period:
        first = max(next_period(asked.last, 1 - WINDOW_MONTHS), FIRST_PERIOD)
    return list(period_range(first, asked.last))


def find_unit(client: AllocationViews, code: str, language: str) -> Unit:
    """A consumer and all below it; 422 `unknown_consumer`."""
    found = list(client.list_below("consumer", code))
    top = next((item for item in found if item["code"] == code), None)
    if top is None:
        raise RuleBroken.at("query:/consumer", "unknown_consumer", f"no consumer {code}")
    return Unit(code, top["name"], frozenset(item["code"] for item in found))


def load_kpis(session: Session, unit: Unit | None, months: Sequence[str]) -> list[CardFacts]:
    """The KPIs of IT (those linked to no consumer), or of a business unit."""
    chosen = choose_kpis(session, unit, months)
    rows = [row for row, _ in chosen]
    readings = load_readings(session, close_over(session, rows), months[0], months[-1])
    return [_facts(row, linked_by, unit, readings, months) for row, linked_by in chosen]


def choose_kpis(
    session: Session, unit: Unit | None, months: Sequence[str]
) -> list[tuple[ValueKpi, LinkedBy]]:
    """A unit's KPIs are linked to it or to something below it, or were observed of these."""
    rows = repository.list_kpis(session)
    if unit is None:
        return [(row, None) for row in rows if not consumers_of(row)]
    seen = repository.observed_of(session, set().union(*unit.keys), months[0], months[-1])
    chosen: list[tuple[ValueKpi, LinkedBy]] = []
    for row in rows:
        if consumers_of(row) & unit.codes:
            chosen.append((row, "kpi"))
        elif row.id in seen:
            chosen.append((row, "observation"))
    return chosen


def consumers_of(kpi: ValueKpi) -> set[str]:
    """The consumers that a KPI is linked to."""
    return {link["code"] for link in kpi.links if link.get("layer") == "consumer"}


def _facts(
    kpi: ValueKpi,
    linked_by: LinkedBy,
    unit: Unit | None,
    readings: Readings,
    months: Sequence[str],
) -> CardFacts:
    values: dict[str, Decimal | None] = {}
    reason: str | None = "no_observation"
    for month in months:
        values[month], reason = _value(kpi, unit, readings, month)
    known = any(value is not None for value in values.values())
    return CardFacts(kpi, linked_by, values, None if known else reason)


def _value(
    kpi: ValueKpi, unit: Unit | None, readings: Readings, month: str
) -> tuple[Decimal | None, str | None]:
    """A unit's own observations; the whole only of a KPI that is linked to nothing outside."""
    if unit is not None:
        own = value_of_links(readings, kpi.code, month, unit.keys)
        if own is not None:
            return own, None
        linked = consumers_of(kpi)
        if not linked or not linked <= unit.codes:
            return None, "not_measured_of_consumer"
    reading = readings.read(kpi.code, month, Wish())
    return reading.value, reading.reason


def load_cost(client: AllocationViews, asked: AskedMonths, unit: Unit | None) -> Cost:
    """What IT costs, or what of it a unit was charged; never a failure of the scorecard."""
    query = ONE_LINE if unit is None else {**ONE_LINE, "under": unit.code}
    try:
        view, currency = read_costs(client, asked, "consumers", **query)
    except Unavailable:
        return Cost("allocation_unreachable")
    except Problem as problem:
        return Cost("several_currencies" if problem.code == "mixed_currencies" else problem.code)
    whole = view.totals["input"]
    if unit is None:
        return Cost(None, whole, Decimal(1) if whole else None, currency, view.runs)
    line = next((item for item in view.items if item["code"] == unit.code), None)
    if line is None:
        return Cost("not_in_runs", currency=currency, runs=view.runs)
    amount = Decimal(line["amount"])
    share = round_fraction(Fraction(amount) / Fraction(whole)) if whole else None
    return Cost(None, amount, share, currency, view.runs, line)


def gather_card(
    session: Session, asked: AskedMonths, consumer: str | None, language: str
) -> tuple[Unit | None, list[CardFacts], Cost]:
    """Everything that a scorecard shows."""
    with closing(allocation_views(language)) as client:
        unit = None if consumer is None else find_unit(client, consumer, language)
        cost = load_cost(client, asked, unit)
    return unit, load_kpis(session, unit, window_of(asked)), cost
