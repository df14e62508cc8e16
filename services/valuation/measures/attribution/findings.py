"""Everything that is said of two series: the figures together, and what speaks against them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from services.valuation.measures.attribution.correlation import (
    Lag,
    correlate_changes,
    correlate_lags,
    find_best_lag,
    pearson,
    spearman,
)
from services.valuation.measures.attribution.domain import (
    Estimate,
    Point,
    check_points,
    list_gaps,
    pair_months,
)
from services.valuation.measures.attribution.event_designs import (
    LEAST_EACH_SIDE,
    DifferenceInDifferences,
    InterruptedSeries,
)
from services.valuation.measures.attribution.regression import (
    Influence,
    Line,
    find_influence,
    fit_line,
    measure_elasticity,
)
from services.valuation.measures.attribution.time_patterns import (
    have_shared_season,
    have_shared_trend,
)

CautionCode = Literal[
    "small_sample",
    "gaps",
    "autocorrelation",
    "shared_trend",
    "shared_season",
    "influential_point",
    "shared_inputs",
    "units_differ",
    "trends_not_parallel",
]
Design = Literal["association", "interrupted_time_series", "difference_in_differences"]
SMALL_SAMPLE = 24
SMALL_SIDE = 2 * LEAST_EACH_SIDE
_INDEPENDENT = (Decimal("1.4"), Decimal("2.6"))  # Durbin-Watson outside: neighbours hang together


@dataclass(frozen=True)
class Association:
    """How two series go together month by month."""

    points: Sequence[Point]
    gaps: Sequence[str]
    pearson: Estimate
    spearman: Estimate
    changes: Estimate
    n_changes: int
    lags: Sequence[Lag]
    best_lag: Lag | None
    elasticity: Estimate
    line: Line
    influence: Influence | None
    has_shared_trend: bool
    has_shared_season: bool


def associate(
    values: dict[str, Decimal | None], others: dict[str, Decimal | None], most_lag: int
) -> Association:
    """All figures of two series; 409 `too_little_data` under eight months with both."""
    points = pair_months(values, others)
    check_points(len(points))
    changes, n_changes = correlate_changes(points)
    lags = correlate_lags(values, others, most_lag)
    return Association(
        points,
        list_gaps([point.period for point in points]),
        pearson(points),
        spearman(points),
        changes,
        n_changes,
        lags,
        find_best_lag(lags),
        measure_elasticity(points),
        fit_line(points),
        find_influence(points),
        have_shared_trend(points),
        have_shared_season(points),
    )


def cautions_of_association(found: Association) -> list[CautionCode]:
    """What a reader must know before the correlation is believed."""
    cautions: list[tuple[CautionCode, bool]] = [
        ("small_sample", len(found.points) < SMALL_SAMPLE),
        ("gaps", bool(found.gaps)),
        ("autocorrelation", hangs_together(found.line.durbin_watson)),
        ("shared_trend", found.has_shared_trend),
        ("shared_season", found.has_shared_season),
        ("influential_point", found.influence is not None),
    ]
    return [code for code, holds in cautions if holds]


def cautions_of_event(
    found: InterruptedSeries | DifferenceInDifferences, gaps: Sequence[str]
) -> list[CautionCode]:
    """What a reader must know before the change at the event is believed."""
    cautions: list[tuple[CautionCode, bool]] = [
        ("small_sample", min(found.n_before, found.n_after) < SMALL_SIDE),
        ("gaps", bool(gaps)),
        ("autocorrelation", hangs_together(found.durbin_watson)),
        ("trends_not_parallel", not _is_parallel(found)),
    ]
    return [code for code, holds in cautions if holds]


def hangs_together(durbin_watson: Decimal | None) -> bool:
    """Whether the residuals of neighbouring months are clearly tied to each other."""
    low, high = _INDEPENDENT
    return durbin_watson is not None and not low <= durbin_watson <= high


def _is_parallel(found: InterruptedSeries | DifferenceInDifferences) -> bool:
    return not isinstance(found, DifferenceInDifferences) or found.parallel_trend.holds
