"""Three axes of a case, 0 to 100: financial by its figures, business and strategic as judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from services.valuation.investments.evaluations.figures import round_figure
from shared.errors import RuleBroken

DEFAULT_WEIGHTS: Mapping[str, Decimal] = {
    "financial": Decimal("0.4"),
    "business": Decimal("0.3"),
    "strategic": Decimal("0.3"),
}


@dataclass(frozen=True)
class Axes:
    """The three axes and their weighted mean; an axis nobody judged is None and named in `missing`.

    The score is the mean over the axes that exist, their weights scaled to add up to 1.
    """

    financial: Decimal | None
    business: Decimal | None
    strategic: Decimal | None
    weights: Mapping[str, Decimal]
    score: Decimal | None
    missing: tuple[str, ...]


def score_financially(benefit_per_cost: Decimal | None) -> Decimal | None:
    """0 without any benefit, 50 when benefits equal costs, 100 from twice the costs on."""
    if benefit_per_cost is None:
        return None
    return round_figure(min(max(benefit_per_cost * 50, Decimal(0)), Decimal(100)))


def weigh_axes(
    financial: Decimal | None,
    business: Decimal | None,
    strategic: Decimal | None,
    weights: Mapping[str, Decimal] = DEFAULT_WEIGHTS,
) -> Axes:
    """Weigh the axes; weights must be three, not negative and add up to 1 (RuleBroken)."""
    check_weights(weights)
    axes = {"financial": financial, "business": business, "strategic": strategic}
    present = {name: value for name, value in axes.items() if value is not None}
    total = sum((weights[name] for name in present), Decimal(0))
    with localcontext(prec=50):
        points = sum((weights[name] * value for name, value in present.items()), Decimal(0))
        score = round_figure(points / total) if total else None
    return Axes(
        financial=financial,
        business=business,
        strategic=strategic,
        weights=weights,
        score=score,
        missing=tuple(name for name, value in axes.items() if value is None),
    )


def check_weights(weights: Mapping[str, Decimal]) -> None:
    """Refuse weights that are not those of the three axes, negative, or do not add up to 1."""
    if set(weights) != set(DEFAULT_WEIGHTS):
        raise RuleBroken("weights are for financial, business and strategic", code="axis_weights")
    if any(weight < 0 for weight in weights.values()) or sum(weights.values()) != 1:
        raise RuleBroken("weights are not negative and add up to 1", code="axis_weights")
