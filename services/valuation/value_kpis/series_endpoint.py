"""`/v1/value-kpis/{id}/series`: a KPI month by month."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import Session

from services.valuation.observations import repository as observations
from services.valuation.value_kpis import repository
from services.valuation.value_kpis.domain import (
    adjust_for_season,
    draw_trend,
    measure_attainment,
    round_fraction,
)
from services.valuation.value_kpis.endpoints import CodeQuery, asked_link
from services.valuation.value_kpis.series import Reading, Wish, key_of_link
from services.valuation.value_kpis.workflow import close_over, load_readings
from shared.auth import UNBOUND, Needs
from shared.contracts.valuation.kpis import Layer, SeriesAnswer, SeriesPoint
from shared.contracts.values import Period, name_in
from shared.database import SessionDep
from shared.errors import FieldError, RuleBroken
from shared.language import LanguageDep
from shared.periods import months_between, period_range
from shared.routing import new_router
from shared.tables.valuation.kpis import ValueKpi

MOST_MONTHS = 600

router = new_router("/v1/value-kpis", "value-kpis", [Needs("valuation:read"), UNBOUND])


@router.get(
    "/{kpi_id:uuid}/series", summary="A KPI month by month", operation_id="get_value_kpi_series"
)
def get_value_kpi_series(
    kpi_id: UUID,
    session: SessionDep,
    language: LanguageDep,
    first: Annotated[Period | None, Query(alias="from")] = None,
    last: Annotated[Period | None, Query(alias="to")] = None,
    source: CodeQuery = None,
    link_layer: Annotated[Layer | None, Query(description="With `link_code`")] = None,
    link_code: CodeQuery = None,
    initiative: CodeQuery = None,
    value_chain_stage: CodeQuery = None,
) -> SeriesAnswer:
    """Value, target, attainment, trend and seasonally adjusted value of each month.

    Without `from` and `to`: from the first to the last month observed. Observations without a
    link stand for the whole; where a month has none, all linked ones are joined. A month without
    observations is computed by the formula, if there is one.
    """
    kpi = repository.get_value_kpi(session, kpi_id)
    link = asked_link(link_layer, link_code, initiative, value_chain_stage)
    wish = Wish() if link is None else Wish((key_of_link(link),), or_all=False)
    known = close_over(session, [kpi])
    span = _span(session, known, first, last)
    items: list[SeriesPoint] = []
    if span is not None:
        readings = load_readings(session, known, *span, source)
        months = list(period_range(*span))
        items = _points(kpi, months, [readings.read(kpi.code, month, wish) for month in months])
    return SeriesAnswer(
        kpi=kpi.code,
        name=name_in(kpi.names, language),
        unit=kpi.unit,
        direction=kpi.direction,
        aggregation=kpi.aggregation,
        baseline=kpi.baseline,
        formula=kpi.formula,
        items=items,
    )


def _span(
    session: Session, known: dict[str, ValueKpi], first: str | None, last: str | None
) -> tuple[str, str] | None:
    if first is None or last is None:
        seen = observations.span_of_kpis(session, [kpi.id for kpi in known.values()])
        if seen is None:
            return None
        first, last = first or min(seen[0], last or seen[0]), last or max(seen[1], first or "")
    if not 0 <= months_between(first, last) < MOST_MONTHS:
        message = f"`to` is not before `from`, and at most {MOST_MONTHS} months lie between"
        error = FieldError("query:/to", "bad_range", message)
        raise RuleBroken(message, code="bad_range", errors=[error])
    return first, last


def _points(kpi: ValueKpi, months: list[str], readings: list[Reading]) -> list[SeriesPoint]:
    targets = {target["period"]: Decimal(target["value"]) for target in kpi.targets}
    values = [reading.value for reading in readings]
    lines = zip(months, readings, draw_trend(values), adjust_for_season(values), strict=True)
    return [
        _point(kpi, month, reading, targets.get(month, kpi.target)).model_copy(
            update={"trend": trend, "seasonally_adjusted": adjusted}
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
