"""The chapter that sets cost against value: stages of the value chain with both shares.

Value is the revenue that KPIs with `value_role: revenue` report for a stage. Nothing is guessed:
without such KPIs the share of value stays open.
"""

from decimal import Decimal

from services.valuation.overviews.value_chain.domain import StageFigures
from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.charts.value_chart import SharePair, cost_value_chart
from services.valuation.reporting.charts.wording import word
from services.valuation.reporting.reports.content.chain_facts import ChainFacts
from services.valuation.reporting.reports.content.cost_tables import money
from services.valuation.reporting.reports.content.inputs import CostFacts
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
from shared.money import add_exactly


def chain_section(cost: CostFacts, chain: ChainFacts, links: Links, language: Language) -> Section:
    """Shares of cost and value side by side, said in words, drawn and listed."""
    staged = [each for each in chain.stages if each.stage is not None]
    is_told = _is_told(chain)
    if not staged and not is_told:
        said = [sentence("no_stages", language, {}, "note")]
        return Section("chain", label("chain", language), tuple(said))
    source = links.of_value_chain(cost.run.period)
    sentences = [_stage_sentence(each, chain, source, language, is_told) for each in staged]
    if not any(each.cost for each in staged):
        sentences.append(sentence("no_stages", language, {}, "note"))
    if not is_told:
        sentences.append(sentence("no_revenue", language, {}, "note"))
    if chain.mixed_units:
        listed = Text(", ".join(chain.mixed_units))
        sentences.append(sentence("mixed_revenue", language, {"units": listed}, "warning"))
    picture = cost_value_picture(chain, cost.run.period, language)
    table = _stage_table(chain, cost, source, language)
    return Section("chain", label("chain", language), tuple(sentences), (picture,), (table,))


def cost_value_picture(chain: ChainFacts, period: str, language: Language) -> Picture:
    """Two bars for each stage: its share of cost and, where it is told, of value."""
    pairs = [
        SharePair(_stage_name(each, chain, language), each.cost_share, each.value_share)
        for each in chain.stages
    ]
    title = word("cost-value", language)
    return Picture("cost-value", title, cost_value_chart(pairs, period, language), title)


def _is_told(chain: ChainFacts) -> bool:
    """Whether any KPI speaks of revenue, even where it cannot be added up."""
    return bool(chain.mixed_units) or any(each.value is not None for each in chain.stages)


def _stage_name(each: StageFigures, chain: ChainFacts, language: Language) -> str:
    if each.stage is None:
        return label("stage.none", language)
    return chain.names.get(each.stage, each.stage)


def _stage_sentence(
    each: StageFigures, chain: ChainFacts, source: str, language: Language, told: bool
) -> Sentence:
    """Both shares; cost alone where this stage, or (`told` false) no stage, has a revenue KPI."""
    cells: dict[str, Cell | str] = {
        "stage": Text(_stage_name(each, chain, language), source),
        "cost": Missing("–") if each.cost_share is None else Share(each.cost_share, source),
    }
    if each.value_share is None:
        return sentence("stage_cost_only" if told else "stage_cost", language, cells)
    cells["revenue"] = Share(each.value_share, source)
    return sentence("stage" if each.cost else "stage_revenue_only", language, cells)


def _stage_table(chain: ChainFacts, cost: CostFacts, source: str, language: Language) -> Table:
    unit = chain.unit or ""
    columns = (
        Column("stage", label("stage", language)),
        Column("amount", label("amount", language, currency=cost.run.currency), "money", True),
        Column("share", label("share", language), "share", True),
        Column("revenue", label("revenue", language), "number", True),
        Column("revenue_share", label("revenue_share", language), "share", True),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            Text(_stage_name(each, chain, language), source),
            money(each.cost, cost),
            Missing() if each.cost_share is None else Share(each.cost_share),
            Missing() if each.value is None else Number(each.value, unit),
            Missing() if each.value_share is None else Share(each.value_share),
        )
        for each in chain.stages
    ]
    told = [each.value for each in chain.stages if each.value is not None]
    total = add_exactly([each.cost for each in chain.stages])
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        money(total, cost),
        Share(Decimal(1)) if total else Missing(),
        Number(add_exactly(told), unit) if told else Missing(),
        Share(Decimal(1)) if any(told) else Missing(),
    )
    return Table("stages", label("by_stage", language), columns, tuple(rows), totals)
