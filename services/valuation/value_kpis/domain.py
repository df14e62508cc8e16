"""What a value KPI is: its classes and directions, how far a target is reached, and its series."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Literal

KpiClass = Literal["cost", "efficiency", "benefit", "quality", "innovation"]
Dimension = Literal["financial", "business", "strategic"]
Perspective = Literal["financial", "customer", "process", "learning"]
Direction = Literal["up", "down"]
ValueRole = Literal["revenue", "saving", "use"]
Aggregation = Literal["mean", "sum", "last", "min", "max"]
Verdict = Literal["exceeded", "met", "nearly_met", "partly_met", "not_met", "worse", "not_measured"]

DECIMALS = 12
SEASON = 12  # months of a year
_EXCEEDED, _MET, _NEARLY, _PARTLY = Decimal("1.1"), Decimal(1), Decimal("0.9"), Decimal("0.5")
VERDICT_RULE = {
    "en": (
        "attainment >= 1.1 exceeded, >= 1 met, >= 0.9 nearly_met, >= 0.5 partly_met,"
        " >= 0 not_met, below 0 worse; without attainment because target equals baseline:"
        " met if the actual is at least as good as the target, else worse"
    ),
    "zh-CN": (
        "达成度≥1.1为exceeded，≥1为met，≥0.9为nearly_met，≥0.5为partly_met，≥0为not_met，"
        "小于0为worse；目标等于基线而无达成度时：实际不差于目标为met，否则为worse"
    ),
}


@dataclass(frozen=True)
class Attainment:
    """How much of the way from baseline to target is gone: a share, or None with the reason.

    Reasons: no_baseline, no_target, no_actual, target_equals_baseline.
    """

    share: Decimal | None
    reason: str | None = None


def measure_attainment(
    baseline: Decimal | None, target: Decimal | None, actual: Decimal | None
) -> Attainment:
    """(actual - baseline) / (target - baseline): 1 at the target, 0 at the baseline, no limits.

    Rounded half-even to 12 decimals; the direction needs no case of its own.
    """
    if baseline is None:
        return Attainment(None, "no_baseline")
    if target is None:
        return Attainment(None, "no_target")
    if actual is None:
        return Attainment(None, "no_actual")
    way = Fraction(target) - Fraction(baseline)
    if not way:
        return Attainment(None, "target_equals_baseline")
    return Attainment(round_fraction((Fraction(actual) - Fraction(baseline)) / way))


def judge(
    attainment: Attainment,
    target: Decimal | None,
    actual: Decimal | None,
    direction: Direction,
) -> Verdict:
    """The verdict by `VERDICT_RULE`; not_measured when something needed is missing."""
    if attainment.reason == "target_equals_baseline" and target is not None and actual is not None:
        return "met" if is_as_good(actual, target, direction) else "worse"
    share = attainment.share
    if share is None:
        return "not_measured"
    ladder: list[tuple[Decimal, Verdict]] = [
        (_EXCEEDED, "exceeded"),
        (_MET, "met"),
        (_NEARLY, "nearly_met"),
        (_PARTLY, "partly_met"),
        (Decimal(0), "not_met"),
    ]
    return next((verdict for least, verdict in ladder if share >= least), "worse")


def is_as_good(actual: Decimal, target: Decimal, direction: Direction) -> bool:
    """Whether an actual is at or beyond the target in the KPI's good direction."""
    return actual >= target if direction == "up" else actual <= target


def aggregate(values: Sequence[Decimal], how: Aggregation) -> Decimal | None:
    """One value of a period from its observations in order of time; nothing from none."""
    if not values:
        return None
    if how == "last":
        return values[-1]
    if how == "min":
        return min(values)
    if how == "max":
        return max(values)
    total = sum((Fraction(value) for value in values), Fraction(0))
    return round_fraction(total if how == "sum" else total / len(values), 18)


def draw_trend(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    """The least-squares line through the known values, at every place; None under three values.

    Worked out in exact fractions, so that it depends on nothing but the values.
    """
    known = [(at, Fraction(value)) for at, value in enumerate(values) if value is not None]
    if len(known) < 3:
        return [None] * len(values)
    count = len(known)
    mean_x = Fraction(sum(at for at, _ in known), count)
    mean_y = sum((value for _, value in known), Fraction(0)) / count
    spread = sum(((at - mean_x) ** 2 for at, _ in known), Fraction(0))
    joint = sum(((at - mean_x) * (value - mean_y) for at, value in known), Fraction(0))
    slope = joint / spread
    return [round_fraction(mean_y + slope * (at - mean_x)) for at in range(len(values))]


def adjust_for_season(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    """Values without their yearly pattern (classical additive decomposition by months).

    The trend is the centred 12-month mean; each month's mean distance from it, centred, is taken
    off. Needs 24 values without a gap; otherwise every place is None.
    """
    if len(values) < 2 * SEASON or any(value is None for value in values):
        return [None] * len(values)
    series = [Fraction(value) for value in values if value is not None]
    half = SEASON // 2
    gaps: dict[int, list[Fraction]] = {month: [] for month in range(SEASON)}
    for at in range(half, len(series) - half):
        window = series[at - half : at + half + 1]
        mean = (sum(window, Fraction(0)) - (window[0] + window[-1]) / 2) / SEASON
        gaps[at % SEASON].append(series[at] - mean)
    pattern = {month: sum(found, Fraction(0)) / len(found) for month, found in gaps.items()}
    level = sum(pattern.values(), Fraction(0)) / SEASON
    return [
        round_fraction(value - (pattern[at % SEASON] - level)) for at, value in enumerate(series)
    ]


def round_fraction(value: Fraction | int, decimals: int = DECIMALS) -> Decimal:
    """An exact value as a decimal, rounded half-even, without trailing zeros."""
    exact = Fraction(value)
    scaled = round(exact * 10**decimals)  # Python rounds fractions half to even
    with localcontext(prec=10_000):
        number = Decimal(scaled).scaleb(-decimals)
        plain = Decimal(f"{number.normalize():f}")
    return plain if plain else Decimal(0)
