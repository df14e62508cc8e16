"""The types of report that can be ordered and how each puts its chapters together."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.analysis.facts import AnalysisFacts
from services.valuation.reporting.reports.content.analysis.realisation_section import (
    realisation_section,
)
from services.valuation.reporting.reports.content.analysis.sections import (
    judged_section,
    kpi_section,
    solution_section,
)
from services.valuation.reporting.reports.content.carbon.facts import CarbonFacts
from services.valuation.reporting.reports.content.carbon.sections import carbon_section
from services.valuation.reporting.reports.content.chain_facts import ChainFacts
from services.valuation.reporting.reports.content.chain_section import chain_section
from services.valuation.reporting.reports.content.compliance.facts import ComplianceFacts
from services.valuation.reporting.reports.content.compliance.sections import compliance_sections
from services.valuation.reporting.reports.content.cost_sections import (
    cost_section,
    summary_sentences,
)
from services.valuation.reporting.reports.content.cost_tables import money
from services.valuation.reporting.reports.content.inputs import CostFacts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.proof_section import proof_section
from services.valuation.reporting.reports.content.quality.facts import QualityFacts
from services.valuation.reporting.reports.content.quality.sections import quality_sections
from services.valuation.reporting.reports.content.report_inputs import ReportInputs
from services.valuation.reporting.reports.content.review_tables import (
    review_sentences,
    review_tables,
)
from services.valuation.reporting.reports.content.sources import list_sources
from services.valuation.reporting.reports.content.statement.addresses import bill_address
from services.valuation.reporting.reports.content.statement.facts import StatementFacts
from services.valuation.reporting.reports.content.statement.sections import statement_sections
from services.valuation.reporting.reports.content.value_section import value_section
from services.valuation.reporting.reports.document import (
    Cell,
    Document,
    Missing,
    Money,
    Section,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)


def write_document(report_type: str, inputs: ReportInputs, links: Links) -> Document:
    """The whole report; a pure function of its inputs, so that equal inputs give equal bytes."""
    language = cast(Language, inputs.language)
    sections = _CHAPTERS[report_type](inputs, links, language)
    cost = inputs.cost
    instants = [cost.run.finished_at] if cost else []
    told = (inputs.value, inputs.statement, inputs.quality, inputs.compliance)
    instants += [facts.newest_at for facts in told if facts and facts.newest_at]
    return Document(
        type=report_type,
        title=label(f"title.{report_type}", language),
        language=language,
        period=inputs.period,
        currency=cost.run.currency if cost else "",
        as_of=max(instants, default=_EPOCH),
        inputs_sha256=inputs.sha256,
        sections=tuple(section for section in sections if section),
        sources=tuple(list_sources(inputs, links, language)),
        subtitle=_subtitle(inputs),
        facts=tuple(_facts(inputs, links, max(instants, default=_EPOCH), language)),
    )


def _cost_value_distribution(
    inputs: ReportInputs, links: Links, language: Language
) -> list[Section]:
    cost = cast(CostFacts, inputs.cost)
    value = value_section(inputs.value, inputs.period, links, language)
    chain = chain_section(cost, cast(ChainFacts, inputs.chain), links, language)
    summary = _summary(cost, links, language)
    # The first page says it all: what it cost, against what, and the first words on value.
    first = (*summary.sentences, *chain.sentences[:6], *value.sentences[:2])
    return [
        Section(summary.key, summary.title, first),
        cost_section(cost, links, language),
        chain,
        value,
        proof_section(cost, links, language),
    ]


def _it_spend_overview(inputs: ReportInputs, links: Links, language: Language) -> list[Section]:
    cost = cast(CostFacts, inputs.cost)
    return [
        _summary(cost, links, language),
        cost_section(cost, links, language),
        proof_section(cost, links, language),
    ]


def _post_implementation_review(
    inputs: ReportInputs, links: Links, language: Language
) -> list[Section]:
    reviews = Section(
        "reviews",
        label("reviews", language),
        tuple(review_sentences(inputs.value, links, language)),
        tables=tuple(review_tables(inputs.value, links, language)),
    )
    return [reviews, value_section(inputs.value, inputs.period, links, language)]


def _consumer_statement(inputs: ReportInputs, links: Links, language: Language) -> list[Section]:
    bill = cast(StatementFacts, inputs.statement)
    return statement_sections(bill, inputs.period, links, language)


def _value_analysis(inputs: ReportInputs, links: Links, language: Language) -> list[Section]:
    """The first page says the verdicts; each chapter proves one of them."""
    cost, facts = cast(CostFacts, inputs.cost), cast(AnalysisFacts, inputs.analysis)
    chain = cast(ChainFacts, inputs.chain)
    chapters = [
        kpi_section(inputs.value, facts, inputs.period, links, language),
        judged_section(facts, links, language),
        realisation_section(facts, inputs.period, links, language),
        chain_section(cost, chain, links, language),
        solution_section(facts, cost, chain.names, links, language),
    ]
    first = [said for chapter in chapters for said in chapter.sentences[:3] if said.kind != "note"]
    return [Section("summary", label("summary", language), tuple(first)), *chapters]


def _open_ends_and_quality(inputs: ReportInputs, links: Links, language: Language) -> list[Section]:
    facts = cast(QualityFacts, inputs.quality)
    return quality_sections(inputs.cost, facts, inputs.period, links, language)


def _carbon(inputs: ReportInputs, links: Links, language: Language) -> list[Section]:
    cost, facts = cast(CostFacts, inputs.cost), cast(CarbonFacts, inputs.carbon)
    return [carbon_section(cost, facts, links, language)]


def _compliance(inputs: ReportInputs, links: Links, language: Language) -> list[Section]:
    facts = cast(ComplianceFacts, inputs.compliance)
    return compliance_sections(facts, inputs.period, links, language)


def _summary(cost: CostFacts, links: Links, language: Language) -> Section:
    sentences = summary_sentences(cost, links, language)
    return Section("summary", label("summary", language), tuple(sentences))


def _subtitle(inputs: ReportInputs) -> str:
    """The period; a statement also says whose it is."""
    if inputs.statement is None:
        return inputs.period
    return f"{inputs.statement.name} · {inputs.period}"


def _facts(
    inputs: ReportInputs, links: Links, as_of: datetime, language: Language
) -> list[tuple[str, Cell]]:
    instant = as_of.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    facts: list[tuple[str, Cell]] = [(label("period", language), Text(inputs.period))]
    if inputs.cost:
        run, bill = inputs.cost.run, inputs.statement
        total = money(run.input, inputs.cost, links.of_run())
        if bill:  # A consumer's bill does not tell what the whole company spends.
            total = Money(bill.amount, bill.currency, href=bill_address(bill, links))
        facts += [
            (label("total", language), total),
            (label("run", language), Text(run.id, links.of_run())),
        ]
    facts.append((label("as_of", language), Text(instant) if as_of != _EPOCH else Missing()))
    return facts


_CHAPTERS: dict[str, Callable[[ReportInputs, Links, Language], list[Section]]] = {
    "cost-value-distribution": _cost_value_distribution,
    "it-spend-overview": _it_spend_overview,
    "consumer-statement": _consumer_statement,
    "post-implementation-review": _post_implementation_review,
    "value-analysis": _value_analysis,
    "unallocated-and-data-quality": _open_ends_and_quality,
    "carbon": _carbon,
    "compliance": _compliance,
}
AVAILABLE_TYPES = tuple(_CHAPTERS)
