"""What moved a value KPI: correlation with another series, and what changed at an event."""

from typing import Literal

from pydantic import Field

from shared.contracts.values import Contract, ExactText, Period

AttributionDesign = Literal["association", "interrupted_time_series", "difference_in_differences"]


class Interval(Contract):
    """The 95 % confidence interval of a figure."""

    low: ExactText
    high: ExactText
    confidence: ExactText


class EstimateAnswer(Contract):
    """A figure with its interval and two-sided p-value; a null value says why in `reason`.

    Reasons: `no_variation` (one of the series never changes), `too_little_data` (under 8 points),
    `non_positive_values` (no logarithm). An intercept has no p-value.
    """

    value: ExactText | None
    interval: Interval | None
    p_value: ExactText | None
    reason: str | None


class ChangesAnswer(EstimateAnswer):
    """Pearson of the changes between directly following months; `n` counts the changes."""

    n: int


class LagAnswer(Contract):
    """The correlation when the explaining series leads by `months`.

    `adjusted_p_value` is Holm's: it allows for having tried all these lags.
    """

    months: int
    n: int
    pearson: EstimateAnswer
    adjusted_p_value: ExactText | None


class RegressionAnswer(Contract):
    """value = intercept + slope x explained_by, by least squares.

    `durbin_watson` is near 2 when neighbouring residuals are independent; null for a perfect line.
    """

    slope: EstimateAnswer
    intercept: EstimateAnswer
    r_squared: ExactText | None
    durbin_watson: ExactText | None


class InfluenceAnswer(Contract):
    """The month that alone carries much of the result (Cook's distance above 1, or without it the
    correlation changes by more than 0.2). Null: the month alone fixes the line, or nothing varies
    without it."""

    period: Period
    cooks_distance: ExactText | None
    pearson_without: ExactText | None


class InterruptedSeriesAnswer(Contract):
    """value = a + slope_before x t + level_change + slope_change x t, the last two from the event.

    Slopes are per month. The error of each figure is the larger of the ordinary and the
    Newey-West (HAC) one with `hac_lags` lags. The event's own month counts as after.
    """

    event: Period
    n_before: int
    n_after: int
    slope_before: EstimateAnswer
    level_change: EstimateAnswer
    slope_change: EstimateAnswer
    durbin_watson: ExactText | None
    hac_lags: int


class ParallelTrendAnswer(Contract):
    """How much more the KPI rose per month than its control before the event.

    `holds`: that cannot be told from nothing (p of 0.05 or more).
    """

    slope_difference: EstimateAnswer
    holds: bool


class MeansAnswer(Contract):
    """The four means behind a difference in differences."""

    kpi_before: ExactText
    kpi_after: ExactText
    control_before: ExactText
    control_after: ExactText


class DifferenceAnswer(Contract):
    """effect = (KPI after - KPI before) - (control after - control before), as means of months.

    Its error is found as that of an interrupted time series.
    """

    event: Period
    control: str
    n_before: int
    n_after: int
    effect: EstimateAnswer
    means: MeansAnswer
    parallel_trend: ParallelTrendAnswer
    durbin_watson: ExactText | None
    hac_lags: int


class CautionAnswer(Contract):
    """What must be known before a figure is believed; `code` is stable."""

    code: Literal[
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
    message: str


class ExplainedBy(Contract):
    """The series that is to explain the KPI: a driver's total, another KPI, or a published cost."""

    kind: Literal["driver", "kpi", "cost_of"]
    code: str
    layer: str | None = None
    target: str | None = None
    unit: str | None = None


class UsedPeriods(Contract):
    """The first and last month that counted, and the months between them that did not."""

    first: Period | None = Field(alias="from")
    last: Period | None = Field(alias="to")
    gaps: list[Period]


class AttributionPoint(Contract):
    """A month that counted: the KPI, and the other series and the control that were asked for."""

    period: Period
    value: ExactText
    explained_by: ExactText | None
    control: ExactText | None


class AttributionAnswer(Contract):
    """What goes together with a KPI, and what may be said about it.

    `n` is the number of months in which every series has a value. Without `driver`, `kpi` and
    `cost_of` (only an `event` was asked about) the figures of association are null.
    `best_lag` is the number of months by which the other series leads when both are closest; its
    figures are in `lags`. `says` repeats the figures in words and claims no more than the design
    supports; `texts` has it in both languages.
    """

    kpi: str
    unit: str
    explained_by: ExplainedBy | None
    design: AttributionDesign
    n: int
    periods: UsedPeriods
    pearson: EstimateAnswer | None
    spearman: EstimateAnswer | None
    changes: ChangesAnswer | None
    lags: list[LagAnswer]
    best_lag: int | None
    elasticity: EstimateAnswer | None
    regression: RegressionAnswer | None
    influential_point: InfluenceAnswer | None
    interrupted_time_series: InterruptedSeriesAnswer | None
    difference_in_differences: DifferenceAnswer | None
    cautions: list[CautionAnswer]
    says: str
    texts: dict[str, str]
    points: list[AttributionPoint]
