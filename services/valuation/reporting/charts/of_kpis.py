"""Charts of KPIs: one month by month, one against another, a scorecard."""

from decimal import Decimal
from typing import Any

from sqlmodel import Session

from services.valuation.measures.attribution.endpoints import get_value_kpi_attribution
from services.valuation.measures.value_kpis import repository as kpis
from services.valuation.measures.value_kpis.series_endpoint import get_value_kpi_series
from services.valuation.overviews.scorecards.answers import card_answer
from services.valuation.overviews.scorecards.workflow import gather_card
from services.valuation.reporting.charts.asking import asked_months, find_kpi, needed
from services.valuation.reporting.charts.drawings.attainment_panels import (
    Attained,
    Panel,
    attainment_panels,
)
from services.valuation.reporting.charts.drawings.scatter_charts import (
    Axis,
    SeenMonth,
    attribution_chart,
)
from services.valuation.reporting.charts.drawings.series_chart import SeriesMonth, series_chart
from services.valuation.reporting.charts.figures import (
    Language,
    grouped,
    percent_text,
    short_number,
)
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.units import with_unit
from services.valuation.reporting.charts.wording import word
from services.valuation.reporting.reports.content.value_section import attainment_picture
from services.valuation.reporting.reports.gathering.value import gather_value
from shared.contracts.valuation.attribution import AttributionAnswer
from shared.contracts.valuation.charts import ChartQuery
from shared.contracts.valuation.scorecards import CardKpi, CardPerspective
from shared.contracts.values import name_in
from shared.errors import RuleBroken

_LOOKS = {"green": "good", "amber": "near", "red": "missed", None: "unknown"}


def draw_attainment(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`kpi-attainment`: how far every KPI with a target has come by the end of a month."""
    period = needed(query, "period")
    return attainment_picture(gather_value(session, period, language), period, language).spec


def draw_kpi_series(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`kpi-series`: value, target, baseline, trend, seasonally adjusted, benchmark."""
    kpi = find_kpi(session, query)
    answer = get_value_kpi_series(
        kpi_id=kpi.id, session=session, language=language, link=None,
        first=query.first, last=query.last,
    )  # fmt: skip
    months = [
        SeriesMonth(
            point.period,
            point.value,
            point.target,
            answer.baseline,
            point.trend,
            point.seasonally_adjusted,
            point.benchmark,
        )
        for point in answer.items
    ]
    span = f"{months[0].period} – {months[-1].period}" if months else ""
    return series_chart(months, answer.name or kpi.code, answer.unit, language, span)


def draw_attribution(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`attribution`: a KPI against a driver, another KPI or a cost."""
    kpi = find_kpi(session, query)
    if (query.driver, query.other, query.cost_of).count(None) != 2:
        message = "name one of `driver`, `other` and `cost_of`"
        raise RuleBroken.at("query:/driver", "missing_parameter", message)
    answer = get_value_kpi_attribution(
        kpi_id=kpi.id, session=session, language=language, driver=query.driver, kpi=query.other,
        cost_of=query.cost_of, first=query.first, last=query.last, max_lag=0,
    )  # fmt: skip
    months = [
        SeenMonth(point.period, point.explained_by, point.value)
        for point in answer.points
        if point.explained_by is not None
    ]
    across, up = _across(session, answer, language), name_in(kpi.names, language) or kpi.code
    return attribution_chart(
        months,
        across,
        Axis(up, answer.unit),
        _line(answer),
        word("attribution", language, up=up, across=across.name),
        _told(answer, language),
        language,
    )


def _across(session: Session, answer: AttributionAnswer, language: Language) -> Axis:
    """The explaining series by name: a KPI has one of its own, others are their code."""
    other = answer.explained_by
    if other is None:
        return Axis("", "")
    known = kpis.find_by_codes(session, [other.code]) if other.kind == "kpi" else {}
    if other.code in known:
        name = name_in(known[other.code].names, language) or other.code
    else:
        name = f"{word(other.kind, language)} {other.code}"
    return Axis(name, other.unit or "")


def _line(answer: AttributionAnswer) -> tuple[Decimal, Decimal] | None:
    fit = answer.regression
    if fit is None or fit.slope.value is None or fit.intercept.value is None:
        return None
    return fit.slope.value, fit.intercept.value


def _told(answer: AttributionAnswer, language: Language) -> str:
    r = answer.pearson.value if answer.pearson is not None else None
    return word(
        "attribution_subtitle",
        language,
        n=answer.n,
        first=answer.periods.first,
        last=answer.periods.last,
        r="–" if r is None else grouped(r, 2),
    )


def draw_scorecard(session: Session, query: ChartQuery, language: Language) -> Spec:
    """`scorecard`: the KPIs of each perspective by how far their targets are reached."""
    asked = asked_months(query)
    unit, facts, cost = gather_card(session, asked, query.consumer, language)
    card = card_answer(asked, unit, facts, cost, language)
    panels = [_perspective(each, language) for each in card.perspectives]
    title = word("scorecard", language, name=card.name)
    total = word("score", language, name=f"{card.first} – {card.last}", score=_score(card.score))
    return attainment_panels(panels, title, total, language)


def _perspective(each: CardPerspective, language: Language) -> Panel:
    title = word("score", language, name=each.name, score=_score(each.score))
    return Panel(title, [_card_kpi(kpi, language) for kpi in each.kpis])


def _card_kpi(kpi: CardKpi, language: Language) -> Attained:
    look = _LOOKS[kpi.status]
    if kpi.value is None:
        return Attained(kpi.name, None, word("not_measured", language), look)
    share = kpi.attainment if kpi.attainment is not None else kpi.score
    return Attained(kpi.name, share, attained_words(kpi, kpi.value, kpi.attainment, language), look)


def attained_words(told: Any, actual: Decimal, share: Decimal | None, language: Language) -> str:
    """`6.8 turns · target 6.8 · 100.0%` of anything with a `target` and a `unit`."""
    parts = [with_unit(short_number(actual), told.unit or "", language)]
    if told.target is None:
        return " · ".join([*parts, word("no_target", language)])
    parts.append(f"{word('target', language)} {short_number(told.target)}")
    parts.append(word("no_attainment", language) if share is None else percent_text(share))
    return " · ".join(parts)


def _score(score: Decimal | None) -> str:
    return "–" if score is None else percent_text(score, 0)
