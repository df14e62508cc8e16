"""The types of report that can be ordered and how each puts its chapters together."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

from services.valuation.charts.figures import Language
from services.valuation.reports.content.chain_section import chain_section
from services.valuation.reports.content.cost_sections import cost_section, summary_sentences
from services.valuation.reports.content.cost_tables import money
from services.valuation.reports.content.inputs import CostFacts, ReportInputs
from services.valuation.reports.content.links import Links
from services.valuation.reports.content.proof_section import proof_section
from services.valuation.reports.content.review_tables import review_sentences, review_tables
from services.valuation.reports.content.value_section import value_section
from services.valuation.reports.document import Cell, Document, Missing, Section, Source, Text
from services.valuation.reports.labels import label

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)


def write_document(report_type: str, inputs: ReportInputs, links: Links) -> Document:
    """The whole report; a pure function of its inputs, so that equal inputs give equal bytes."""
    language = cast(Language, inputs.language)
    sections = _CHAPTERS[report_type](inputs, links, language)
    cost = inputs.cost
    instants = [cost.run.finished_at] if cost else []
    if inputs.value.newest_at:
        instants.append(inputs.value.newest_at)
    return Document(
        type=report_type,
        title=label(f"title.{report_type}", language),
        language=language,
        period=inputs.period,
        currency=cost.run.currency if cost else "",
        as_of=max(instants, default=_EPOCH),
        inputs_sha256=inputs.sha256,
        sections=tuple(section for section in sections if section),
        sources=tuple(_sources(inputs, links, language)),
        subtitle=inputs.period,
        facts=tuple(_facts(inputs, links, max(instants, default=_EPOCH), language)),
    )


def _cost_value_distribution(
    inputs: ReportInputs, links: Links, language: Language
) -> list[Section]:
    cost = cast(CostFacts, inputs.cost)
    value = value_section(inputs.value, inputs.period, links, language)
    chain = chain_section(cost, inputs.value, links, language)
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


def _summary(cost: CostFacts, links: Links, language: Language) -> Section:
    sentences = summary_sentences(cost, links, language)
    return Section("summary", label("summary", language), tuple(sentences))


def _facts(
    inputs: ReportInputs, links: Links, as_of: datetime, language: Language
) -> list[tuple[str, Cell]]:
    instant = as_of.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    facts: list[tuple[str, Cell]] = [(label("period", language), Text(inputs.period))]
    if inputs.cost:
        run = inputs.cost.run
        facts += [
            (label("total", language), money(run.input, inputs.cost, links.of_run())),
            (label("run", language), Text(run.id, links.of_run())),
        ]
    facts.append((label("as_of", language), Text(instant) if as_of != _EPOCH else Missing()))
    return facts


def _sources(inputs: ReportInputs, links: Links, language: Language) -> list[Source]:
    sources = []
    if inputs.cost:
        run = inputs.cost.run
        sources.append(
            Source(
                label("run", language),
                links.of_run(),
                run.id,
                run.fingerprint,
                run.output_hash,
                run.finished_at,
            )
        )
        model = f"{links.allocation}/v1/model-versions/{run.model_version}"
        sources.append(Source(label("model_version", language), model, run.model_version))
        sources += [
            Source(label(title, language), links.of_view(view), run.id)
            for title, view in (
                ("by_pool", "finance"),
                ("by_tower", "technology"),
                ("by_solution", "solutions"),
                ("by_consumer", "consumers"),
            )
        ]
        for part in ("reconciliation", "unallocated"):
            sources.append(Source(label(part, language), links.of_run(part), run.id))
    sources += [Source(kpi.name, links.of_kpi(kpi.id), kpi.id) for kpi in inputs.value.kpis]
    sources += [
        Source(initiative.name, links.of_initiative(initiative.id), initiative.id)
        for initiative in inputs.value.initiatives
    ]
    sources += [
        Source(
            f"{label('reviews', language)}: {review.initiative}",
            links.of_review(review.id),
            review.id,
        )
        for review in inputs.value.reviews
    ]
    return sources


_CHAPTERS: dict[str, Callable[[ReportInputs, Links, Language], list[Section]]] = {
    "cost-value-distribution": _cost_value_distribution,
    "it-spend-overview": _it_spend_overview,
    "post-implementation-review": _post_implementation_review,
}
AVAILABLE_TYPES = tuple(_CHAPTERS)
