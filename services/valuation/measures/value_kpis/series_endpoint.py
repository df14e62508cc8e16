"""`/v1/value-kpis/{id}/series`: a KPI month by month."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import Session

from services.valuation.measures.observations import repository as observations
from services.valuation.measures.value_kpis import repository
from services.valuation.measures.value_kpis.benchmarks import Benchmarks, ask_benchmarks
from services.valuation.measures.value_kpis.domain import (
    adjust_for_season,
    draw_trend,
    find_season,
    fit_line,
    measure_attainment,
    round_fraction,
    tell_course,
)
from services.valuation.measures.value_kpis.links import AskedLink, LinkDep, ShortQuery
from services.valuation.measures.value_kpis.series import Reading, Wish, key_of_link
from services.valuation.measures.value_kpis.workflow import close_over, load_readings
from shared.auth import Needs
from shared.clock import utc_now
from shared.contracts.valuation.series import (
    SeasonEffect,
    SeriesAnswer,
    SeriesBenchmark,
    SeriesPoint,
    SeriesSeason,
    SeriesTrend,
)
from shared.contracts.values import Period, name_in
from shared.database import SessionDep
from shared.errors import RuleBroken
from shared.http.language import LanguageDep
from shared.http.routing import new_router
from shared.periods import months_between, next_period, period_of, period_range
from shared.tables.valuation.kpis import ValueKpi

MOST_MONTHS = 600
MONTHS_UNLESS_ASKED = 12

router = new_router("/v1/value-kpis", "value-kpis", [Needs("valuation:read")])


@router.get(
    "/{kpi_id:uuid}/series", summary="A KPI month by month", operation_id="get_value_kpi_series"
)
def get_value_kpi_series(
    kpi_id: UUID,
    session: SessionDep,
    language: LanguageDep,
    link: LinkDep,
    first: Annotated[Period | None, Query(alias="from")] = None,
    last: Annotated[Period | None, Query(alias="to")] = None,
    source: ShortQuery = None,
) -> SeriesAnswer:
    """Value, target, attainment, trend, seasonally adjusted value and benchmark of each month.

    Without `from` and `to`: from the first to the last month observed; if only other services
    know the figures of its formula, the last twelve. Observations without a link stand for the
    whole; where a month has none, all linked ones are joined. A month without observations is
    computed by the formula, if there is one. `link=consumer:CODE` (also `layer` and `link_code`)
    reads what was observed of that one thing.
    """
    kpi = repository.get_value_kpi(session, kpi_id)
    wish = Wish() if link is None else Wish((key_of_link(link),), or_all=False)
    known = close_over(session, [kpi])
    months = _months(session, known, first, last)
    values: list[Reading] = []
    if months:
        readings = load_readings(session, known, months[0], months[-1], source)
        values = [readings.read(kpi.code, month, wish) for month in months]
    benchmarks = ask_benchmarks(kpi.code, kpi.unit)
    return _answer(kpi, link, language, months, values, benchmarks)


def _months(
    session: Session, known: dict[str, ValueKpi], first: str | None, last: str | None
) -> list[str]:
    if first is None or last is None:
        seen = observations.span_of_kpis(session, [kpi.id for kpi in known.values()])
        if seen is None and any(kpi.formula for kpi in known.values()):
            end = last or max(period_of(utc_now().date()), first or "")
            seen = next_period(end, 1 - MONTHS_UNLESS_ASKED), end
        if seen is None:
            return []
        first, last = first or min(seen[0], last or seen[0]), last or max(seen[1], first or "")
    if not 0 <= months_between(first, last) < MOST_MONTHS:
        message = f"`to` is not before `from`, and at most {MOST_MONTHS} months lie between"
        raise RuleBroken.at("query:/to", "bad_range", message)
    return list(period_range(first, last))


def _answer(
    kpi: ValueKpi,
    link: AskedLink,
    language: str,
    months: list[str],
    readings: list[Reading],
    benchmarks: Benchmarks,
) -> SeriesAnswer:
    values = [reading.value for reading in readings]
    shown = benchmarks.shown_with(months[-1] if months else None)
    return SeriesAnswer(
        kpi=kpi.code,
        name=name_in(kpi.names, language),
        unit=kpi.unit,
        direction=kpi.direction,
        aggregation=kpi.aggregation,
        baseline=kpi.baseline,
        target=kpi.target,
        formula=kpi.formula,
        link=link,
        trend=_trend(kpi, values),
        seasonality=_season(months, values),
        benchmark=None
        if shown is None
        else SeriesBenchmark(
            **{name: getattr(shown, name) for name in SeriesBenchmark.model_fields}
        ),
        benchmark_reason=benchmarks.reason,
        items=_points(kpi, months, readings, benchmarks),
    )


def _trend(kpi: ValueKpi, values: list[Decimal | None]) -> SeriesTrend:
    line, count = fit_line(values), sum(value is not None for value in values)
    if line is None:
        return SeriesTrend(
            slope_per_month=None,
            intercept=None,
            direction=None,
            values=count,
            reason="too_few_values",
        )
    return SeriesTrend(
        slope_per_month=round_fraction(line.slope),
        intercept=round_fraction(line.intercept),
        direction=tell_course(line, "up" if kpi.direction == "up" else "down"),
        values=count,
        reason=None,
    )


def _season(months: list[str], values: list[Decimal | None]) -> SeriesSeason:
    season = find_season(values)
    if not isinstance(season, list):
        return SeriesSeason(reason=season, pattern=[])
    effects = {int(month[5:]): effect for month, effect in zip(months, season, strict=False)}
    pattern = [
        SeasonEffect(month=month, effect=round_fraction(effects[month]))
        for month in sorted(effects)
    ]
    return SeriesSeason(reason=None, pattern=pattern)


def _points(
    kpi: ValueKpi, months: list[str], readings: list[Reading], benchmarks: Benchmarks
) -> list[SeriesPoint]:
    targets = {target["period"]: Decimal(target["value"]) for target in kpi.targets}
    values = [reading.value for reading in readings]
    lines = zip(months, readings, draw_trend(values), adjust_for_season(values), strict=True)
    return [
        _point(kpi, month, reading, targets.get(month, kpi.target)).model_copy(
            update={
                "trend": trend,
                "seasonally_adjusted": adjusted,
                "benchmark": benchmarks.median_in(month),
            }
        )
        for month, reading, trend, adjusted in lines
    ]


def _point(kpi: ValueKpi, month: str, reading: Reading, target: Decimal | None) -> SeriesPoint:
    attained = measure_attainment(kpi.baseline, target, reading.value)
    variance = None
    if reading.value is not None and target is not None:
        variance = round_fraction(Fraction(reading.value) - Fraction(target), 18)
    return SeriesPoint(
        period=month,
        value=reading.value,
        reason=reading.reason,
        missing=list(reading.missing),
        target=target,
        attainment=attained.share,
        attainment_reason=attained.reason,
        variance=variance,
        trend=None,
        seasonally_adjusted=None,
        benchmark=None,
        observations=reading.observations,
    )
