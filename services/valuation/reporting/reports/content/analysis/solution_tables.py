"""Cost, value, use and recommendation of every solution side by side."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.analysis.facts import SolutionLine
from services.valuation.reporting.reports.content.cost_tables import money
from services.valuation.reporting.reports.content.inputs import CostFacts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Missing,
    Number,
    Share,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, term
from shared.money import add_exactly


def solution_table(
    lines: Sequence[SolutionLine],
    cost: CostFacts,
    stage_names: Mapping[str, str],
    links: Links,
    language: Language,
) -> Table:
    """Largest cost first; worth in several units has a line for each of them."""
    columns = (
        Column("name", label("solution", language)),
        Column("code", label("code", language), on_paper=False),
        Column("stage", label("stage", language)),
        Column("cost", label("cost_column", language, currency=cost.run.currency), "money", True),
        Column("share", label("share", language), "share"),
        Column("value", label("value_figure", language), "number"),
        Column("value_per_cost", label("value_per_cost", language), "number"),
        Column("use", label("use", language), "share"),
        Column("nps", "NPS", "number"),
        Column("underused", label("remark", language)),
    )
    rows = [row for line in lines for row in _rows(line, cost, stage_names, links, language)]
    total = add_exactly([line.amount for line in lines])
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        Missing(),
        Missing(),
        money(total, cost),
        *(Missing() for _ in range(6)),
    )
    return Table("solution_list", label("solution_list", language), columns, tuple(rows), totals)


def _rows(
    line: SolutionLine,
    cost: CostFacts,
    stage_names: Mapping[str, str],
    links: Links,
    language: Language,
) -> list[tuple[Cell, ...]]:
    source = links.of_object("solution", line.code) if line.code else None
    stage = stage_names.get(line.stage, line.stage) if line.stage else None
    view = links.of_solution_value(cost.run.period, line.code)
    head: tuple[Cell, ...] = (
        Text(line.name, source),
        Text(line.code),
        Text(stage) if stage else Missing(),
    )
    tail: tuple[Cell, ...] = (
        _number(line.value_per_cost, 2, view),
        Missing() if line.use is None else Share(line.use, view),
        _number(line.nps, 0, view),
        Text(term("underused", "yes", language)) if line.underused else Missing(),
    )
    share: Cell = Missing() if line.share is None else Share(line.share)
    amount = money(line.amount, cost, source)
    if not line.worths:
        return [(*head, amount, share, Missing(), *tail)]
    first, *more = [Number(amount, unit, href=view) for unit, amount in line.worths]
    again = (Missing(), Missing(), Missing(), Missing())
    return [
        (*head, amount, share, first, *tail),
        *((*head, Missing(), Missing(), worth, *again) for worth in more),
    ]


def _number(value: Decimal | None, digits: int, href: str) -> Cell:
    return Missing() if value is None else Number(value, digits=digits, href=href)
