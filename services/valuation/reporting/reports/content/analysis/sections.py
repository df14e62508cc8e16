"""The chapters of the value analysis."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import median

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.analysis.facts import (
    AnalysisFacts,
    SolutionLine,
)
from services.valuation.reporting.reports.content.analysis.kpi_tables import class_table, kpi_table
from services.valuation.reporting.reports.content.analysis.solution_tables import solution_table
from services.valuation.reporting.reports.content.analysis.tables import judged_table
from services.valuation.reporting.reports.content.inputs import CostFacts, KpiFacts, ValueFacts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.value_section import attainment_picture
from services.valuation.reporting.reports.document import (
    Cell,
    Number,
    Section,
    Sentence,
    Share,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, sentence, term

KPI_CLASSES = ("cost", "efficiency", "benefit", "quality", "innovation")
_MOST_NAMED = 5


def kpi_section(
    value: ValueFacts, facts: AnalysisFacts, period: str, links: Links, language: Language
) -> Section:
    """Attainment by class, then the KPIs of each class with the figure before."""
    if not value.kpis:
        said = [sentence("no_kpis", language, {}, "note")]
        return Section("kpis", label("kpis_by_class", language), tuple(said))
    by_class = {name: [kpi for kpi in value.kpis if kpi.kpi_class == name] for name in KPI_CLASSES}
    told = {name: kpis for name, kpis in by_class.items() if kpis}
    before = {course.code: course for course in facts.courses}
    tables = [class_table(told, links, language)]
    tables += [kpi_table(name, kpis, before, links, language) for name, kpis in told.items()]
    has_bars = any(kpi.attainment is not None for kpi in value.kpis)
    return Section(
        "kpis",
        label("kpis_by_class", language),
        tuple(_class_sentence(name, kpis, links, language) for name, kpis in told.items()),
        (attainment_picture(value, period, language),) if has_bars else (),
        tuple(tables),
    )


def _class_sentence(
    name: str, kpis: Sequence[KpiFacts], links: Links, language: Language
) -> Sentence:
    source = f"{links.valuation}/v1/value-kpis?class={name}"
    known = [kpi.attainment for kpi in kpis if kpi.attainment is not None]
    cells: dict[str, Cell | str] = {"class_name": Text(term("class", name, language), source)}
    if not known:
        cells["count"] = Number(Decimal(len(kpis)), href=source)
        return sentence("class_unmeasured", language, cells, "note")
    cells["measured"] = Number(Decimal(len(known)), href=source)
    cells["met"] = Number(Decimal(sum(each >= 1 for each in known)), href=source)
    cells["median"] = Share(median(known), source)
    return sentence("class_attained", language, cells)


def judged_section(facts: AnalysisFacts, links: Links, language: Language) -> Section:
    """Named figures of every initiative with cash flows, as planned and as it became."""
    source = f"{links.valuation}/v1/initiatives"
    if not facts.judged:
        said = [sentence("judged_none", language, {}, "note")]
        return Section("judged", label("judged", language), tuple(said))
    cells: dict[str, Cell | str] = {
        "rate": Share(facts.discount_rate, source),
        "gross": Text("roi_gross"),
        "net": Text("roi_net"),
    }
    sentences = [sentence("discounted", language, cells, "note")]
    nets = [
        (each, figure)
        for each in facts.judged
        for figure in each.figures
        if figure.name == "roi_net"
    ]
    planned = [(figure.plan, each) for each, figure in nets if figure.plan is not None]
    if planned:
        value, best = max(planned, key=lambda pair: (pair[0], pair[1].code))
        address = links.of_initiative(best.id, "evaluation")
        named: dict[str, Cell | str] = {
            "name": Text(best.name, address),
            "value": Number(value, href=address, digits=2),
        }
        sentences.append(sentence("judged_best", language, named))
    for each, figure in nets[:_MOST_NAMED]:
        if figure.plan is not None and figure.actual is not None:
            address = links.of_initiative(each.id, "evaluation?basis=actual")
            told: dict[str, Cell | str] = {
                "name": Text(each.name, address),
                "actual": Number(figure.actual, href=address, digits=2),
                "plan": Number(
                    figure.plan, href=links.of_initiative(each.id, "evaluation"), digits=2
                ),
            }
            sentences.append(sentence("judged_ahead", language, told))
    table = judged_table(facts, links, language)
    return Section("judged", label("judged", language), tuple(sentences), tables=(table,))


def solution_section(
    facts: AnalysisFacts,
    cost: CostFacts,
    stage_names: Mapping[str, str],
    links: Links,
    language: Language,
) -> Section:
    """Cost beside value for each solution, the underused ones named first."""
    lines, period = facts.solutions, cost.run.period
    said = [
        *_underused_sentences(lines, period, links, language),
        *_best(lines, period, links, language),
    ]
    table = solution_table(lines, cost, stage_names, links, language)
    title = label("solutions_value", language)
    return Section("solutions", title, tuple(said), tables=(table,))


def _underused_sentences(
    lines: Sequence[SolutionLine], period: str, links: Links, language: Language
) -> list[Sentence]:
    source = links.of_solution_value(period)
    if all(line.underused is None for line in lines):
        return []
    underused = [line for line in lines if line.underused]
    if not underused:
        return [sentence("underused_none", language, {})]
    comma = "、" if language == "zh-CN" else ", "
    cells: dict[str, Cell | str] = {
        "count": Number(Decimal(len(underused)), href=source),
        "names": Text(comma.join(line.name for line in underused[:_MOST_NAMED]), source),
    }
    return [sentence("underused_some", language, cells, "warning")]


def _best(
    lines: Sequence[SolutionLine], period: str, links: Links, language: Language
) -> list[Sentence]:
    told = [(line.value_per_cost, line) for line in lines if line.value_per_cost is not None]
    if not told:
        return []
    ratio, line = max(told, key=lambda pair: (pair[0], pair[1].code))
    cells: dict[str, Cell | str] = {
        "name": Text(line.name, links.of_object("solution", line.code)),
        "ratio": Number(ratio, digits=2, href=links.of_solution_value(period, line.code)),
    }
    return [sentence("value_best", language, cells)]
