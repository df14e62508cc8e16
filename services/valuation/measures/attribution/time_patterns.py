"""What time alone does to two series: a trend, or the same yearly pattern, ties them together."""

from collections.abc import Sequence
from decimal import Decimal

from services.valuation.measures.attribution.correlation import pearson
from services.valuation.measures.attribution.domain import SIGNIFICANT, Point, month_offsets, scale
from shared.periods import month_number

SEASON = 12
_CLEAR = Decimal("0.6")
_EXACT = 1e-9  # what rounding leaves, in scaled units


def have_shared_trend(points: Sequence[Point]) -> bool:
    """Whether both series clearly go with time."""
    times = [Decimal(time) for time in _times(points)]
    return all(_is_close(values, times) for values in _both(points))


def have_shared_season(points: Sequence[Point]) -> bool:
    """Whether both have a yearly pattern, and the patterns are alike or opposite.

    A pattern is what differs between calendar months (analysis of variance) once the straight
    trend is taken off; every calendar month is needed twice.
    """
    months = [month_number(point.period) % SEASON for point in points]
    if any(months.count(month) < 2 for month in range(SEASON)):
        return False
    patterns = [_find_pattern(values, _times(points), months) for values in _both(points)]
    ours, theirs = patterns
    return ours is not None and theirs is not None and _is_close(ours, theirs)


def _both(points: Sequence[Point]) -> tuple[list[Decimal], list[Decimal]]:
    return [point.value for point in points], [point.explained_by for point in points]


def _times(points: Sequence[Point]) -> list[int]:
    return month_offsets([point.period for point in points], points[0].period)


def _is_close(values: Sequence[Decimal], others: Sequence[Decimal]) -> bool:
    found = pearson([Point("", *pair) for pair in zip(values, others, strict=True)])
    return found.is_significant and found.value is not None and abs(found.value) >= _CLEAR


def _find_pattern(
    values: Sequence[Decimal], times: Sequence[int], months: Sequence[int]
) -> list[Decimal] | None:
    """The mean distance from the trend of each calendar month; None when chance could do it."""
    import numpy as np
    from scipy.stats import f_oneway, linregress

    scaled = np.asarray(scale(values).values)
    line = linregress(times, scaled)
    left = scaled - line.intercept - line.slope * np.asarray(times)
    groups = [left[np.asarray(months) == month] for month in range(SEASON)]
    if max(abs(left)) < _EXACT:
        return None
    if max(np.ptp(group) for group in groups) >= _EXACT and f_oneway(*groups).pvalue >= SIGNIFICANT:
        return None
    return [Decimal(float(group.mean())) for group in groups]
