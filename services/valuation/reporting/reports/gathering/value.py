"""The value side of a report, read from this service's own tables up to the end of a period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlmodel import Session

from services.valuation.investments.evaluations.domain import Case, evaluate
from services.valuation.investments.evaluations.flows import CashFlow
from services.valuation.measures.value_kpis.domain import measure_attainment
from services.valuation.measures.value_kpis.series import Readings, Wish
from services.valuation.measures.value_kpis.workflow import close_over, load_readings
from services.valuation.reporting.reports import repository
from services.valuation.reporting.reports.content.inputs import (
    Benefit,
    InitiativeFacts,
    KpiFacts,
    NamedFigure,
    ReviewFacts,
    ReviewResult,
    ValueFacts,
)
from shared.contracts.valuation.initiatives import Category
from shared.contracts.values import name_in
from shared.errors import Unavailable
from shared.money import add_exactly
from shared.periods import last_day, next_period, period_range
from shared.tables.valuation.initiatives import Initiative, InitiativeCashFlow, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview

LONGEST_LOOK_BACK_MONTHS = 36
_TOLD_FIGURES = ("roi_gross", "roi_net", "payback_months", "xirr", "tco")


def gather_value(session: Session, period: str, language: str) -> ValueFacts:
    """KPIs with their newest figure, initiatives with promises and receipts, reviews due or begun.

    What happened after the period is left out, so that a report of an old month stays as it was.
    """
    until = last_day(period)
    kpis = repository.list_kpis(session)
    initiatives = repository.list_initiatives(session)
    expectations = repository.list_expectations(session)
    flows = repository.list_cash_flows(session, until)
    reviews = repository.list_reviews(session, until)
    named = {row.id: name_in(row.names, language) for row in initiatives}
    kpi_of_code = {row.code: name_in(row.names, language) for row in kpis}
    kpi_names = {row.id: name_in(row.names, language) for row in kpis}
    rows = _Rows(expectations, flows, reviews, kpi_names)
    instants: list[datetime] = [
        row.updated_at for rows in (kpis, initiatives, expectations, flows, reviews) for row in rows
    ]
    newest = repository.newest_observation_at(session, period)
    return ValueFacts(
        kpis=tuple(_kpis(session, kpis, period, language)),
        initiatives=tuple(_initiative(row, named[row.id], rows) for row in initiatives),
        reviews=tuple(
            _review(row, named.get(row.initiative_id, ""), kpi_of_code, until, language)
            for row in reviews
        ),
        newest_at=max([*instants, *([newest] if newest else [])], default=None),
    )


def _kpis(session: Session, kpis: Sequence[ValueKpi], period: str, language: str) -> list[KpiFacts]:
    months = months_to_look_at(session, kpis, period)
    readings = None
    if months:
        readings = load_readings(session, close_over(session, kpis), months[-1], months[0])
    facts = []
    for kpi in kpis:
        measured_in, actual = _newest_figure(kpi.code, months, readings)
        target = _target_of(kpi, measured_in or period)
        facts.append(
            KpiFacts(
                id=str(kpi.id),
                code=kpi.code,
                name=name_in(kpi.names, language),
                kpi_class=kpi.kpi_class,
                unit=kpi.unit,
                direction=kpi.direction,
                baseline=kpi.baseline,
                target=target,
                actual=actual,
                measured_in=measured_in,
                attainment=measure_attainment(kpi.baseline, target, actual).share,
            )
        )
    return facts


def months_to_look_at(session: Session, kpis: Sequence[ValueKpi], period: str) -> list[str]:
    """Where figures may be, newest first: three years, or less where all are observed later.

    A formula may speak of costs and tickets in months of which nothing was observed.
    """
    earliest = next_period(period, -LONGEST_LOOK_BACK_MONTHS)
    if not any(kpi.formula for kpi in kpis):
        first = repository.first_observed_period(session)
        if first is None or first > period:
            return []
        earliest = max(first, earliest)
    return list(period_range(earliest, period))[::-1]


def figure_of(readings: Readings, code: str, month: str) -> Decimal | None:
    """A KPI's figure of a month; 503 rather than a gap where another service does not answer."""
    reading = readings.read(code, month, Wish())
    if reading.reason in {"allocation_unreachable", "ingest_unreachable"}:
        raise Unavailable(f"{code} cannot be told now: {reading.reason}")
    return reading.value


