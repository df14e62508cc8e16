"""The chapters on cost: the summary, and where it lies by pool, tower, solution, consumer."""

from collections.abc import Sequence
from decimal import Decimal

from services.valuation.reporting.charts.distribution_chart import Bar, distribution_chart
from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.charts.flow_chart import FlowCaption, flow_chart
from services.valuation.reporting.charts.flow_graph import (
    LAYERS,
    FlowGraph,
    add_unallocated,
    other_id,
    thin_flow,
)
from services.valuation.reporting.charts.wording import word
from services.valuation.reporting.reports.content.cost_tables import (
    consumption_table,
    cost_table,
    money,
    rows_of,
    share,
)
from services.valuation.reporting.reports.content.inputs import CostFacts, CostRow
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.month_table import month_sentences, month_table
from services.valuation.reporting.reports.document import (
    Cell,
    Money,
    Number,
    Picture,
    Section,
    Sentence,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence, term
from shared.money import add_exactly

_LAYERS = (
    ("pool", "by_pool", "largest_pool"),
    ("resource", "by_tower", "largest_tower"),
    ("solution", "by_solution", "largest_solution"),
    ("consumer", "by_consumer", "largest_consumer"),
)


def summary_sentences(cost: CostFacts, links: Links, language: Language) -> list[Sentence]:
    """What came in, what reached consumers, and everything that did not, each with its reason."""
    run = cost.run
    source = links.of_run("reconciliation")
    said = [
        sentence(
            "total",
            language,
            {
                "period": run.period,
                "input": money(run.input, cost, source),
                "consumers": money(run.consumers, cost, source),
                "share": share(run.consumers, run.input, source),
            },
        )
    ]
    said.append(unallocated_sentence(cost, links, language))
    for amount, key in (
        (run.retained, "retained_some"),
        (run.out_of_scope, "out_of_scope_some"),
        (run.residual, "residual_some"),
    ):
        if amount:
            said.append(sentence(key, language, {"amount": money(amount, cost, source)}))
    for item in run.unconverted:
        cells: dict[str, Cell | str] = {
            "count": Number(Decimal(item.lines), href=links.of_run()),
            "currency": Text(item.currency),
            "amount": Money(item.amount, item.currency, href=links.of_run()),
        }
        said.append(sentence("unconverted_some", language, cells, "warning"))
    if run.stale:
        said.append(sentence("stale", language, {}, "warning"))
    return said


def unallocated_sentence(cost: CostFacts, links: Links, language: Language) -> Sentence:
    """How much stayed and why, or that nothing did."""
    run = cost.run
    if not run.unallocated:
        return sentence("unallocated_none", language, {})
    source = links.of_run("unallocated")
    reasons: dict[str, Decimal] = {}
    for row in cost.unallocated:
        reasons[row.reason] = reasons.get(row.reason, Decimal(0)) + row.amount
    largest = max(sorted(reasons), key=lambda reason: reasons[reason], default="")
    cells: dict[str, Cell | str] = {
        "amount": money(run.unallocated, cost, source),
        "share": share(run.unallocated, run.input, source),
        "reason": Text(term("reason", largest, language) if largest else "–", source),
    }
    return sentence("unallocated_some", language, cells, "warning")


def cost_section(cost: CostFacts, links: Links, language: Language) -> Section:
    """The flow picture, the distribution and a table for each layer."""
    sentences: list[Sentence] = []
    for layer, _, key in _LAYERS:
        rows = rows_of(cost, layer)
        if rows:
            sentences.append(_largest_sentence(rows, key, cost, links, language))
    sentences += _type_sentences(cost, links, language)
    sentences += _budget_sentences(cost, links, language)
    tables = [
        cost_table(layer, title, cost, links, language)
        for layer, title, _ in _LAYERS
        if rows_of(cost, layer)
    ]
    if any(row.consumed for row in cost.consumers):
        tables.append(consumption_table(cost, links, language))
    elif len(cost.consumers) > 1:
        where = Text("/v1/views/consumers", links.of_view("consumers"))
        sentences.append(sentence("consumption_elsewhere", language, {"where": where}, "note"))
    if cost.months:
        sentences += month_sentences(cost.months, links, language)
        tables.append(month_table(cost, cost.months, links, language))
    return Section(
        "cost",
        label("cost", language),
        tuple(sentences),
        tuple(pictures(cost, language)),
        tuple(tables),
    )


def pictures(cost: CostFacts, language: Language) -> list[Picture]:
    """The flow from pools to consumers, where there is any, and the ranked panels."""
    flow = [flow_picture(cost, language)] if cost.flow_links else []
    return [*flow, distribution_picture(cost, language)]


def flow_picture(cost: CostFacts, language: Language) -> Picture:
    """Ribbons from layer to layer; what stays on an object runs into a grey node."""
    graph = thin_flow(cost.flow_nodes, cost.flow_links, word("other", language))
    graph = add_unallocated(graph, _stays(cost, graph), word("unallocated", language))
    title = word("flow", language)
    return Picture("flow", title, flow_chart(graph, _caption(cost, language)), title)


def _stays(cost: CostFacts, graph: FlowGraph) -> list[tuple[str, Decimal]]:
    """What the flow leads to no layer, by the node that stands for its object."""
    layers = {node.id: node.layer for node in cost.flow_nodes}
    drawn = {node.id for node in graph.nodes}
    stays: dict[str, Decimal] = {}
    for link in cost.flow_links:
        layer = layers.get(link.source, "")
        node = link.source if link.source in drawn else other_id(layer)
        if layers.get(link.target) not in LAYERS and node in drawn:
            stays[node] = add_exactly([stays.get(node, Decimal(0)), link.amount])
    return sorted(stays.items())


def distribution_picture(cost: CostFacts, language: Language) -> Picture:
    """Four ranked panels, one for each layer."""
    layers = {
        layer: [Bar(row.name, row.amount, row.parts) for row in rows_of(cost, layer)]
        for layer, _, _ in _LAYERS
    }
    title = word("cost-distribution", language)
    spec = distribution_chart(layers, _caption(cost, language))
    return Picture("cost-distribution", title, spec, title)


def _caption(cost: CostFacts, language: Language) -> FlowCaption:
    run = cost.run
    return FlowCaption(run.period, run.currency, run.input, language, run.id[:8])


def _largest_sentence(
    rows: Sequence[CostRow], key: str, cost: CostFacts, links: Links, language: Language
) -> Sentence:
    largest = rows[0]
    source = links.of_object(largest.layer, largest.code)
    cells: dict[str, Cell | str] = {
        "name": Text(largest.name, source),
        "amount": money(largest.amount, cost, source),
        "share": share(largest.amount, cost.run.input, source),
    }
    if key == "largest_consumer":
        if len(rows) < 4:
            return sentence("single_consumer", language, cells)
        three = add_exactly([row.amount for row in rows[:3]])
        cells["three"] = share(three, cost.run.input, links.of_view("consumers"))
    return sentence(key, language, cells)


def _type_sentences(cost: CostFacts, links: Links, language: Language) -> list[Sentence]:
    capex = add_exactly(
        [amount for row in cost.pools for kind, amount in row.parts if kind == "capex"]
    )
    if not capex:
        return []
    source = links.of_view("finance")
    cells: dict[str, Cell | str] = {
        "share": share(capex, cost.run.input, source),
        "amount": money(capex, cost, source),
    }
    return [sentence("capex_share", language, cells)]


def _budget_sentences(cost: CostFacts, links: Links, language: Language) -> list[Sentence]:
    """The three pools furthest above their budget."""
    over = [row for row in cost.pools if row.budget is not None and row.amount > row.budget]
    over.sort(key=lambda row: (row.budget or Decimal(0)) - row.amount)
    said = []
    for row in over[:3]:
        source = links.of_view("finance")
        cells: dict[str, Cell | str] = {
            "name": Text(row.name, links.of_object("pool", row.code)),
            "amount": money(row.amount - (row.budget or Decimal(0)), cost, source),
        }
        said.append(sentence("over_budget", language, cells, "warning"))
    return said
