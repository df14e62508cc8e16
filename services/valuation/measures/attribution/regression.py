"""The straight line through two series, the elasticity, and what may spoil them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.valuation.measures.attribution.domain import (
    CONFIDENCE,
    Estimate,
    Point,
    Scaled,
    scale_both,
    to_decimal,
    to_share,
)

_COOK_LIMIT = 1.0
_CORRELATION_LIMIT = 0.2
_EXACT = 1e-24  # squares of rounding, in scaled units


@dataclass(frozen=True)
class Line:
    """value = intercept + slope x explained_by by least squares.

    `durbin_watson` is near 2 when neighbouring residuals have nothing to do with each other.
    """

    slope: Estimate
    intercept: Estimate
    r_squared: Decimal | None
    durbin_watson: Decimal | None


@dataclass(frozen=True)
class Influence:
    """A month that alone carries much of the result; `pearson_without` leaves it out."""

    period: str
    cooks_distance: Decimal | None
    pearson_without: Decimal | None


def fit_line(points: Sequence[Point]) -> Line:
    """The least-squares line with 95 % intervals; `no_variation` when nothing changes."""
    from scipy.stats import linregress

    ours, theirs = scale_both(points)
    if theirs.is_constant or ours.is_constant:
        empty = Estimate(None, reason="no_variation")
        return Line(empty, empty, None, None)
    found = linregress(theirs.values, ours.values)
    reach = _t_reach(len(points) - 2)
    steepness = ours.width / theirs.width
    slope_reach = to_decimal(reach * float(found.stderr), steepness)
    slope = Fraction(float(found.slope)) * steepness
    at_zero = ours.centre + Fraction(float(found.intercept)) * ours.width - slope * theirs.centre
    spread = _intercept_error(float(found.stderr), theirs, len(points)) * reach
    return Line(
        _around(to_decimal(1.0, slope), slope_reach, to_share(float(found.pvalue))),
        _around(to_decimal(0.0, shift=at_zero), to_decimal(spread, ours.width), None),
        to_share(float(found.rvalue) ** 2),
        _durbin_watson(ours, theirs, float(found.slope), float(found.intercept)),
    )


def measure_elasticity(points: Sequence[Point]) -> Estimate:
    """Per cent of change of the KPI for one per cent of the other: the slope of the logarithms.

    Reasons: `non_positive_values`, `no_variation`.
    """
    if any(point.value <= 0 or point.explained_by <= 0 for point in points):
        return Estimate(None, reason="non_positive_values")
    logs = [Point(each.period, each.value.ln(), each.explained_by.ln()) for each in points]
    return fit_line(logs).slope


def find_influence(points: Sequence[Point]) -> Influence | None:
    """The month that sways the result most, if it does so by itself.

    It does when its Cook's distance is above 1, or when leaving it out changes the correlation by
    more than 0.2 or leaves nothing that varies.
    """
    ours, theirs = scale_both(points)
    if ours.is_constant or theirs.is_constant:
        return None
    whole = _correlate_without(ours, theirs, None)
    swayed = []
    for at, (point, distance) in enumerate(
        zip(points, _cooks_distances(ours, theirs), strict=True)
    ):
        without = _correlate_without(ours, theirs, at)
        change = 2.0 if without is None else abs((whole or 0.0) - without)
        if change > _CORRELATION_LIMIT or distance is None or distance > _COOK_LIMIT:
            influence = Influence(point.period, _rounded(distance), _rounded(without))
            swayed.append((change, influence))
    return max(swayed, key=lambda each: each[0])[1] if swayed else None


def _t_reach(degrees: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.5 + float(CONFIDENCE) / 2, degrees))


def _around(value: Decimal, reach: Decimal, p_value: Decimal | None) -> Estimate:
    return Estimate(value, value - reach, value + reach, p_value)


def _intercept_error(slope_error: float, theirs: Scaled, count: int) -> float:
    """The standard error of the line where the explaining series is nought, in scaled units."""
    distance = float(theirs.centre / theirs.width)
    mean_square = sum(value * value for value in theirs.values) / count
    return slope_error * float((mean_square + distance * distance) ** 0.5)


def _durbin_watson(ours: Scaled, theirs: Scaled, slope: float, intercept: float) -> Decimal | None:
    from statsmodels.stats.stattools import durbin_watson

    left = [
        value - intercept - slope * other
        for value, other in zip(ours.values, theirs.values, strict=True)
    ]
    # A perfect line leaves nothing but rounding, which says nothing about neighbours.
    if max(abs(value) for value in left) < 1e-12:
        return None
    return to_share(float(durbin_watson(left)))


def _cooks_distances(ours: Scaled, theirs: Scaled) -> list[float | None]:
    """Cook's distance of each month; None where a month alone fixes the line."""
    import numpy as np
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.outliers_influence import OLSInfluence
    from statsmodels.tools import add_constant

    fitted = OLS(np.asarray(ours.values), add_constant(np.asarray(theirs.values))).fit()
    if fitted.ssr < _EXACT:
        return [0.0] * len(ours.values)
    influence = OLSInfluence(fitted)
    alone = influence.hat_matrix_diag > 1 - 1e-9
    with np.errstate(all="ignore"):
        distances = influence.cooks_distance[0]
    return [None if fixes else float(each) for each, fixes in zip(distances, alone, strict=True)]


def _correlate_without(ours: Scaled, theirs: Scaled, at: int | None) -> float | None:
    """Pearson without one of the months; None when then nothing varies."""
    import numpy as np

    kept = [place for place in range(len(ours.values)) if place != at]
    one, other = np.asarray(ours.values)[kept], np.asarray(theirs.values)[kept]
    if not np.ptp(one) or not np.ptp(other):
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _rounded(number: float | None) -> Decimal | None:
    return None if number is None else to_share(number)
