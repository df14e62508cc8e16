"""What the value analysis tells beyond KPIs, initiatives and costs."""

from dataclasses import dataclass
from decimal import Decimal

from services.valuation.benefits.value_realisation.bias import Bias
from services.valuation.benefits.value_realisation.domain import Realisation


@dataclass(frozen=True)
class JudgedFigure:
    """One named figure of an initiative, as planned and as it became; None has a reason."""

    name: str
    plan: Decimal | None
    actual: Decimal | None
    plan_reason: str | None = None
    actual_reason: str | None = None


@dataclass(frozen=True)
class JudgedInitiative:
    """An initiative with its figures under one discount rate, in its own currency."""

    id: str
    code: str
    name: str
    currency: str
    figures: tuple[JudgedFigure, ...]


@dataclass(frozen=True)
class RealisedGroup:
    """Promises of one group and currency, and what came of them; `by` says how they are grouped."""

    by: str
    sums: Realisation


@dataclass(frozen=True)
class KpiCourse:
    """The figure of a KPI before its newest one."""

    code: str
    previous: Decimal
    previous_in: str


@dataclass(frozen=True)
class SolutionLine:
    """A solution's cost beside what it brings, how far it is used and what people say of it.

    `worths` are revenue and savings by unit; `value_per_cost` is that in the run's currency.
    """

    code: str
    name: str
    amount: Decimal
    share: Decimal | None
    stage: str | None
    worths: tuple[tuple[str, Decimal], ...]
    value_per_cost: Decimal | None
    use: Decimal | None
    nps: Decimal | None
    underused: bool | None


@dataclass(frozen=True)
class AnalysisFacts:
    """The facts of the value analysis; `discount_rate` is a year's, as a fraction."""

    discount_rate: Decimal
    judged: tuple[JudgedInitiative, ...] = ()
    realised: tuple[RealisedGroup, ...] = ()
    bias: Bias | None = None
    courses: tuple[KpiCourse, ...] = ()
    solutions: tuple[SolutionLine, ...] = ()
