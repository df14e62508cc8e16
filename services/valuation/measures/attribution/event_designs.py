"""What changed at an event: interrupted time series and difference in differences.

Both are least squares. The error of each coefficient is the larger of the ordinary and the
Newey-West (HAC) one, because HAC alone is too narrow on short series: with 24 months its 95 %
interval held a true step in 86 % of simulated cases without and 78 % with autocorrelation 0.3, the
larger of both in 94 % and 90 %. Tests use Student's t. The event's own month counts as after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.valuation.measures.attribution.domain import (
    CONFIDENCE,
    Estimate,
    Point,
    check_points,
    month_offsets,
    scale,
    to_decimal,
    to_share,
)
from shared.money import EXACT

LEAST_EACH_SIDE = 4
_EXACT = 1e-9  # what rounding leaves of a fit without error, in scaled units


@dataclass(frozen=True)
class Fit:
    """The coefficients of the terms and what the residuals say about neighbouring months."""

    terms: Sequence[Estimate]
    durbin_watson: Decimal | None


@dataclass(frozen=True)
class InterruptedSeries:
    """The line before the event, and how level and slope (per month) changed with it."""

    n_before: int
    n_after: int
    slope_before: Estimate
    level_change: Estimate
    slope_change: Estimate
    durbin_watson: Decimal | None
    hac_lags: int


@dataclass(frozen=True)
class ParallelTrend:
    """How much more the KPI rose per month than the control before the event.

    `holds` when that cannot be told from nothing.
    """

    slope_difference: Estimate
    holds: bool


@dataclass(frozen=True)
class DifferenceInDifferences:
    """The KPI's change of mean beyond the control's, and the four means behind it."""

    n_before: int
    n_after: int
    effect: Estimate
    means: Mapping[str, Decimal]
    parallel_trend: ParallelTrend
    durbin_watson: Decimal | None
    hac_lags: int


def interrupt_series(values: Mapping[str, Decimal | None], event: str) -> InterruptedSeries:
    """Fit value = a + b t + level x after + slope x after x t, t in months from the event."""
    known = {period: value for period, value in sorted(values.items()) if value is not None}
    n_before, n_after = _count_sides(list(known), event)
    times = month_offsets(list(known), event)
    terms = [(time, 1 if time >= 0 else 0, max(time, 0)) for time in times]
    fit = _fit(list(known.values()), terms)
    slope, level, change = fit.terms
    return InterruptedSeries(
        n_before, n_after, slope, level, change, fit.durbin_watson, _hac_lags(len(known))
    )


def compare_with_control(points: Sequence[Point], event: str) -> DifferenceInDifferences:
    """The change of (KPI - control) from before to after; the control is each point's other."""
    n_before, n_after = _count_sides([point.period for point in points], event)
    gaps = [EXACT.subtract(point.value, point.explained_by) for point in points]
    after = [point.period >= event for point in points]
    fit = _fit(gaps, [(int(late),) for late in after])
    earlier = [place for place, late in enumerate(after) if not late]
    times = month_offsets([points[place].period for place in earlier], event)
    difference = _fit([gaps[place] for place in earlier], [(time,) for time in times]).terms[0]
    return DifferenceInDifferences(
        n_before,
        n_after,
        fit.terms[0],
        _means(points, after),
        ParallelTrend(difference, not difference.is_significant),
        fit.durbin_watson,
        _hac_lags(len(points)),
    )


def _count_sides(periods: Sequence[str], event: str) -> tuple[int, int]:
    """How many months lie before and after; 409 when one side is too thin."""
    before = sum(period < event for period in periods)
    check_points(len(periods))
    check_points(before, LEAST_EACH_SIDE, f"months with a value before {event}")
    check_points(len(periods) - before, LEAST_EACH_SIDE, f"months with a value from {event} on")
    return before, len(periods) - before


def _means(points: Sequence[Point], after: Sequence[bool]) -> dict[str, Decimal]:
    sides = {"before": False, "after": True}
    return {
        f"{name}_{side}": _mean(
            [
                getattr(point, field)
                for point, late in zip(points, after, strict=True)
                if late is wanted
            ]
        )
        for name, field in (("kpi", "value"), ("control", "explained_by"))
        for side, wanted in sides.items()
    }


def _mean(values: Sequence[Decimal]) -> Decimal:
    return to_decimal(0.0, shift=sum(map(Fraction, values), Fraction(0)) / len(values))


def _hac_lags(count: int) -> int:
    """Newey and West's usual number of lags for so many months."""
    return max(1, int(4 * (count / 100) ** (2 / 9)))


def _fit(values: Sequence[Decimal], terms: Sequence[Sequence[int]]) -> Fit:
    """Least squares of the values on the terms and a constant."""
    import numpy as np
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.stattools import durbin_watson

    scaled = scale(values)
    design = np.column_stack([np.ones(len(values)), np.asarray(terms, dtype=float)])
    model = OLS(np.asarray(scaled.values), design)
    plain = model.fit()
    places = range(1, design.shape[1])
    if float(np.abs(plain.resid).max()) < _EXACT:
        return Fit([_certain(float(plain.params[at]), scaled.width) for at in places], None)
    robust = model.fit(
        cov_type="HAC",
        cov_kwds={"maxlags": _hac_lags(len(values)), "use_correction": True},
        use_t=True,
    )
    wider = [plain if plain.bse[at] >= robust.bse[at] else robust for at in places]
    found = [_estimated(fit, at, scaled.width) for at, fit in zip(places, wider, strict=True)]
    return Fit(found, to_share(float(durbin_watson(plain.resid))))


def _estimated(fit: Any, place: int, width: Fraction) -> Estimate:
    low, high = fit.conf_int(alpha=float(1 - CONFIDENCE))[place]
    return Estimate(
        to_decimal(float(fit.params[place]), width),
        to_decimal(float(low), width),
        to_decimal(float(high), width),
        to_share(float(fit.pvalues[place])),
    )


def _certain(number: float, width: Fraction) -> Estimate:
    """A coefficient of a fit without error: its interval is itself."""
    value = to_decimal(number if abs(number) > _EXACT else 0.0, width)
    return Estimate(value, value, value, Decimal(0 if value else 1))
