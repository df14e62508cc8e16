"""A KPI month by month, on the wire."""

from datetime import date
from typing import Literal

from pydantic import Field

from shared.contracts.valuation.kpis import Aggregation, Direction, Link
from shared.contracts.values import Contract, ExactText, Period


class SeriesPoint(Contract):
    """One month of a KPI. A null value says why in `reason`, and what is `missing`.

    Reasons: `no_observation`; of formulas `missing_value`, `division_by_zero`, `out_of_range`,
    `formula_cycle`, `unit_mismatch` (units that do not go together, named in `missing`),
    `not_by_link` (the formula names figures of the whole company); of figures of other services
    `unknown_driver`, `unknown_object`, `no_published_run`, `currency_differs` (the run is in
    another currency than the KPI), `ingest_unreachable`, `allocation_unreachable`.
    `trend` is the least-squares line (from three values on), `seasonally_adjusted` needs 24 months
    without a gap, `benchmark` is the median in force at the end of the month.
    """

    period: Period
    value: ExactText | None
    reason: str | None
    missing: list[str]
    target: ExactText | None
    attainment: ExactText | None
    attainment_reason: str | None
    variance: ExactText | None
    trend: ExactText | None
    seasonally_adjusted: ExactText | None
    benchmark: ExactText | None
    observations: int


class SeriesTrend(Contract):
    """The least-squares line over the months shown: its value in the first, its step a month.

    `direction` follows the KPI's own: improving if the line leads to where it is good, flat if it
    does not move. Null with `reason` `too_few_values` under three values.
    """

    slope_per_month: ExactText | None
    intercept: ExactText | None
    direction: Literal["improving", "worsening", "flat"] | None
    values: int = Field(description="How many months have a value.")
    reason: Literal["too_few_values"] | None


class SeasonEffect(Contract):
    """How far a month of the year lies above the trend."""

    month: int
    effect: ExactText


class SeriesSeason(Contract):
    """The yearly pattern, or why none can be told: `too_short` (under 24 months), `has_gaps`."""

    reason: Literal["too_short", "has_gaps"] | None
    pattern: list[SeasonEffect]


class SeriesBenchmark(Contract):
    """What others reach, as allocation keeps it."""

    p25: ExactText
    median: ExactText
    p75: ExactText
    metric: str
    currency: str | None
    source: str | None
    as_of: date


class SeriesAnswer(Contract):
    """A KPI month by month.

    `benchmark` is the newest in force in the last month shown (else the first after it); without
    one `benchmark_reason` is `no_benchmark`, `currency_differs` or `allocation_unreachable`.
    `link` is the one thing that was asked for.
    """

    kpi: str
    name: str
    unit: str
    direction: Direction
    aggregation: Aggregation
    baseline: ExactText | None
    target: ExactText | None
    formula: str | None
    link: Link | None
    trend: SeriesTrend
    seasonality: SeriesSeason
    benchmark: SeriesBenchmark | None
    benchmark_reason: str | None
    items: list[SeriesPoint]
