"""The chapters on open ends, on the quality of data and on imports."""

from decimal import Decimal

from services.valuation.reporting.charts.figures import Language, share_of
from services.valuation.reporting.reports.content.cost_sections import unallocated_sentence
from services.valuation.reporting.reports.content.inputs import CostFacts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.proof_section import proof_section
from services.valuation.reporting.reports.content.quality.facts import QualityFacts, SourceMeasure
from services.valuation.reporting.reports.content.quality.tables import (
    breach_table,
    import_table,
    measure_cell,
    month_table,
    owner_table,
    source_table,
)
from services.valuation.reporting.reports.document import (
    Cell,
    Money,
    Number,
    Section,
    Sentence,
    Share,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence, term
from shared.money import add_exactly

_MOST_NAMED = 8


def quality_sections(
    cost: CostFacts | None, facts: QualityFacts, period: str, links: Links, language: Language
) -> list[Section]:
    """What stayed where, since when and with whom; how good the data was; what was rejected."""
    sections = [_open_section(cost, facts, period, links, language)]
    sections.append(_data_section(facts, period, links, language))
    sections.append(_import_section(facts, links, language))
    return sections


def _open_section(
    cost: CostFacts | None, facts: QualityFacts, period: str, links: Links, language: Language
) -> Section:
    title = label("open_ends", language)
    course = [month_table(facts, links, language)] if facts.months else []
    if cost is None:
        said = [sentence("no_run", language, {"period": Text(period)}, "warning")]
        return Section("open_ends", title, tuple(said), tables=tuple(course))
    sentences = [unallocated_sentence(cost, links, language), *_change(facts, links, language)]
    sentences += _oldest(cost, links, language)
    if facts.missing:
        months = Text(", ".join(facts.missing))
        sentences.append(sentence("months_missing", language, {"months": months}, "warning"))
    proof = proof_section(cost, links, language)
    tables: list[Table] = [*course]
    if cost.unallocated:
        tables.append(owner_table(cost, links, language))
    tables += proof.tables
    return Section(
        "open_ends", title, (*sentences, *proof.sentences), proof.pictures, tuple(tables)
    )


def _change(facts: QualityFacts, links: Links, language: Language) -> list[Sentence]:
    if len(facts.months) < 2:
        return []
    before, now = facts.months[-2:]
    gap = now.unallocated - before.unallocated
    if not gap or before.currency != now.currency:
        return []
    source = f"{links.allocation}/v1/runs/{before.run.id}/unallocated"
    cells: dict[str, Cell | str] = {
        "amount": Money(abs(gap), now.currency, href=source),
        "month": Text(before.run.period, source),
    }
    return [sentence("open_more" if gap > 0 else "open_less", language, cells)]


def _oldest(cost: CostFacts, links: Links, language: Language) -> list[Sentence]:
    dated = [row for row in cost.unallocated if row.since and row.since < cost.run.period]
    if not dated:
        return []
    oldest = min(dated, key=lambda row: (row.since or "", -row.amount, row.code or ""))
    source = links.of_run("unallocated")
    cells: dict[str, Cell | str] = {
        "since": Text(oldest.since or "", source),
        "name": Text(oldest.name or label("lines_without_pool", language), source),
    }
    return [sentence("oldest_open", language, cells, "warning")]


def _data_section(facts: QualityFacts, period: str, links: Links, language: Language) -> Section:
    title = label("incoming", language)
    if not facts.measures:
        said = [sentence("quality_none", language, {"period": Text(period)}, "note")]
        return Section("incoming", title, tuple(said))
    source = quality_address(period, links)
    of_sources = [each for each in facts.measures if each.source is not None]
    bad = [each for each in of_sources if each.status == "bad"]
    cells: dict[str, Cell | str] = {
        "count": Number(Decimal(len(facts.rows)), href=source),
        "state": Text(term("quality", facts.status or "good", language), source),
        "bad": Number(Decimal(len(bad)), href=source),
        "warning": Number(
            Decimal(sum(each.status == "warning" for each in of_sources)), href=source
        ),
    }
    sentences = [sentence("quality_state", language, cells, "warning" if bad else "statement")]
    sentences += [_bad_sentence(each, source, language) for each in bad[:_MOST_NAMED]]
    tables = [source_table(facts, source, language)]
    if facts.breaches:
        count = Number(Decimal(len(facts.breaches)), href=source)
        sentences.append(sentence("rules_broken", language, {"count": count}, "warning"))
        tables.append(breach_table(facts, source, language))
    return Section("incoming", title, tuple(sentences), tables=tuple(tables))


def _bad_sentence(each: SourceMeasure, source: str, language: Language) -> Sentence:
    cells: dict[str, Cell | str] = {
        "source": Text(each.source or "", source),
        "measure": Text(term("measure", each.name, language)),
        "value": measure_cell(each, source, language),
    }
    return sentence("quality_bad", language, cells, "warning")


def quality_address(period: str, links: Links) -> str:
    """Where ingest judges the data of a period."""
    return f"{links.ingest}/v1/data-quality?period={period}"


def _import_section(facts: QualityFacts, links: Links, language: Language) -> Section:
    title = label("imports", language)
    if not facts.imports:
        return Section("imports", title, (sentence("imports_none", language, {}, "note"),))
    source = f"{links.ingest}/v1/imports"
    rows = add_exactly([Decimal(each.rows) for each in facts.imports])
    rejected = add_exactly([Decimal(each.rejected) for each in facts.imports])
    share = share_of(rejected, rows)
    cells: dict[str, Cell | str] = {
        "count": Number(Decimal(len(facts.imports)), href=source),
        "rows": Number(rows, href=source),
        "rejected": Number(rejected, href=source),
        "share": Text("–") if share is None else Share(share, source),
    }
    said = sentence("imports_state", language, cells, "warning" if rejected else "statement")
    return Section("imports", title, (said,), tables=(import_table(facts, links, language),))
