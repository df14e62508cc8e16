"""Charts of published costs: months, what is not allocated, carbon, cost beside value."""

from contextlib import closing
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from services.valuation.overviews.carbon.workflow import load_carbon
from services.valuation.overviews.views.answers import Presenter
from services.valuation.overviews.views.workflow import load_solutions
from services.valuation.reporting.charts import palette
from services.valuation.reporting.charts.asking import asked_months, needed, run_parameters
from services.valuation.reporting.charts.drawings.scatter_charts import Judged, solution_value_chart
from services.valuation.reporting.charts.drawings.stacked_bars import Look, StackedRow, stacked_bars
from services.valuation.reporting.charts.drawings.trend_chart import Stream, trend_chart
from services.valuation.reporting.charts.figures import (
    Language,
    grouped,
    money_text,
    percent_text,
    share_of,
    short_money,
)
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import word
from services.valuation.reporting.reports.content.chain_section import cost_value_picture
from services.valuation.reporting.reports.content.inputs import UnallocatedRow
from services.valuation.reporting.reports.gathering.chain import gather_chain
from services.valuation.reporting.reports.gathering.clear_names import clear_names
from services.valuation.reporting.reports.gathering.cost import gather_cost, get_run
from services.valuation.reporting.reports.wording.labels import term
from shared.clients.allocation.figures import AllocationFigures, allocation_figures
from shared.clients.allocation.value_views import allocation_views
from shared.contracts.valuation.charts import ChartQuery
from shared.errors import Conflict
from shared.money import add_exactly
from shared.periods import is_period, months_between, next_period

MONTHS_UNLESS_ASKED = 12
VIEWS = {
    "pool": "finance",
    "resource": "technology",
    "solution": "solutions",
    "consumer": "consumers",
}
_AGES = ("new", "short", "long", "old", "unknown")


