"""Loads the series that an attribution speaks of and works out its figures."""

from dataclasses import dataclass

from sqlmodel import Session

from services.valuation.measures.attribution.domain import list_gaps, pair_months
from services.valuation.measures.attribution.event_designs import (
    DifferenceInDifferences,
    InterruptedSeries,
    compare_with_control,
    interrupt_series,
)
from services.valuation.measures.attribution.findings import (
    Association,
    CautionCode,
    associate,
    cautions_of_association,
    cautions_of_event,
)
from services.valuation.measures.attribution.inputs import share_inputs
from services.valuation.measures.attribution.sources import (
    Series,
    Source,
    ask_figure,
    refuse_silent,
)
from services.valuation.measures.observations import repository as observations
from services.valuation.measures.value_kpis.series import Readings, Wish
from services.valuation.measures.value_kpis.workflow import close_over, load_readings
from shared.errors import Conflict, RuleBroken
from shared.periods import months_between, period_range
from shared.tables.valuation.kpis import ValueKpi

MOST_MONTHS = 600


@dataclass(frozen=True)
class Question:
    """What is asked about a KPI: which series explains it, or what an event did."""

    kpi: ValueKpi
    source: Source | None
    control: Source | None
    event: str | None
    first: str | None
    last: str | None
    most_lag: int


@dataclass(frozen=True)
class Attribution:
    """The answer: series by month, the figures asked for, and what speaks against them."""

    values: Series
    others: Series | None
    unit_of_others: str | None
    controls: Series | None
    association: Association | None
    interruption: InterruptedSeries | None
    difference: DifferenceInDifferences | None
    cautions: list[CautionCode]


def attribute(session: Session, question: Question) -> Attribution:
    """Work an answer out; 409 `too_little_data` where a design has too few months."""
    asked = [question.kpi, *_kpis_of(question)]
    known = close_over(session, asked)
    months = _months(session, known, question)
    readings = load_readings(session, known, months[0], months[-1])
    values = _series(readings, question.kpi, months)
    others, unit = _read(readings, question.source, months)
    controls, _ = _read(readings, question.control, months)
    association = associate(values, others, question.most_lag) if others is not None else None
    interruption, difference = _judge_event(question.event, values, controls)
    return Attribution(
        values,
        others,
        unit,
        controls,
        association,
        interruption,
        difference,
        _cautions(session, question, association, interruption or difference, values, controls),
    )


def _judge_event(
    event: str | None, values: Series, controls: Series | None
) -> tuple[InterruptedSeries | None, DifferenceInDifferences | None]:
    if event is None:
        return None, None
    if controls is None:
        return interrupt_series(values, event), None
    return None, compare_with_control(pair_months(values, controls), event)


def _months(session: Session, known: dict[str, ValueKpi], question: Question) -> list[str]:
    """The asked months; without `from` or `to` those in which anything behind was observed."""
    first, last = question.first, question.last
    if first is None or last is None:
        seen = observations.span_of_kpis(session, [kpi.id for kpi in known.values()])
        if seen is None:
            message = "0 months with a value; nothing is observed, so give `from` and `to`"
            raise Conflict(message, code="too_little_data")
        first = first or min(seen[0], last or seen[0])
        last = last or max(seen[1], first)
    if not 0 <= months_between(first, last) < MOST_MONTHS:
        message = f"`to` is not before `from`, and at most {MOST_MONTHS} months lie between"
        raise RuleBroken.at("query:/to", "bad_range", message)
    return list(period_range(first, last))


def _kpis_of(question: Question) -> list[ValueKpi]:
    sources = (question.source, question.control)
    return [each.kpi for each in sources if each is not None and each.kpi is not None]


def _read(
    readings: Readings, source: Source | None, months: list[str]
) -> tuple[Series | None, str | None]:
    """A series beside the KPI with its unit; nothing when none was asked for."""
    if source is None:
        return None, None
    if source.figure is not None:
        return ask_figure(source.figure, months)
    if source.kpi is None:
        raise ValueError(f"{source.code} is neither a KPI nor a figure")
    return _series(readings, source.kpi, months), source.kpi.unit


def _series(readings: Readings, kpi: ValueKpi, months: list[str]) -> Series:
    found = {month: readings.read(kpi.code, month, Wish()) for month in months}
    refuse_silent({reading.reason for reading in found.values()})
    return {month: reading.value for month, reading in found.items()}


def _cautions(
    session: Session,
    question: Question,
    association: Association | None,
    event: InterruptedSeries | DifferenceInDifferences | None,
    values: Series,
    controls: Series | None,
) -> list[CautionCode]:
    found: dict[CautionCode, None] = {}
    if association is not None:
        found |= dict.fromkeys(cautions_of_association(association))
    if event is not None:
        used = [month for month, value in values.items() if value is not None]
        if controls is not None:
            used = [month for month in used if controls[month] is not None]
        found |= dict.fromkeys(cautions_of_event(event, list_gaps(used)))
    for other in (question.source, question.control):
        if other is not None and share_inputs(session, question.kpi, other):
            found["shared_inputs"] = None
    control = question.control.kpi if question.control is not None else None
    if control is not None and control.unit != question.kpi.unit:
        found["units_differ"] = None
    return list(found)
