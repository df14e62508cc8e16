"""Plan against actual of initiatives on the wire.

A positive variance is good news: cost = planned - actual, benefit = actual - planned, days =
planned - actual (early). Percentages are of the plan's size, rounded half-even to 12 decimals.
"""

from typing import Literal
from uuid import UUID

from shared.contracts.days import Day
from shared.contracts.valuation.evaluations import RunCostNote
from shared.contracts.valuation.initiatives import BenefitKind, Category, Level, Stage
from shared.contracts.values import Contract, ExactText, Period, Tags

GroupBy = Literal[
    "portfolio", "sponsor", "kind", "stage", "solution", "value_chain_stage", "currency", "all"
]
Measure = Literal["cost", "benefit"]


class VarianceAnswer(Contract):
    """Planned and actual of one thing.

    `reason`: `no_plan` or `no_actual` (no variance), `plan_is_zero` (no percentage).
    """

    planned: ExactText | None
    actual: ExactText | None
    variance: ExactText | None
    variance_percent: ExactText | None
    reason: str | None


class CategoryVariance(VarianceAnswer):
    """Planned and actual cash flows of one category, in the initiative's currency."""

    category: Category
    currency: str | None


class ScheduleVariance(Contract):
    """Days by which it went live early (late: negative), also in per cent of the planned duration.

    The planned duration begins on the planned start, or else on the actual one. `reason`:
    `no_planned_day`, `no_actual_day` (no days), `no_start`, `no_planned_duration` (no percentage).
    """

    planned_started_on: Day | None
    started_on: Day | None
    planned_go_live_on: Day | None
    go_live_on: Day | None
    planned_days: ExactText | None
    actual_days: ExactText | None
    variance_days: ExactText | None
    variance_percent: ExactText | None
    reason: str | None


class PromiseVariance(Contract):
    """A value expectation beside its newest measured month; positive is good by its direction.

    Measured are observations linked to the initiative, else to its solution, else unlinked.
    `reason`: `no_target`, `not_measured`, `plan_is_zero`.
    """

    kpi: str
    unit: str
    direction: Literal["up", "down"]
    level: Level
    due_period: Period | None
    benefit_kind: BenefitKind | None
    baseline: ExactText | None
    target: ExactText | None
    period: Period | None
    actual: ExactText | None
    variance: ExactText | None
    variance_percent: ExactText | None
    attainment: ExactText | None
    reason: str | None


class FigureConflict(Contract):
    """A stated figure that ours disagrees with by more than half of its last written place.

    The stated one stays as it is. Money written without decimals counts as written to the
    decimals of the finest money figure stated beside it.
    """

    figure: str
    stated: str
    recomputed: ExactText
    difference: ExactText
    tolerance: ExactText
    code: Literal["stated_differs"]


class Finding(Contract):
    """Something doubtful: `no_cost`, `lifecycle_cost_questionable` (stated at more than four
    times the planned cost), `lifecycle_cost_below_plan`, `ends_before_start`,
    `planned_end_before_start`.
    """

    code: str
    message: str


class InitiativeVariance(Contract):
    """One initiative, plan against actual."""

    id: UUID
    href: str
    initiative: str
    name: str
    stage: Stage
    kind: str | None
    sponsor: str | None
    solution: str | None
    tags: Tags
    currency: str | None
    cost: VarianceAnswer
    benefit: VarianceAnswer
    schedule: ScheduleVariance
    stated: dict[str, str]
    recomputed: dict[str, ExactText | None]
    conflicts: list[FigureConflict]
    findings: list[Finding]


class InitiativeVariances(InitiativeVariance):
    """One initiative, plan against actual, by category and by promise.

    `run_cost` says whether the actual run cost is that of allocation's published runs.
    """

    categories: list[CategoryVariance]
    expectations: list[PromiseVariance]
    run_cost: RunCostNote


class Accuracy(Contract):
    """How good the plans were, over those with a plan and an actual above zero.

    The error of one is |actual - planned| / actual: `mmre` is its mean, `mdmre` its median,
    `pred25` the share of errors up to 0.25. Medians and deciles are interpolated.
    """

    compared: int
    mmre: ExactText | None
    mdmre: ExactText | None
    pred25: ExactText | None
    median_actual_over_plan: ExactText | None
    p10_actual_over_plan: ExactText | None
    p90_actual_over_plan: ExactText | None
    share_over_plan: ExactText | None
    reason: str | None


class VarianceTotal(Contract):
    """Initiatives of one group and one currency (for a KPI: its unit) together.

    `planned` and `actual` are sums over all; the variance is over those with both. `over_budget`
    counts those above their plan, `over_budget_beyond` those by more than `over_percent` of it.
    """

    group: str | None
    currency: str | None
    unit: str | None
    initiatives: int
    without_plan: int
    without_actual: int
    planned: ExactText | None
    actual: ExactText | None
    compared: int
    compared_planned: ExactText | None
    compared_actual: ExactText | None
    variance: ExactText | None
    variance_percent: ExactText | None
    over_budget: int
    over_budget_beyond: int
    over_percent: ExactText
    conflicts: int
    accuracy: Accuracy


class EarnedFigure(Contract):
    """A figure of earned value; `value` is null exactly when `reason` is given."""

    name: str
    value: ExactText | None
    formula: str
    reason: str | None
    explanation: str | None


class EarnedValue(Contract):
    """How much of the planned work is earned on a day, and how it may end.

    Figures: `bac`, `pv`, `ac`, `percent_complete` (0 to 100), `ev`, `sv`, `cv`, `spi`, `cpi`,
    `eac`, `etc`, `vac`. Planned and actual cost are investment and run cost dated up to the day.
    """

    initiative: str
    currency: str | None
    as_of: Day
    figures: dict[str, EarnedFigure]
