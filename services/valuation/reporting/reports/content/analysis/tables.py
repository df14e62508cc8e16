"""Plan against actual by named figure, and value realisation by group."""

from collections.abc import Sequence
from decimal import Decimal

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.content.analysis.facts import (
    AnalysisFacts,
    JudgedFigure,
    JudgedInitiative,
    RealisedGroup,
)
from services.valuation.reporting.reports.content.links import Links
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Missing,
    Money,
    Number,
    Share,
    Table,
    Text,
)
from services.valuation.reporting.reports.wording.labels import label, term

_IN_MONEY = {"npv", "tco"}
_DIGITS = {"roi_net": 2, "roi_gross": 2, "payback_months": 1}


def judged_table(facts: AnalysisFacts, links: Links, language: Language) -> Table:
    """One line for each figure of each initiative; an undefined one says why."""
    columns = (
        Column("initiative", label("initiative", language)),
        Column("figure", label("figure", language)),
        Column("currency", label("currency", language)),
        Column("plan", label("plan", language), "number"),
        Column("actual", label("actual_figure", language), "number"),
        Column("remark", label("why_missing", language)),
    )
    rows: list[tuple[Cell, ...]] = []
    for each in sorted(facts.judged, key=lambda one: one.code):
        asked = f"discount_rate={facts.discount_rate}"
        plan = links.of_initiative(each.id, f"evaluation?{asked}")
        actual = links.of_initiative(each.id, f"evaluation?basis=actual&{asked}")
        for figure in each.figures:
            currency = each.currency if figure.name in _IN_MONEY else ""
            rows.append(
                (
                    Text(each.name, links.of_initiative(each.id)),
                    Text(figure.name),
                    Text(currency) if currency else Missing(),
                    _figure(figure.plan, figure, each, plan),
                    _figure(figure.actual, figure, each, actual),
                    _reasons(figure, language),
                )
            )
    return Table("judged", label("judged_figures", language), columns, tuple(rows))


def _figure(value: Decimal | None, figure: JudgedFigure, each: JudgedInitiative, href: str) -> Cell:
    if value is None:
        return Missing()
    if figure.name in _IN_MONEY and each.currency:
        return Money(value, each.currency, href=href)
    return Number(value, digits=_DIGITS.get(figure.name, 2), href=href)


def _reasons(figure: JudgedFigure, language: Language) -> Cell:
    said = [
        f"{label(key, language)}: {term('reason_of', reason, language)}"
        for key, value, reason in (
            ("plan", figure.plan, figure.plan_reason),
            ("actual_figure", figure.actual, figure.actual_reason),
        )
        if value is None and reason
    ]
    return Text("; ".join(said)) if said else Missing()


def realisation_table(groups: Sequence[RealisedGroup], source: str, language: Language) -> Table:
    """By portfolio, sponsor and kind of benefit; each way counts the same money."""
    columns = (
        Column("by", label("by", language)),
        Column("group", label("group", language)),
        Column("currency", label("currency", language)),
        Column("expected", label("expected", language), "money"),
        Column("unmeasured", label("unmeasured", language), "money"),
        Column("realised", label("realised", language), "money"),
        Column("rate", label("rate", language), "share"),
        Column("realised_extra", label("realised_extra", language), "money"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            Text(term("by", group.by, language), source),
            Text(_group_name(group, language)),
            Text(sums.currency),
            *(
                Money(amount, sums.currency, href=source)
                for amount in (sums.expected, sums.unmeasured, sums.realised)
            ),
            Missing() if sums.rate is None else Share(sums.rate, source),
            Money(sums.realised_extra, sums.currency, href=source),
        )
        for group in groups
        for sums in [group.sums]
    ]
    return Table("realisation", label("realisation_by", language), columns, tuple(rows))


def _group_name(group: RealisedGroup, language: Language) -> str:
    name = group.sums.group
    if name is None:
        return label("not_named", language)
    return term("benefit", name, language) if group.by == "kind" else name
