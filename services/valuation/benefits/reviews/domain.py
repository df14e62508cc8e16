"""Post-implementation reviews: when they are due, their states and their results."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from services.valuation.investments.initiatives.domain import BenefitKind, Level
from services.valuation.measures.value_kpis.domain import (
    Direction,
    Verdict,
    judge,
    measure_attainment,
    round_fraction,
)
from shared.errors import Conflict, RuleBroken

State = Literal["scheduled", "in_progress", "submitted", "approved"]
Step = Literal["start", "submit", "approve", "return"]
ActionState = Literal["open", "in_progress", "done", "dropped"]

STEPS: Mapping[Step, tuple[State, State]] = {
    "start": ("scheduled", "in_progress"),
    "submit": ("in_progress", "submitted"),
    "approve": ("submitted", "approved"),
    "return": ("submitted", "in_progress"),
}


def add_months(day: date, months: int) -> date:
    """The same day some months on; a day the month lacks becomes its last (31 January + 1)."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def take_step(state: State, step: Step) -> State:
    """The state after a step; Conflict (`wrong_state`) when it does not follow from this one."""
    before, after = STEPS[step]
    if state != before:
        raise Conflict(f"{step} needs state {before}, this one is {state}", code="wrong_state")
    return after


def check_changeable(state: State) -> None:
    """An approved review never changes; a later review adds to it."""
    if state == "approved":
        raise Conflict(
            "an approved review does not change; make a later review", code="review_approved"
        )


def is_overdue(state: State, due_on: date, today: date) -> bool:
    """Overdue from the day after it was due until it is approved."""
    return state != "approved" and due_on < today


def check_fillable(state: State) -> None:
    """Results are filled and entered while a review is in progress, not before and not after."""
    check_changeable(state)
    if state != "in_progress":
        advice = "return it first" if state == "submitted" else "start it first"
        raise Conflict(f"its results are filled in progress; {advice}", code="wrong_state")


def check_not_submitted(state: State) -> None:
    """What counts as realised is not written under the eyes of who approves it."""
    if state == "submitted":
        raise Conflict("it is submitted; return it first", code="wrong_state")


def check_extra_benefit(
    position: int, monetary_value: Decimal | None, currency: str | None, kind: BenefitKind | None
) -> None:
    """An amount has a currency, and its sign fits its kind."""
    place = f"/extra_benefits/{position}"
    if monetary_value is not None and currency is None:
        message = "a monetary value needs its currency"
        raise RuleBroken.at(f"{place}/currency", "missing_value", message)
    if monetary_value is not None and monetary_value < 0 and kind != "dis_benefit":
        message = "a negative monetary value is a dis_benefit"
        raise RuleBroken.at(f"{place}/monetary_value", "sign_of_benefit", message)


@dataclass(frozen=True)
class Expected:
    """What was promised of one KPI at one level, with its worth in money if it has one."""

    kpi: str | None
    level: Level
    direction: Direction
    baseline: Decimal | None
    target: Decimal | None
    monetary_value: Decimal | None = None
    currency: str | None = None
    kind: BenefitKind | None = None


@dataclass(frozen=True)
class Result:
    """What came of one expectation; evidence are the addresses of the figures behind it.

    `variance` is actual - target, `favourable` says whether that is good for this KPI;
    `realised_value` is monetary_value x attainment.
    """

    expected: Expected
    actual: Decimal | None
    attainment: Decimal | None
    reason: str | None
    variance: Decimal | None
    favourable: bool | None
    verdict: Verdict
    realised_value: Decimal | None
    evidence: tuple[str, ...]


def compare(expected: Expected, actual: Decimal | None, evidence: Sequence[str]) -> Result:
    """Hold what happened against what was promised."""
    attained = measure_attainment(expected.baseline, expected.target, actual)
    variance = favourable = None
    if actual is not None and expected.target is not None:
        variance = round_fraction(Fraction(actual) - Fraction(expected.target), 18)
        favourable = variance >= 0 if expected.direction == "up" else variance <= 0
    return Result(
        expected=expected,
        actual=actual,
        attainment=attained.share,
        reason=attained.reason,
        variance=variance,
        favourable=favourable,
        verdict=judge(attained, expected.target, actual, expected.direction),
        realised_value=realise(expected, actual, attained.share),
        evidence=tuple(evidence),
    )


def realise(
    expected: Expected, actual: Decimal | None, attainment: Decimal | None
) -> Decimal | None:
    """The part of an expected value that was reached; more than all of it and less than 0 count.

    Rounded only at the end: a third of 12 million over its target is 16 million, no cent less.
    """
    worth, baseline, target = expected.monetary_value, expected.baseline, expected.target
    if worth is None or attainment is None or baseline is None or target is None or actual is None:
        return None
    gone = Fraction(actual) - Fraction(baseline)
    return round_fraction(Fraction(worth) * gone / (Fraction(target) - Fraction(baseline)))


def check_offsets(offsets: Sequence[int]) -> None:
    """Offsets are whole months from 1 to 60, at most six of them, each once."""
    if not 1 <= len(offsets) <= 6 or len(set(offsets)) != len(offsets):
        raise RuleBroken("one to six different offsets in months", code="review_offsets")
    if any(not 1 <= months <= 60 for months in offsets):
        raise RuleBroken("an offset is 1 to 60 months", code="review_offsets")
