"""Consumers by month: one line for each consumer, one column for each month."""

from decimal import Decimal

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.cost_tables import money
from services.valuation.reporting.reports.content.inputs import CostFacts, MonthlyCosts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Missing,
    Number,
    Sentence,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence
from shared.money import add_exactly

MONTHS_ON_PAPER = 12


def month_sentences(months: MonthlyCosts, links: Links, language: Language) -> list[Sentence]:
    """How many months are covered, and which have no published run."""
    source = f"{links.allocation}/v1/runs?published=true"
    said = [
        sentence(
            "several_runs", language, {"count": Number(Decimal(len(months.runs)), href=source)}
        )
    ]
    if months.missing:
        listed = Text(", ".join(months.missing), source)
        said.append(sentence("months_missing", language, {"months": listed}, "warning"))
    return said


def month_table(cost: CostFacts, months: MonthlyCosts, links: Links, language: Language) -> Table:
    """Largest consumer first; the last column adds the months up, the last line the consumers."""
    periods = [run.period for run in months.runs]
    columns = (
        Column("consumer", label("consumer", language)),
        Column("code", label("code", language), on_paper=False),
        *(
            Column(period, period, "money", True, on_paper=period in periods[-MONTHS_ON_PAPER:])
            for period in periods
        ),
        Column("total", label("in_currency", language, **_sum_of(cost, language)), "money", True),
    )
    counted = [(row, add_exactly(row.amounts)) for row in months.rows]
    counted.sort(key=lambda pair: (-pair[1], pair[0].code))
    rows: list[tuple[Cell, ...]] = [
        (
            Text(row.name, links.of_object("consumer", row.code)),
            Text(row.code),
            *(money(amount, cost) for amount in row.amounts),
            money(total, cost),
        )
        for row, total in counted
    ]
    sums = [
        add_exactly(column) for column in zip(*(row.amounts for row, _ in counted), strict=True)
    ]
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        Missing(),
        *(money(each, cost) for each in sums or [Decimal(0)] * len(periods)),
        money(add_exactly(sums), cost),
    )
    return Table(
        "consumer_months", label("consumer_months", language), columns, tuple(rows), totals
    )


def _sum_of(cost: CostFacts, language: Language) -> dict[str, object]:
    return {"what": label("total", language), "currency": cost.run.currency}