def draw_spend_trend(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`spend-trend`: the published runs of some months; of `period` the twelve that end with it."""
    if query.first is None and query.last is None:
        last = needed(query, "period")
        stretch = {"first": next_period(last, 1 - MONTHS_UNLESS_ASKED), "last": last}
        query = query.model_copy(update=stretch | {"run": None})
    asked, layer = asked_months(query), query.layer or "pool"
    with closing(allocation_figures(language)) as client:
        runs = {
            run["period"]: run["currency"]
            for run in client.list_published_runs(asked.scenario)
            if run["scenario"] == asked.scenario and asked.first <= run["period"] <= asked.last
        }
        if not runs:
            whole = f"{asked.first} to {asked.last}"
            message = f"no {asked.scenario} run of {whole} is published"
            raise Conflict(message, code="no_published_run")
        months = sorted(runs)
        streams = _streams(client, layer, asked.first, asked.last, months, query)
    subtitle = f"{months[0]} – {months[-1]}"
    return trend_chart(months, streams, runs[months[-1]], language, layer, subtitle)


def _streams(
    client: AllocationFigures,
    layer: str,
    first: str,
    last: str,
    months: list[str],
    query: ChartQuery,
) -> list[Stream]:
    """One stream for each object; the finance view has a line for each of its cost types."""
    asked: dict[str, Any] = {"parts": 0} if layer in {"solution", "consumer"} else {}
    if query.level:
        asked["level"] = query.level
    names: dict[str, str] = {}
    amounts: dict[str, dict[str, list[Decimal]]] = {}
    for item in client.list_months(VIEWS[layer], first, last, query.scenario, **asked):
        code = item["code"] or ""
        names[code] = item["name"] or code
        own = amounts.setdefault(code, {})
        for point in item["trend"]:
            own.setdefault(point["period"], []).append(Decimal(point["amount"]))
    names |= clear_names(client, layer, names)
    return [
        Stream(names[code], tuple(add_exactly(own.get(month, [])) for month in months))
        for code, own in amounts.items()
    ]


def draw_unallocated(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`unallocated`: what could not move, by reason and by how long it has been so."""
    period, parameters = needed(query, "period"), run_parameters(query)
    with closing(allocation_figures(language)) as client:
        run = get_run(client, period, parameters)
        cost = gather_cost(client, run, parameters, {"unallocated"})
    by_reason: dict[str, dict[str, list[Decimal]]] = {}
    for row in cost.unallocated:
        ages = by_reason.setdefault(row.reason, {})
        ages.setdefault(age_of(row, period), []).append(row.amount)
    rows = [
        StackedRow(
            term("reason", reason, language),
            {age: add_exactly(amounts) for age, amounts in ages.items()},
        )
        for reason, ages in by_reason.items()
    ]
    total, currency = add_exactly([row.total for row in rows]), cost.run.currency
    colours = (palette.CATEGORIES[4], palette.COST, palette.VALUE, palette.MISSED, palette.OTHER)
    looks = [
        Look(age, word(f"age_{age}", language), colour)
        for age, colour in zip(_AGES, colours, strict=True)
    ]
    subtitle = word(
        "subtitle_plain", language, period=period, total=money_text(total, currency, language)
    )

    def label_of(row: StackedRow) -> str:
        share = percent_text(share_of(row.total, total))
        return f"{short_money(row.total, currency, language)} · {share}"

    title = word("unallocated-by-reason", language)
    axis = f"{word('amount', language)} ({currency})"
    return stacked_bars(rows, looks, title, axis, language, subtitle, label_of)


def age_of(row: UnallocatedRow, period: str) -> str:
    """How long money has stayed where it is: `new`, `short`, `long`, `old` or `unknown`."""
    since = (row.since or "")[:7]
    if not is_period(since):
        return "unknown"
    months = months_between(since, period)
    return "new" if months <= 0 else "short" if months <= 3 else "long" if months <= 12 else "old"


def draw_cost_value(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`cost-value`: what part of cost and of revenue each stage of the value chain has."""
    period = needed(query, "period")
    with closing(allocation_views(language)) as client:
        run = get_run(client, period, run_parameters(query))
        chain = gather_chain(session, client, run, language)
    return cost_value_picture(chain, period, language).spec


def draw_carbon(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`carbon`: operational and embodied carbon of every object of a layer."""
    asked, layer = asked_months(query), query.layer or "resource"
    with closing(allocation_views(language)) as client:
        facts = load_carbon(client, asked, layer, query.level)
    kinds = ("co2e_operational", "co2e_embodied")
    rows = [
        StackedRow(each.name or each.code, parts)
        for each in facts.footprints
        if any((parts := {k: v for k in kinds if (v := each.measures.get(k)) is not None}).values())
    ]
    total = add_exactly([row.total for row in rows])
    looks = [
        Look(kind, word(kind, language), colour)
        for kind, colour in zip(kinds, (palette.COST, palette.VALUE), strict=True)
    ]
    span = asked.period or f"{asked.first} – {asked.last}"
    whole = f"{grouped(total, 1)} kgCO2e"
    subtitle = word("carbon_subtitle", language, period=span, total=whole)

    def label_of(row: StackedRow) -> str:
        share = percent_text(share_of(row.total, total))
        return f"{grouped(row.total, 1)} kg · {share}"

    title = word("carbon", language, layer=word(layer, language))
    return stacked_bars(rows, looks, title, "kgCO2e", language, subtitle, label_of)


def draw_solution_value(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`solution-value`: cost and money brought of every solution, with the underused marked."""
    asked = asked_months(query)
    with closing(allocation_views(language)) as client:
        view, currency, facts = load_solutions(session, client, asked, query.level, language)
    items = Presenter(view, currency, asked, facts, language).items()
    judged = [
        Judged(
            item.name or item.code,
            item.amount,
            next((worth.amount for worth in item.value if worth.unit == currency), None),
            item.underused,
        )
        for item in items
    ]
    span = asked.period or f"{asked.first} – {asked.last}"
    subtitle = word("solution_value_subtitle", language, period=span, count=len(judged))
    return solution_value_chart(judged, currency, language, subtitle)
