"""Gathers what is known of each solution: its cost over HTTP, its KPIs, what people say of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from services.valuation.measures.feedback.domain import Answered
from services.valuation.measures.feedback.statistics import load_counted
from services.valuation.measures.value_kpis.domain import aggregate, measure_attainment
from services.valuation.measures.value_kpis.series import Readings, Wish
from services.valuation.measures.value_kpis.workflow import close_over, load_readings
from services.valuation.overviews.asked_months import AskedMonths, read_costs
from services.valuation.overviews.linked_values import value_of_links
from services.valuation.overviews.value_chain.domain import inherit_stages
from services.valuation.overviews.views import repository
from services.valuation.overviews.views.domain import MONEY_ROLES, KpiSeen
from services.valuation.overviews.views.repository import SOLUTION_KEYS
from shared.clients.allocation.value_views import AllocationViews, WholeView
from shared.contracts.values import name_in
from shared.periods import next_period, period_range
from shared.tables.valuation.kpis import ValueKpi

LOOK_BACK_MONTHS = 36
FEEDBACK_MONTHS = 12


@dataclass(frozen=True)
class SolutionFacts:
    """A line of allocation's view of solutions, and all that speaks of it."""

    line: Mapping[str, Any]
    stage: str | None
    kpis: Sequence[KpiSeen]
    answered: Sequence[Answered]
    initiatives: Sequence[str]

    @property
    def code(self) -> str:
        """The solution's code."""
        return str(self.line["code"] or "")

    @property
    def cost(self) -> Decimal:
        """What it costs, less what it passed on to other solutions."""
        return Decimal(self.line["amount"])


@dataclass(frozen=True)
class Tree:
    """Which shown solution each solution is gathered in: itself, else its nearest parent shown."""

    parents: Mapping[str, str | None]
    shown: frozenset[str]

    def home_of(self, code: str) -> str | None:
        """None where neither the solution nor a parent is shown."""
        at: str | None = code
        for _ in range(len(self.parents) + 1):
            if at is None or at in self.shown:
                return at
            at = self.parents.get(at)
        return None


def load_solutions(
    session: Session,
    client: AllocationViews,
    asked: AskedMonths,
    level: int | None,
    language: str,
) -> tuple[WholeView, str, list[SolutionFacts]]:
    """The view of costs, its currency, and every solution of it, costliest first."""
    query: dict[str, Any] = {"parts": 0} | ({"level": level} if level else {})
    view, currency = read_costs(client, asked, "solutions", **query)
    objects = list(client.list_objects("solution"))
    stages = inherit_stages(objects)
    tree = Tree(
        {item["code"]: item.get("parent") for item in objects},
        frozenset(item["code"] for item in view.items if item["code"]),
    )
    kpis = _kpis_by_home(session, tree, asked, language)
    answered = _answers_by_home(session, tree, asked)
    initiatives = _gathered(repository.initiatives_by_solution(session), tree)
    facts = [
        SolutionFacts(
            line,
            stages.get(line["code"]),
            kpis.get(line["code"], []),
            answered.get(line["code"], []),
            initiatives.get(line["code"], []),
        )
        for line in view.items
    ]
    return view, currency, sorted(facts, key=lambda each: (-each.cost, each.code))


def _gathered(found: Mapping[str, Iterable[Any]], tree: Tree) -> dict[str, list[Any]]:
    gathered: dict[str, list[Any]] = {}
    for code, values in found.items():
        home = tree.home_of(code)
        if home is not None:
            gathered.setdefault(home, []).extend(values)
    return gathered


def _answers_by_home(session: Session, tree: Tree, asked: AskedMonths) -> dict[str, list[Answered]]:
    first = next_period(asked.last, 1 - FEEDBACK_MONTHS) if asked.period else asked.first
    found: dict[str, list[Answered]] = {}
    for each in load_counted(session, {}, first, asked.last):
        found.setdefault(each.solution, []).append(each.answered)
    return _gathered(found, tree)


def _kpis_by_home(
    session: Session, tree: Tree, asked: AskedMonths, language: str
) -> dict[str, list[KpiSeen]]:
    first = min(asked.first, next_period(asked.last, 1 - LOOK_BACK_MONTHS))
    months = list(period_range(first, asked.last))
    rows = repository.list_kpis_of_solutions(session, first, asked.last)
    readings = load_readings(session, close_over(session, rows), first, asked.last)
    found: dict[str, list[KpiSeen]] = {}
    for row in rows:
        for home, keys in _homes(row, readings, months, tree).items():
            if home is not None:
                alone = row.links != [] and len(_homes_of_links(row, tree)) == 1
                figures = _Figures(row, readings, keys, alone)
                found.setdefault(home, []).append(_seen(figures, asked.months, months, language))
    return found


def _homes_of_links(row: ValueKpi, tree: Tree) -> set[str | None]:
    codes = [link["code"] for link in row.links if link.get("layer") == "solution"]
    return {tree.home_of(code) for code in codes}


def _homes(
    row: ValueKpi, readings: Readings, months: Sequence[str], tree: Tree
) -> dict[str | None, set[str]]:
    """The solutions shown that a KPI speaks of, with what its observations may be linked to."""
    codes = {link["code"] for link in row.links if link.get("layer") == "solution"}
    for month in months:
        for seen in readings.seen.get((row.code, month), ()):
            if seen.link_key.startswith(SOLUTION_KEYS):
                codes.add(seen.link_key.removeprefix(SOLUTION_KEYS))
    homes: dict[str | None, set[str]] = {}
    for code in codes:
        homes.setdefault(tree.home_of(code), set()).add(SOLUTION_KEYS + code)
    return homes


@dataclass(frozen=True)
class _Figures:
    """One KPI's values for one solution; `alone`: it is linked to no other solution."""

    kpi: ValueKpi
    readings: Readings
    keys: set[str]
    alone: bool

    def own(self, month: str) -> Decimal | None:
        """What is of this solution only: its observations, or the whole of a KPI of its own."""
        found = value_of_links(self.readings, self.kpi.code, month, [self.keys])
        if found is None and self.alone:
            return self.readings.read(self.kpi.code, month, Wish()).value
        return found

    def shown(self, month: str) -> Decimal | None:
        """Its own figure, else that of all solutions of a KPI that is linked to several."""
        found = self.own(month)
        if found is None and self.kpi.links:
            return self.readings.read(self.kpi.code, month, Wish()).value
        return found


def _seen(figures: _Figures, asked: Sequence[str], months: Sequence[str], language: str) -> KpiSeen:
    kpi = figures.kpi
    values = ((month, figures.shown(month)) for month in reversed(months))
    measured_in, value = next(
        ((month, value) for month, value in values if value is not None), (None, None)
    )
    targets = {each["period"]: Decimal(each["value"]) for each in kpi.targets}
    target = targets.get(measured_in or months[-1], kpi.target)
    worth = None
    if kpi.value_role in MONEY_ROLES:
        own = [each for month in asked if (each := figures.own(month)) is not None]
        worth = aggregate(own, "sum")
    return KpiSeen(
        code=kpi.code,
        name=name_in(kpi.names, language),
        role=kpi.value_role,
        unit=kpi.unit,
        value=value,
        measured_in=measured_in,
        target=target,
        attainment=measure_attainment(kpi.baseline, target, value).share,
        worth=worth,
    )
