"""The chapter that sets cost against value: stages of the value chain with both shares.

Value is the revenue that KPIs with `value_role: revenue` report for a stage, directly or through
a solution of that stage. Nothing is guessed: without such KPIs the share of value stays open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.valuation.reporting.charts.figures import Language, add_exactly, share_of
from services.valuation.reporting.charts.value_chart import SharePair, cost_value_chart
from services.valuation.reporting.charts.wording import word
from services.valuation.reporting.reports.content.cost_tables import money
from services.valuation.reporting.reports.content.inputs import CostFacts, KpiFacts, ValueFacts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Missing,
    Number,
    Picture,
    Section,
    Sentence,
    Share,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence


@dataclass(frozen=True)
class StageValue:
    """A stage with its cost and, where KPIs tell it, its revenue."""

    stage: str | None
    cost: Decimal
    revenue: Decimal | None
    cost_share: Decimal | None
    revenue_share: Decimal | None


def chain_section(cost: CostFacts, value: ValueFacts, links: Links, language: Language) -> Section:
    """Shares of cost and value side by side, said in words, drawn and listed."""
    known = [stage for stage in cost.stages if stage.stage is not None]
    units = {kpi.unit for kpi in revenue_kpis(value.kpis, cost.run.period)}
    if not known and not units:
        said = [sentence("no_stages", language, {}, "note")]
        return Section("chain", label("chain", language), tuple(said))
    stages = stage_values(cost, value)
    sentences = [
        said
        for stage in stages
        if stage.stage is not None
        for said in [_stage_sentence(stage, value.stage_names, links, language, bool(units))]
    ]
    if not known:
        sentences.append(sentence("no_stages", language, {}, "note"))
    if not units:
        sentences.append(sentence("no_revenue", language, {}, "note"))
    if len(units) > 1:
        listed = Text(", ".join(sorted(units)))
        sentences.append(sentence("mixed_revenue", language, {"units": listed}, "warning"))
    picture = cost_value_picture(cost, value, language)
    table = _stage_table(stages, cost, value, links, language)
    return Section("chain", label("chain", language), tuple(sentences), (picture,), (table,))


def cost_value_picture(cost: CostFacts, value: ValueFacts, language: Language) -> Picture:
    """Two bars for each stage: its share of cost and, where it is told, of value."""
    pairs = [
        SharePair(
            _stage_name(stage, value.stage_names, language), stage.cost_share, stage.revenue_share
        )
        for stage in stage_values(cost, value)
    ]
    title = word("cost-value", language)
    spec = cost_value_chart(pairs, cost.run.period, language)
    return Picture("cost-value", title, spec, title)


def revenue_kpis(kpis: Sequence[KpiFacts], period: str) -> list[KpiFacts]:
    """The revenue KPIs with a figure of just this period and one stage to give it to.

    One linked to several stages cannot be split, and last month's revenue is not this month's.
    """
    return [
        kpi
        for kpi in kpis
        if kpi.value_role == "revenue"
        and kpi.actual is not None
        and kpi.measured_in == period
        and len(kpi.stages) == 1
    ]


def stage_values(cost: CostFacts, value: ValueFacts) -> list[StageValue]:
    """Both sides joined by stage, costliest first, solutions without a stage last.

    Shares of cost refer to all solutions; shares of revenue to all revenue told, and only when
    every revenue KPI has the same unit.
    """
    costs = {stage.stage: stage.cost for stage in cost.stages}
    told = revenue_kpis(value.kpis, cost.run.period)
    revenues = _revenue_by_stage(told) if len({kpi.unit for kpi in told}) == 1 else {}
    all_cost = add_exactly(list(costs.values()))
    all_revenue = add_exactly(list(revenues.values()))
    stages = []
    for stage in costs.keys() | revenues.keys():
        own, revenue = costs.get(stage, Decimal(0)), revenues.get(stage)
        stages.append(
            StageValue(
                stage,
                own,
                revenue,
                share_of(own, all_cost),
                None if revenue is None else share_of(revenue, all_revenue),
            )
        )
    return sorted(stages, key=lambda item: (item.stage is None, -item.cost, item.stage or ""))


def _revenue_by_stage(kpis: Sequence[KpiFacts]) -> dict[str | None, Decimal]:
    sums: dict[str | None, list[Decimal]] = {}
    for kpi in kpis:
        sums.setdefault(kpi.stages[0], []).append(kpi.actual or Decimal(0))
    return {stage: add_exactly(parts) for stage, parts in sums.items()}


def _stage_name(stage: StageValue, names: Mapping[str, str], language: Language) -> str:
    if stage.stage is None:
        return label("stage.none", language)
    return names.get(stage.stage, stage.stage)


def _stage_sentence(
    stage: StageValue, names: Mapping[str, str], links: Links, language: Language, told: bool
) -> Sentence:
    """Both shares; cost alone where this stage, or (`told` false) no stage, has a revenue KPI."""
    name = Text(_stage_name(stage, names, language), links.of_view("solutions"))
    cells: dict[str, Cell | str] = {"stage": name}
    if stage.cost_share is not None:
        cells["cost"] = Share(stage.cost_share, links.of_view("solutions"))
    if stage.revenue_share is not None:
        cells["revenue"] = Share(stage.revenue_share, f"{links.valuation}/v1/value-kpis")
    if "revenue" not in cells:
        key = "stage_cost_only" if told else "stage_cost"
        return sentence(key, language, {"cost": Missing("–"), **cells})
    if not stage.cost:
        return sentence("stage_revenue_only", language, cells)
    return sentence("stage", language, {"cost": Missing("–"), **cells})


def _stage_table(
    stages: list[StageValue],
    cost: CostFacts,
    value: ValueFacts,
    links: Links,
    language: Language,
) -> Table:
    units = {kpi.unit for kpi in revenue_kpis(value.kpis, cost.run.period)}
    unit = next(iter(units)) if len(units) == 1 else ""
    columns = (
        Column("stage", label("stage", language)),
        Column("amount", label("amount", language, currency=cost.run.currency), "money", True),
        Column("share", label("share", language), "share", True),
        Column("revenue", label("revenue", language), "number", True),
        Column("revenue_share", label("revenue_share", language), "share", True),
    )
    rows: list[tuple[Cell, ...]] = []
    for stage in stages:
        rows.append(
            (
                Text(_stage_name(stage, value.stage_names, language), links.of_view("solutions")),
                money(stage.cost, cost),
                Missing() if stage.cost_share is None else Share(stage.cost_share),
                Missing() if stage.revenue is None else Number(stage.revenue, unit),
                Missing() if stage.revenue_share is None else Share(stage.revenue_share),
            )
        )
    told = [stage.revenue for stage in stages if stage.revenue is not None]
    total = add_exactly([stage.cost for stage in stages])
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        money(total, cost),
        Share(Decimal(1)) if total else Missing(),
        Number(add_exactly(told), unit) if told else Missing(),
        Share(Decimal(1)) if any(told) else Missing(),
    )
    return Table("stages", label("by_stage", language), columns, tuple(rows), totals)
