"""How closely two series move together: Pearson, Spearman, by lags, and of their changes.

Intervals are Fisher's z with standard error 1 / sqrt(n - 3), for Spearman sqrt(1.06 / (n - 3))
(Fieller, Hartley and Pearson); p-values are two-sided by Student's t with n - 2 degrees.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from services.valuation.measures.attribution.domain import (
    CONFIDENCE,
    LEAST_POINTS,
    Estimate,
    Point,
    are_neighbours,
    pair_months,
    scale_both,
    to_share,
)
from shared.money import EXACT

LEAST_CHANGES = LEAST_POINTS - 1
_SPEARMAN_VARIANCE = 1.06
NO_VARIATION = Estimate(None, reason="no_variation")
TOO_LITTLE = Estimate(None, reason="too_little_data")


@dataclass(frozen=True)
class Lag:
    """The correlation when the explaining series leads by so many months.

    `adjusted_p` is Holm's: it allows for having tried all these lags.
    """

    months: int
    n: int
    pearson: Estimate
    adjusted_p: Decimal | None = None


def pearson(points: Sequence[Point]) -> Estimate:
    """The linear correlation; `no_variation` when one of the two never changes."""
    from scipy.stats import pearsonr

    ours, theirs = scale_both(points)
    if ours.is_constant or theirs.is_constant:
        return NO_VARIATION
    found = pearsonr(theirs.values, ours.values)
    return _estimate(float(found.statistic), float(found.pvalue), len(points), 1.0)


def spearman(points: Sequence[Point]) -> Estimate:
    """The correlation of ranks, equal values sharing their mean rank."""
    from scipy.stats import spearmanr

    ours, theirs = scale_both(points)
    if ours.is_constant or theirs.is_constant:
        return NO_VARIATION
    found = spearmanr(theirs.values, ours.values)
    return _estimate(float(found.statistic), float(found.pvalue), len(points), _SPEARMAN_VARIANCE)


def correlate_changes(points: Sequence[Point]) -> tuple[Estimate, int]:
    """Pearson of the changes from month to month, which a shared trend does not feign.

    Only directly following months give a change. Answers the number of changes too.
    """
    changes = [
        Point(
            later.period,
            EXACT.subtract(later.value, earlier.value),
            EXACT.subtract(later.explained_by, earlier.explained_by),
        )
        for earlier, later in pairwise(points)
        if are_neighbours(earlier.period, later.period)
    ]
    if len(changes) < LEAST_CHANGES:
        return TOO_LITTLE, len(changes)
    return pearson(changes), len(changes)


def correlate_lags(
    values: dict[str, Decimal | None], others: dict[str, Decimal | None], most: int
) -> list[Lag]:
    """Pearson for each lead of 0 to `most` months; thin ones say `too_little_data`."""
    lags = [_correlate_lag(values, others, months) for months in range(most + 1)]
    tested = [lag for lag in lags if lag.pearson.p_value is not None]
    adjusted = dict(zip((lag.months for lag in tested), _holm(tested), strict=True))
    return [replace(lag, adjusted_p=adjusted.get(lag.months)) for lag in lags]


def find_best_lag(lags: Sequence[Lag]) -> Lag | None:
    """The lag with the closest correlation in either direction; the shorter one of equals."""
    known = [(abs(lag.pearson.value), -lag.months, lag) for lag in lags if lag.pearson.value]
    return max(known, key=lambda each: each[:2])[2] if known else None


def _correlate_lag(
    values: dict[str, Decimal | None], others: dict[str, Decimal | None], months: int
) -> Lag:
    points = pair_months(values, others, months)
    found = pearson(points) if len(points) >= LEAST_POINTS else TOO_LITTLE
    return Lag(months, len(points), found)


def _holm(lags: Sequence[Lag]) -> list[Decimal]:
    """Holm's step-down adjustment of the p-values."""
    from statsmodels.stats.multitest import multipletests

    if not lags:
        return []
    given = [float(lag.pearson.p_value or 0) for lag in lags]
    return [to_share(float(each)) for each in multipletests(given, method="holm")[1]]


def _estimate(value: float, p_value: float, count: int, variance: float) -> Estimate:
    low, high = _fisher_interval(value, count, variance)
    return Estimate(to_share(value), to_share(low), to_share(high), to_share(p_value))


def _fisher_interval(value: float, count: int, variance: float) -> tuple[float, float]:
    from scipy.stats import norm

    if abs(value) >= 1:
        return value, value
    reach = float(norm.ppf(0.5 + float(CONFIDENCE) / 2)) * math.sqrt(variance / (count - 3))
    return math.tanh(math.atanh(value) - reach), math.tanh(math.atanh(value) + reach)
