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
NoSeason = Literal["too_short", "has_gaps"]
Course = Literal["improving", "worsening", "flat"]
Verdict = Literal["exceeded", "met", "nearly_met", "partly_met", "not_met", "worse", "not_measured"]

DECIMALS = 12
SEASON = 12  # months of a year
LEAST_FOR_A_LINE = 3
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


@dataclass(frozen=True)
class Line:
    """The least-squares line through values in even steps: at the first place, and by step."""

    intercept: Fraction
    slope: Fraction


def fit_line(values: Sequence[Decimal | None]) -> Line | None:
    """The least-squares line through the known values; None under three of them.

    Worked out in exact fractions, so that it depends on nothing but the values.
    """
    known = [(at, Fraction(value)) for at, value in enumerate(values) if value is not None]
    if len(known) < LEAST_FOR_A_LINE:
        return None
    count = len(known)
    mean_x = Fraction(sum(at for at, _ in known), count)
    mean_y = sum((value for _, value in known), Fraction(0)) / count
    spread = sum(((at - mean_x) ** 2 for at, _ in known), Fraction(0))
    joint = sum(((at - mean_x) * (value - mean_y) for at, value in known), Fraction(0))
    slope = joint / spread
    return Line(mean_y - slope * mean_x, slope)


def draw_trend(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    """The least-squares line through the known values, at every place; None under three values."""
    line = fit_line(values)
    if line is None:
        return [None] * len(values)
    return [round_fraction(line.intercept + line.slope * at) for at in range(len(values))]


def tell_course(line: Line, direction: Direction) -> Course:
    """Whether a line leads to where it is good; flat only if it does not move at all."""
    if not line.slope:
        return "flat"
    return "improving" if (line.slope > 0) == (direction == "up") else "worsening"


def find_season(values: Sequence[Decimal | None]) -> list[Fraction] | NoSeason:
    """How far each of 12 months in turn, from the first value's on, lies from the trend.

    Classical additive decomposition: the trend is the centred 12-month mean; each month's mean
    distance from it, centred. Without a season its reason: `too_short` under 24 values,
    `has_gaps` when one of them is missing.
    """
    if len(values) < 2 * SEASON:
        return "too_short"
    series = [Fraction(value) for value in values if value is not None]
    if len(series) < len(values):
        return "has_gaps"
    half = SEASON // 2
    gaps: dict[int, list[Fraction]] = {month: [] for month in range(SEASON)}
    for at in range(half, len(series) - half):
        window = series[at - half : at + half + 1]
        mean = (sum(window, Fraction(0)) - (window[0] + window[-1]) / 2) / SEASON
        gaps[at % SEASON].append(series[at] - mean)
    pattern = [sum(found, Fraction(0)) / len(found) for found in gaps.values()]
    level = sum(pattern, Fraction(0)) / SEASON
    return [effect - level for effect in pattern]


def adjust_for_season(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    """Values without their yearly pattern; every place is None where there is none to be told."""
    season = find_season(values)
    if isinstance(season, str):
        return [None] * len(values)
    return [
        None if value is None else round_fraction(Fraction(value) - season[at % SEASON])
        for at, value in enumerate(values)
    ]


def round_fraction(value: Fraction | int, decimals: int = DECIMALS) -> Decimal:
    """An exact value as a decimal, rounded half-even, without trailing zeros."""
    exact = Fraction(value)
    scaled = round(exact * 10**decimals)  # Python rounds fractions half to even
    with localcontext(prec=10_000):
        number = Decimal(scaled).scaleb(-decimals)
        plain = Decimal(f"{number.normalize():f}")
    return plain if plain else Decimal(0)
