"""Evaluations on the wire: named figures, axes, sensitivities, scenarios."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.days import Day
from shared.contracts.valuation.initiatives import Category, Score
from shared.contracts.values import Code, Contract, DecimalText, ExactText, Period

Convention = Literal["indexed", "dated", "monthly_apr"]
Rate = Annotated[DecimalText, Field(gt=-1, le=1000, examples=["0.08"])]
Share = Annotated[DecimalText, Field(ge=0, le=1)]
Factor = Annotated[DecimalText, Field(ge=0, le=1000)]


class CashFlowOfCase(Contract):
    """A payment of a case, placed by `index` (periods from 0), by `on`, or by its position."""

    index: Annotated[int, Field(ge=0, le=1200, strict=True)] | None = None
    on: Day | None = None
    amount: DecimalText = Field(examples=["-40000"])
    category: Category | None = None


class AxisWeights(Contract):
    """Weights of the three axes; they add up to 1."""

    financial: Share
    business: Share
    strategic: Share


class ScenarioFactors(Contract):
    """What a scenario multiplies the amounts of each category with."""

    investment: Factor
    run_cost: Factor
    benefit: Factor


class Scenarios(Contract):
    """The three scenarios."""

    best: ScenarioFactors
    base: ScenarioFactors
    worst: ScenarioFactors


class EvaluationRequest(Contract):
    """A case to judge; nothing of it is stored.

    Without a convention: dated if every payment has a day and none an index, else indexed.
    `period_months` is 12 unless given, under `monthly_apr` it is 1.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cash_flows": [
                        {"amount": "-40000"},
                        {"amount": "5000"},
                        {"amount": "8000"},
                        {"amount": "12000"},
                        {"amount": "30000"},
                    ],
                    "discount_rate": "0.08",
                    "convention": "indexed",
                }
            ]
        }
    )

    cash_flows: list[CashFlowOfCase] = Field(max_length=1200)
    discount_rate: Rate | None = None
    finance_rate: Rate | None = None
    reinvest_rate: Rate | None = None
    convention: Convention | None = None
    period_months: Annotated[int, Field(ge=1, le=120, strict=True)] | None = None
    business_impact: Score | None = None
    strategic_fit: Score | None = None
    weights: AxisWeights | None = None
    scenarios: Scenarios | None = None

    @model_validator(mode="after")
    def _weights_add_up(self) -> "EvaluationRequest":
        weights = self.weights
        if weights and weights.financial + weights.business + weights.strategic != 1:
            raise ValueError("weights add up to 1")
        return self


class FigureAnswer(Contract):
    """A named figure; `value` is null exactly when `reason` is given.

    Rounded half-even to `decimals`; `roots` lists every rate when there are several.
    """

    name: str
    value: ExactText | None
    formula: str
    convention: Convention
    inputs: dict[str, ExactText | None]
    reason: str | None
    explanation: str | None
    roots: list[ExactText]
    decimals: int


class Figures(Contract):
    """All named figures."""

    roi_net: FigureAnswer
    roi_gross: FigureAnswer
    roi_npv: FigureAnswer
    bcr: FigureAnswer
    npv: FigureAnswer
    irr: FigureAnswer
    xirr: FigureAnswer
    mirr: FigureAnswer
    payback_months: FigureAnswer
    discounted_payback_months: FigureAnswer
    tco: FigureAnswer
    equivalent_annual_cost: FigureAnswer


class Axes(Contract):
    """Three axes of 0 to 100 and their weighted mean over those that exist."""

    financial: ExactText | None
    business: ExactText | None
    strategic: ExactText | None
    weights: AxisWeights
    score: ExactText | None
    missing: list[str]
    financial_rule: str


class SwingAnswer(Contract):
    """One assumption moved alone: results at its low and high, and where nothing is gained.

    `low`, `high`, `break_even` are factors on the amounts of a category, rates for
    `discount_rate`, months for `benefit_delay_months`.
    """

    assumption: str
    measure: Literal["npv", "net_benefit"]
    low: ExactText
    high: ExactText
    result_at_low: ExactText
    result_at_high: ExactText
    swing: ExactText
    break_even: ExactText | None
    reason: str | None


class ScenarioAnswer(Contract):
    """A scenario with its stated factors and the figures that follow."""

    name: str
    factors: ScenarioFactors
    figures: dict[str, FigureAnswer]


class AllocatedRunCost(Contract):
    """The run cost of the linked solution in one published run."""

    period: Period
    run: str
    amount: ExactText
    currency: str
    href: str


class RunCostNote(Contract):
    """Where the run cost came from, or why it is not in the figures.

    Codes: `allocated`, `not_asked`, `no_solution`, `not_live`, `no_published_run`,
    `not_in_runs`, `currency_differs`, `allocation_unreachable`.
    """

    code: Literal[
        "allocated",
        "not_asked",
        "no_solution",
        "not_live",
        "no_published_run",
        "not_in_runs",
        "currency_differs",
        "allocation_unreachable",
    ]
    message: str
    solution: Code | None
    runs: list[AllocatedRunCost]
    replaced_cash_flows: int


class EvaluationAnswer(Contract):
    """The judgement of a case."""

    convention: Convention
    figures: Figures
    axes: Axes
    sensitivity: list[SwingAnswer]
    scenarios: list[ScenarioAnswer]


class InitiativeEvaluation(EvaluationAnswer):
    """The judgement of an initiative, with the source of its run cost."""

    initiative: str
    basis: Literal["plan", "actual"]
    currency: str | None
    cash_flows: int
    run_cost: RunCostNote
