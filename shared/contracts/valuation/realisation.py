"""Realised against expected value on the wire, how far off promises were, and what follows."""

from typing import Literal
from uuid import UUID

from shared.contracts.values import Contract, ExactText, Period


class RealisationGroup(Contract):
    """Expected and realised money of one group in one currency.

    expected = measured + unmeasured; rate = realised / measured (null: nothing measured yet).
    `realised_extra` is what reviews found beyond every promise; it is in no other figure.
    """

    group: str | None
    currency: str
    expectations: int
    expected: ExactText
    measured: ExactText
    unmeasured: ExactText
    realised: ExactText
    realised_extra: ExactText
    rate: ExactText | None


class RealisationMonth(Contract):
    """Money up to a month, by the day on which each promise's first review was due.

    Of several approved reviews the newest one due by then speaks.
    """

    period: Period
    currency: str
    expected: ExactText
    measured: ExactText
    realised: ExactText
    realised_extra: ExactText
    rate: ExactText | None


class RealisationAnswer(Contract):
    """Realised against expected value, from the newest approved review of each initiative.

    `undated` counts promises that no review and no due period gives a month; they are in the
    totals (unless `from` or `to` is asked) and not in `over_time`.
    """

    totals: list[RealisationGroup]
    by_portfolio: list[RealisationGroup]
    by_sponsor: list[RealisationGroup]
    by_kind: list[RealisationGroup]
    by_kpi_class: list[RealisationGroup]
    by_level: list[RealisationGroup]
    over_time: list[RealisationMonth]
    undated: int
    initiatives: int
    reviews: int


class BiasGroup(Contract):
    """How results compare with promises: each share is realised / expected (the attainment).

    Percentiles are interpolated linearly between the sorted shares; spread = p90 - p10;
    optimism_bias = 1 - median (above 0: too much was promised). Under 8 shares all of it is null
    with the reason `too_little_data`.
    """

    group: str | None
    n: int
    reason: Literal["too_little_data"] | None
    mean: ExactText | None
    median: ExactText | None
    p10: ExactText | None
    p90: ExactText | None
    spread: ExactText | None
    optimism_bias: ExactText | None


class BiasAnswer(Contract):
    """Bias and spread of promises against results, from the newest approved reviews."""

    group_by: Literal["none", "portfolio", "sponsor", "kind", "kpi", "level"]
    least: int
    overall: BiasGroup
    groups: list[BiasGroup]


class ReferenceClass(Contract):
    """Earlier promises that could speak for this one, narrowest first."""

    name: Literal["same_kpi", "same_kind_and_portfolio", "same_kind", "all"]
    n: int
    chosen: bool


class CorrectedFigure(Contract):
    """A figure as promised, as the past says it, and the range of the past."""

    promised: ExactText
    corrected: ExactText
    low: ExactText
    high: ExactText


class CorrectionAnswer(Contract):
    """What experience offers in place of a promise; nothing applies it by itself.

    The narrowest class with 8 shares or more is chosen; factor = its median share, low and high
    its p10 and p90. target: baseline + (target - baseline) x factor; money: value x factor.
    Results of the same initiative do not count. Without such a class all is null with the reason.
    """

    initiative: str
    expectation: UUID
    kpi: str | None
    classes: list[ReferenceClass]
    reason: Literal["too_little_data"] | None
    factor: ExactText | None
    factor_low: ExactText | None
    factor_high: ExactText | None
    target: CorrectedFigure | None
    target_reason: Literal["no_baseline", "no_target"] | None
    monetary_value: CorrectedFigure | None
    currency: str | None
    sentence: str
    evidence: list[str]