def _newest_figure(
    code: str, months: list[str], readings: Readings | None
) -> tuple[str | None, Decimal | None]:
    for month in months:
        value = figure_of(readings, code, month) if readings else None
        if value is not None:
            return month, value
    return None, None


def _target_of(kpi: ValueKpi, period: str) -> Decimal | None:
    """The target set for just this month, else the KPI's own."""
    targets = {target["period"]: Decimal(target["value"]) for target in kpi.targets}
    return targets.get(period, kpi.target)


@dataclass(frozen=True)
class _Rows:
    """The rows of the value side that initiatives are told from."""

    expectations: Sequence[ValueExpectation]
    flows: Sequence[InitiativeCashFlow]
    reviews: Sequence[PostImplementationReview]
    kpi_names: Mapping[UUID, str]


def _initiative(row: Initiative, name: str, rows: _Rows) -> InitiativeFacts:
    promises = [each for each in rows.expectations if each.initiative_id == row.id]
    flows = [flow for flow in rows.flows if flow.initiative_id == row.id]
    receipts = [
        flow.amount for flow in flows if (flow.basis, flow.category) == ("actual", "benefit")
    ]
    currency = row.currency or next((each.currency for each in promises if each.currency), None)
    return InitiativeFacts(
        id=str(row.id),
        code=row.code,
        name=name,
        state=row.stage,
        solution=row.solution,
        go_live_on=row.go_live_on,
        benefits=tuple(_benefit(each, rows.kpi_names) for each in promises),
        realised=_realised(row, rows.reviews),
        received=((currency, add_exactly(receipts)),) if receipts and currency else (),
        figures=_planned_figures(flows),
    )


def _realised(
    row: Initiative, reviews: Sequence[PostImplementationReview]
) -> tuple[tuple[str, Decimal], ...]:
    """What the newest approved review found, by currency."""
    approved = [each for each in reviews if each.initiative_id == row.id and each.approved_at]
    if not approved:
        return ()
    newest = max(approved, key=lambda each: (each.due_on, each.id))
    sums: dict[str, list[Decimal]] = {}
    for result in newest.results:
        value = _decimal(result.get("realised_value"))
        if value is not None and result.get("currency"):
            sums.setdefault(result["currency"], []).append(value)
    return tuple((currency, add_exactly(parts)) for currency, parts in sorted(sums.items()))


def _planned_figures(flows: Sequence[InitiativeCashFlow]) -> tuple[NamedFigure, ...]:
    """The plan judged by days without a discount rate; only figures that then have a meaning."""
    planned = [
        CashFlow(flow.amount, cast(Category, flow.category), on=flow.on)
        for flow in flows
        if flow.basis == "plan"
    ]
    if not planned:
        return ()
    figures = evaluate(Case(cash_flows=planned, convention="dated")).figures
    return tuple(
        NamedFigure(name, figures[name].value, figures[name].reason) for name in _TOLD_FIGURES
    )


def _benefit(row: ValueExpectation, kpi_names: Mapping[UUID, str]) -> Benefit:
    return Benefit(
        kpi=kpi_names.get(row.kpi_id, "") if row.kpi_id else "",
        level=row.level,
        baseline=row.baseline,
        target=row.target,
        due_period=row.due_period,
        monetary_value=row.monetary_value,
        currency=row.currency,
        benefit_kind=row.benefit_kind or "",
    )


def _review(
    row: PostImplementationReview,
    initiative: str,
    kpi_names: Mapping[str, str],
    until: date,
    language: str,
) -> ReviewFacts:
    return ReviewFacts(
        id=str(row.id),
        initiative=initiative,
        state=row.state,
        due_on=row.due_on,
        overdue=row.state not in {"submitted", "approved"} and row.due_on < until,
        results=tuple(_result(each, kpi_names, language) for each in row.results),
        lessons=" ".join(row.lessons),
    )


def _result(each: Mapping[str, Any], kpi_names: Mapping[str, str], language: str) -> ReviewResult:
    code = each.get("kpi") or ""
    by_hand = name_in(each.get("names") or {}, language)
    return ReviewResult(
        kpi=kpi_names.get(code, code) or by_hand,
        level=each["level"],
        baseline=_decimal(each.get("baseline")),
        target=_decimal(each.get("target")),
        actual=_decimal(each.get("actual")),
        attainment=_decimal(each.get("attainment")),
        verdict=each.get("verdict"),
        unit=each.get("unit") or "",
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
