"""Plan against actual of one initiative: variances, stated figures that disagree, doubts.

A positive variance is good news: cost = planned - actual (cheaper than planned), benefit =
actual - planned (more than planned), days = planned - actual (earlier than planned).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Literal

from services.valuation.investments.evaluations.figures import round_figure
from shared.money import EXACT, add_exactly

Basis = Literal["plan", "actual"]
Category = Literal["investment", "run_cost", "benefit"]
Sums = Mapping[tuple[str, str], Decimal]
"""Sums of cash flows by (basis, category), signed as they were entered: out is negative."""

MISSING = ("no_plan", "no_actual")
LIFECYCLE_FACTOR = Decimal(4)
MONEY_FIGURES = (
    "planned_cost", "actual_cost", "cost_variance", "planned_benefit", "actual_benefit",
    "benefit_variance", "lifecycle_cost",
)  # fmt: skip


@dataclass(frozen=True)
class Variance:
    """Planned and actual of one thing; None with a reason where a side is missing."""

    planned: Decimal | None
    actual: Decimal | None
    variance: Decimal | None
    percent: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class Days:
    """The days of an initiative that are planned or came."""

    planned_start: date | None
    started: date | None
    planned_go_live: date | None
    went_live: date | None


@dataclass(frozen=True)
class Conflict:
    """A stated figure that our own disagrees with by more than its rounding."""

    figure: str
    stated: str
    recomputed: Decimal
    difference: Decimal
    tolerance: Decimal


def compare(planned: Decimal | None, actual: Decimal | None, *, less_is_good: bool) -> Variance:
    """The variance, positive when it is good news, and its percentage of the plan.

    Reasons: `no_plan`, `no_actual`; `plan_is_zero` leaves only the percentage undefined.
    """
    if planned is None or actual is None:
        reason = MISSING[0] if planned is None else MISSING[1]
        return Variance(planned, actual, None, None, reason)
    gain = EXACT.subtract(planned, actual) if less_is_good else EXACT.subtract(actual, planned)
    percent = percent_of(gain, planned)
    return Variance(planned, actual, gain, percent, None if percent is not None else "plan_is_zero")


def percent_of(part: Decimal, whole: Decimal) -> Decimal | None:
    """A share of the size of a whole in per cent, 12 decimals; None of nothing."""
    if not whole:
        return None
    with localcontext(prec=60):
        return round_figure(part * 100 / abs(whole))


def compare_days(days: Days) -> Variance:
    """Days from the actual to the planned day of going live; the percentage is of planned days.

    The planned duration begins on the planned start, or else on the actual one.
    """
    if days.planned_go_live is None:
        return Variance(None, None, None, None, "no_planned_day")
    start = days.planned_start or days.started
    length = Decimal((days.planned_go_live - start).days) if start is not None else None
    if days.went_live is None:
        return Variance(length, None, None, None, "no_actual_day")
    early = Decimal((days.planned_go_live - days.went_live).days)
    taken = EXACT.subtract(length, early) if length is not None else None
    if length is None:
        return Variance(None, taken, early, None, "no_start")
    if length <= 0:
        return Variance(length, taken, early, None, "no_planned_duration")
    return Variance(length, taken, early, percent_of(early, length), None)


def cost_of(sums: Sums, basis: Basis, *categories: Category) -> Decimal | None:
    """What these categories cost (positive), None when nothing was entered for any of them."""
    wanted = categories or ("investment", "run_cost")
    found = [sums[basis, category] for category in wanted if (basis, category) in sums]
    return EXACT.minus(add_exactly(found)) if found else None


def benefit_of(sums: Sums, basis: Basis) -> Decimal | None:
    """What comes in, None when nothing was entered."""
    return sums.get((basis, "benefit"))


def with_actual(sums: Sums, flows: Iterable[tuple[str, Decimal]]) -> Sums:
    """The sums with these (category, amount) as all that is actual."""
    made = {key: amount for key, amount in sums.items() if key[0] != "actual"}
    for category, amount in flows:
        key = ("actual", category)
        made[key] = EXACT.add(made.get(key, Decimal(0)), amount)
    return made


def compare_category(sums: Sums, category: Category) -> Variance:
    """Planned and actual of one category."""
    if category == "benefit":
        planned, actual = benefit_of(sums, "plan"), benefit_of(sums, "actual")
        return compare(planned, actual, less_is_good=False)
    planned, actual = cost_of(sums, "plan", category), cost_of(sums, "actual", category)
    return compare(planned, actual, less_is_good=True)


def recompute(cost: Variance, benefit: Variance, schedule: Variance) -> dict[str, Decimal | None]:
    """Our own value of every figure that a source may state, exactly or to 12 decimals."""
    return {
        "planned_cost": cost.planned,
        "actual_cost": cost.actual,
        "cost_variance": cost.variance,
        "cost_variance_percent": cost.percent,
        "planned_benefit": benefit.planned,
        "actual_benefit": benefit.actual,
        "benefit_variance": benefit.variance,
        "benefit_variance_percent": benefit.percent,
        "schedule_variance_days": schedule.variance,
        "schedule_variance_percent": schedule.percent,
    }


def find_conflicts(
    stated: Mapping[str, str], recomputed: Mapping[str, Decimal | None]
) -> list[Conflict]:
    """The stated figures that differ from ours by more than half of their last written place.

    Sources drop trailing zeros: money written without any decimals is taken to be as fine as
    the finest money figure stated beside it ("0" beside "15.297" is 0.000).
    """
    finest = max((_decimals(text) for name, text in stated.items() if name in MONEY_FIGURES),
                 default=0)  # fmt: skip
    found = []
    for name, text in sorted(stated.items()):
        ours = recomputed.get(name)
        if ours is None:
            continue
        written = _decimals(text)
        places = finest if name in MONEY_FIGURES and not written else written
        tolerance = Decimal(5).scaleb(-places - 1)
        difference = EXACT.subtract(Decimal(text), ours)
        if abs(difference) > tolerance:
            found.append(Conflict(name, text, ours, difference, tolerance))
    return found


def find_doubts(
    stated: Mapping[str, str], recomputed: Mapping[str, Decimal | None], days: Days
) -> list[str]:
    """What is hard to believe or missing, as codes.

    `no_cost`: neither planned nor actual cost. `lifecycle_cost_questionable`: the stated cost of
    the whole life is more than four times the planned cost; `lifecycle_cost_below_plan`: it is
    less. `ends_before_start`, `planned_end_before_start`: the days are in the wrong order.
    """
    planned, doubts = recomputed["planned_cost"], []
    if planned is None and recomputed["actual_cost"] is None:
        doubts.append("no_cost")
    lifecycle = Decimal(stated["lifecycle_cost"]) if "lifecycle_cost" in stated else None
    if lifecycle is not None and planned is not None and planned > 0:
        if lifecycle > EXACT.multiply(planned, LIFECYCLE_FACTOR):
            doubts.append("lifecycle_cost_questionable")
        elif lifecycle < planned:
            doubts.append("lifecycle_cost_below_plan")
    if _is_before(days.went_live, days.started):
        doubts.append("ends_before_start")
    if _is_before(days.planned_go_live, days.planned_start or days.started):
        doubts.append("planned_end_before_start")
    return doubts


def _is_before(one: date | None, other: date | None) -> bool:
    return one is not None and other is not None and one < other


def _decimals(text: str) -> int:
    """How many decimals a figure is written to: 2 in "10.40", 6 in "-3.5E-05"."""
    exponent = Decimal(text).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
