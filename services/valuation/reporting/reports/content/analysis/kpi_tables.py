"""Value KPIs by class: how many reached their target, and each with the figure before."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import median

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.analysis.facts import KpiCourse
from services.valuation.reporting.reports.content.inputs import KpiFacts
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.content.value_section import attainment_cell, number_cell
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


def class_table(
    by_class: Mapping[str, Sequence[KpiFacts]], links: Links, language: Language
) -> Table:
    """One line for each of the five classes that has a KPI."""
    columns = (
        Column("class", label("class", language)),
        Column("count", label("count", language), "number", True),
        Column("measured", label("measured", language), "number", True),
        Column("met", label("met", language), "number", True),
        Column("median", label("mean_attainment", language), "share"),
    )
    rows: list[tuple[Cell, ...]] = []
    sums = [0, 0, 0]
    for name, kpis in by_class.items():
        known = [kpi.attainment for kpi in kpis if kpi.attainment is not None]
        counts = [len(kpis), len(known), sum(each >= 1 for each in known)]
        sums = [whole + part for whole, part in zip(sums, counts, strict=True)]
        source = f"{links.valuation}/v1/value-kpis?class={name}"
        middle: Cell = Share(median(known)) if known else Missing()
        numbers = (Number(Decimal(count)) for count in counts)
        rows.append((Text(term("class", name, language), source), *numbers, middle))
    totals: tuple[Cell, ...] = (
        Text(label("total", language)),
        *(Number(Decimal(count)) for count in sums),
        Missing(),
    )
    return Table("classes", label("class_summary", language), columns, tuple(rows), totals)


def kpi_table(
    name: str,
    kpis: Sequence[KpiFacts],
    before: Mapping[str, KpiCourse],
    links: Links,
    language: Language,
) -> Table:
    """The KPIs of a class, best attainment first, those without one last."""
    keys = ("kpi", "code", "baseline", "target", "previous", "actual", "measured_in", "attainment")
    numeric = {"baseline", "target", "actual", "previous"}
    columns = (
        *(
            Column(
                key,
                label(key, language),
                "number" if key in numeric else "share" if key == "attainment" else "text",
                on_paper=key != "code",
            )
            for key in keys
        ),
        Column("trend", label("trend", language)),
    )
    rows: list[tuple[Cell, ...]] = []
    for kpi in sorted(kpis, key=_place):
        source, course = links.of_kpi(kpi.id, kpi.measured_in), before.get(kpi.code)
        rows.append(
            (
                Text(kpi.name, source),
                Text(kpi.code),
                number_cell(kpi.baseline, kpi.unit),
                number_cell(kpi.target, kpi.unit),
                number_cell(course.previous if course else None, kpi.unit, source),
                number_cell(kpi.actual, kpi.unit, source),
                Text(kpi.measured_in) if kpi.measured_in else Missing(),
                attainment_cell(kpi.attainment, source),
                _trend(kpi, course, language),
            )
        )
    what = term("class", name, language)
    return Table(f"kpis_{name}", label("class_kpis", language, what=what), columns, tuple(rows))


def _place(kpi: KpiFacts) -> tuple[bool, Decimal, str]:
    return kpi.attainment is None, -(kpi.attainment or Decimal(0)), kpi.code


def _trend(kpi: KpiFacts, course: KpiCourse | None, language: Language) -> Cell:
    """Better or worse than the figure before, by the KPI's good direction."""
    if course is None or kpi.actual is None:
        return Missing()
    if kpi.actual == course.previous:
        return Text(term("trend", "same", language))
    has_risen = kpi.actual > course.previous
    return Text(
        term("trend", "better" if has_risen == (kpi.direction == "up") else "worse", language)
    )
