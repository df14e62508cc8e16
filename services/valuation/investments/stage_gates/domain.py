"""Whether the value case of an initiative still holds at a step, by a stated rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal

from services.valuation.investments.evaluations.figures import round_figure
from shared.errors import Conflict
from shared.money import EXACT

Verdict = Literal["holds", "weaker", "broken"]
BenefitSource = Literal["cash_flows", "value_expectations", "none"]
Reasons = Literal[
    "benefit_below_cost", "net_value_lower", "expected_value_lower", "promise_withdrawn"
]


@dataclass(frozen=True)
class Expected:
    """What one value expectation promises in money, and whether a number can fail it."""

    amount: Decimal | None
    currency: str | None
    is_drawback: bool
    is_quantified: bool


@dataclass(frozen=True)
class ValueCase:
    """What an initiative is worth at one moment; costs and benefits are positive."""

    planned_cost: Decimal | None
    planned_benefit: Decimal | None
    benefit_source: BenefitSource
    expected_values: Mapping[str, Decimal]
    promises: int

    @property
    def net(self) -> Decimal | None:
        """Planned benefit less planned cost; None when neither is planned."""
        if self.planned_cost is None and self.planned_benefit is None:
            return None
        return EXACT.subtract(self.planned_benefit or Decimal(0), self.planned_cost or Decimal(0))

    @property
    def is_complete(self) -> bool:
        """Whether cost and benefit are both known in money."""
        return self.planned_cost is not None and self.planned_benefit is not None

    @property
    def pays(self) -> bool:
        """Whether the planned benefit covers the planned cost, as far as both are known."""
        return not self.is_complete or self.net is None or self.net >= 0

    @property
    def roi_net(self) -> Decimal | None:
        """(benefit - cost) / cost to 12 decimals, None without a cost."""
        if self.net is None or self.planned_cost is None or self.planned_cost <= 0:
            return None
        with localcontext(prec=60):
            return round_figure(self.net / self.planned_cost)


def make_case(
    planned_cost: Decimal | None,
    planned_benefit: Decimal | None,
    currency: str | None,
    promises: Sequence[Expected],
) -> ValueCase:
    """The case of a plan and its promises.

    Without planned benefits the money promised in the initiative's currency stands for them; an
    initiative without a currency takes the only one that its promises name.
    """
    values: dict[str, Decimal] = {}
    for promise in promises:
        if promise.amount is not None and promise.currency is not None:
            lost = promise.is_drawback and promise.amount > 0
            amount = EXACT.minus(promise.amount) if lost else promise.amount
            values[promise.currency] = EXACT.add(values.get(promise.currency, Decimal(0)), amount)
    source: BenefitSource = "cash_flows" if planned_benefit is not None else "none"
    own = currency or (next(iter(values)) if len(values) == 1 else None)
    if planned_benefit is None and own in values:
        planned_benefit, source = values[own], "value_expectations"
    count = sum(promise.is_quantified for promise in promises)
    return ValueCase(planned_cost, planned_benefit, source, values, count)


def judge(case: ValueCase, approved: ValueCase | None) -> tuple[Verdict, list[Reasons]]:
    """The verdict on a case beside the approved one (None at approval), and why.

    broken: it no longer pays, and did when it was approved with both sides known. weaker: its
    net value or the money expected in a currency is lower than at approval, a promise was
    withdrawn, or it does not pay for itself (and did not then). holds: none of these.
    """
    because: list[Reasons] = [] if case.pays else ["benefit_below_cost"]
    if approved is None:
        return ("holds" if case.pays else "weaker"), because
    if (case.net or Decimal(0)) < (approved.net or Decimal(0)):
        because.append("net_value_lower")
    if any(
        case.expected_values.get(currency, Decimal(0)) < amount
        for currency, amount in approved.expected_values.items()
    ):
        because.append("expected_value_lower")
    if case.promises < approved.promises:
        because.append("promise_withdrawn")
    if not case.pays and approved.is_complete and approved.pays:
        return "broken", because
    return ("weaker" if because else "holds"), because


def check_gate(case: ValueCase, verdict: Verdict, reason: str | None) -> None:
    """Work goes on only on a promise with a number; a broken case needs a reason (Conflict)."""
    if not case.promises:
        raise Conflict(
            "this step needs a value expectation with a target or a monetary value",
            code="no_value_expectation",
        )
    if verdict == "broken" and not (reason or "").strip():
        raise Conflict(
            "the plan no longer pays, as it did when it was approved; give the reason to go on",
            code="value_case_broken",
        )


def difference(new: Decimal | None, old: Decimal | None) -> Decimal | None:
    """New less old; None when either is not known."""
    return EXACT.subtract(new, old) if new is not None and old is not None else None
