"""The data quality of a period, put together from what was gathered."""

from collections.abc import Iterator, Sequence
from typing import Any

from services.ingest.data_quality.domain import worst
from services.ingest.data_quality.figures import findings, measures, shares
from services.ingest.data_quality.figures.gathering import Gathered
from services.ingest.data_quality.figures.subject import Subject
from services.ingest.data_quality.labels import label
from shared.contracts.ingest.data_quality import (
    AssetPair,
    DataQualityAnswer,
    DoubleAssets,
    QualityMeasure,
    RuleFinding,
    SourceQuality,
)

MEASURES = (
    "completeness", "freshness", "reject_share", "duplicates", "unmapped_share", "sudden_changes",
    "double_purchases",
)  # fmt: skip
COLUMNS = (
    "period", "scenario", "source", "measure", "item", "name", "value", "before", "currency",
    "status", "reason",
)  # fmt: skip


def quality_of(
    gathered: Gathered, rules: Sequence[RuleFinding], language: str, source: str | None = None
) -> DataQualityAnswer:
    """Every source (or one), all together, and the findings of rules."""
    names = gathered.sources()
    items = [
        source_quality(Subject(gathered, name, language))
        for name in names
        if source in {None, name}
    ]
    total = source_quality(Subject(gathered, None, language)) if names and not source else None
    rules = [one for one in rules if source in {None, one.source}]
    assets = _assets(gathered, language)
    statuses = [*(one.status for one in items), *(one.status for one in rules), assets.status]
    return DataQualityAnswer(
        period=gathered.period,
        scenario=gathered.scenario,
        status=worst(statuses) if items else None,
        items=items,
        total=total,
        assets=assets,
        rules=list(rules),
    )


def source_quality(subject: Subject) -> SourceQuality:
    """All figures of one source, or of all together."""
    figures: dict[str, QualityMeasure] = {
        "completeness": measures.completeness(subject),
        "freshness": measures.freshness(subject),
        "reject_share": shares.rejects(subject),
        "duplicates": shares.duplicates(subject),
        "unmapped_share": shares.unmapped(subject),
        "sudden_changes": findings.changes(subject),
        "double_purchases": findings.doubles(subject),
    }
    lines = subject.lines(subject.gathered.period)
    return SourceQuality(
        source=subject.source,
        status=worst(one.status for one in figures.values()),
        rows=0 if lines is None else lines.rows,
        **figures,
    )


def _assets(gathered: Gathered, language: str) -> DoubleAssets:
    count, found = gathered.assets
    return DoubleAssets(
        name=label("assets", language),
        value=count,
        status="warning" if count else "good",
        items=[AssetPair.model_validate(vars(one)) for one in found],
    )


def cells_of(answer: DataQualityAnswer) -> Iterator[Sequence[Any]]:
    """One row per figure, with rows of their own for fields, changes, payments and rules."""
    head = (answer.period, answer.scenario)
    for one in [*answer.items, *([answer.total] if answer.total else [])]:
        for measure in MEASURES:
            figure: QualityMeasure = getattr(one, measure)
            usual = figure.trend[-1].value if figure.trend else None
            yield (*head, one.source, measure, None, figure.name, figure.value, usual, None,
                   figure.status, figure.reason)  # fmt: skip
        for field in one.completeness.fields:
            yield (*head, one.source, "completeness", field.field, field.name, field.share,
                   field.usual_share, None, field.status, None)  # fmt: skip
    for quality in answer.items:
        yield from _found(head, quality)
    for rule in answer.rules:
        yield (*head, rule.source, "rules", rule.rule, rule.name, rule.value,
               rule.trend[-1].value if rule.trend else None, rule.currency, rule.status,
               f"{rule.operator} {rule.threshold:f}" if rule.breached else None)  # fmt: skip
    for pair in answer.assets.items:
        yield (*head, None, "assets", " ".join(pair.codes), answer.assets.name, None, None, None,
               answer.assets.status, " ".join(pair.reasons))  # fmt: skip


def _found(head: tuple[str, str], quality: SourceQuality) -> Iterator[Sequence[Any]]:
    for change in quality.sudden_changes.items:
        yield (*head, quality.source, "sudden_changes", change.key, change.name, change.after,
               change.before, change.currency, "warning", change.reason)  # fmt: skip
    for pair in quality.double_purchases.items:
        documents = f"{pair.first.document} / {pair.second.document}"
        yield (*head, quality.source, "double_purchases", pair.vendor, documents, pair.amount, None,
               pair.currency, "warning", None)  # fmt: skip
