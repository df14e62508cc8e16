"""The life of an initiative: which step follows which, what approval needs, how demand ranks."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Literal

from services.valuation.investments.evaluations.scoring import score_financially, weigh_axes
from shared.errors import Conflict, RuleBroken

Stage = Literal["proposed", "approved", "in_delivery", "live", "closed", "rejected"]
Step = Literal["approve", "start", "go-live", "close", "reject"]
Level = Literal["function", "operation", "strategy"]
BenefitKind = Literal["cashable", "non_cashable", "cost_avoidance", "non_financial", "dis_benefit"]

STEPS: Mapping[Step, tuple[frozenset[Stage], Stage]] = {
    "approve": (frozenset({"proposed"}), "approved"),
    "start": (frozenset({"approved"}), "in_delivery"),
    "go-live": (frozenset({"in_delivery"}), "live"),
    "close": (frozenset({"live"}), "closed"),
    "reject": (frozenset({"proposed", "approved"}), "rejected"),
}


def take_step(stage: Stage, step: Step) -> Stage:
    """The stage after a step; Conflict (`wrong_stage`) when it does not follow from this one."""
    allowed, following = STEPS[step]
    if stage not in allowed:
        names = " or ".join(sorted(allowed))
        raise Conflict(f"{step} needs stage {names}, this one is {stage}", code="wrong_stage")
    return following


def check_expectation(
    *,
    kpi: str | None,
    monetary_value: Decimal | None,
    currency: str | None,
    kind: BenefitKind | None,
) -> None:
    """An expectation names a KPI or an amount; an amount has a currency; its sign fits its kind."""
    if kpi is None and monetary_value is None:
        raise RuleBroken.at("/kpi", "nothing_expected", "name a KPI or a monetary value")
    if monetary_value is not None and currency is None:
        raise RuleBroken.at("/currency", "missing_value", "a monetary value needs its currency")
    if monetary_value is not None and monetary_value < 0 and kind != "dis_benefit":
        message = "a negative monetary value is a dis_benefit"
        raise RuleBroken.at("/monetary_value", "sign_of_benefit", message)


PROMISED = ("baseline", "target", "monetary_value", "currency", "benefit_kind")


def check_promise_stands(
    stage: Stage, before: Mapping[str, object], after: Mapping[str, object], *, historic: bool
) -> None:
    """What was promised is not changed once the initiative is live: reviews measure against it.

    Conflict `promise_in_force`. What was left open may still be filled in; history may be mended.
    """
    if historic or stage not in {"live", "closed"}:
        return
    for name in PROMISED:
        if before[name] is not None and name in after and after[name] != before[name]:
            raise Conflict(
                f"{name} was promised before going live and stands; add a promise instead",
                code="promise_in_force",
            )


def score_value(
    cost: Decimal,
    benefit: Decimal,
    business_impact: Decimal | None,
    strategic_fit: Decimal | None,
) -> Decimal | None:
    """The value score that ranks demand, 0 to 100: the three axes over the plan, undiscounted.

    None when there is neither a plan with costs nor a judged axis.
    """
    with localcontext(prec=50):
        ratio = benefit / cost if cost > 0 else None
    return weigh_axes(score_financially(ratio), business_impact, strategic_fit).score
