"""How good plans were, over many of them: relative errors, their median and their spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from services.valuation.investments.evaluations.figures import round_figure

_DIGITS = 60
GOOD_ERROR = Decimal("0.25")


@dataclass(frozen=True)
class Accuracy:
    """Shares of 12 decimals over `compared` pairs; None with a reason over none."""

    compared: int
    mmre: Decimal | None = None
    mdmre: Decimal | None = None
    pred25: Decimal | None = None
    median_actual_over_plan: Decimal | None = None
    p10_actual_over_plan: Decimal | None = None
    p90_actual_over_plan: Decimal | None = None
    share_over_plan: Decimal | None = None
    reason: str | None = None


def measure_accuracy(pairs: Sequence[tuple[Decimal, Decimal]]) -> Accuracy:
    """Over pairs of (planned, actual), both above zero; others say nothing about accuracy.

    The error of a pair is |actual - planned| / actual. `nothing_to_compare` without any pair.
    """
    usable = [(plan, actual) for plan, actual in pairs if plan > 0 and actual > 0]
    if not usable:
        return Accuracy(0, reason="nothing_to_compare")
    with localcontext(prec=_DIGITS):
        errors = sorted(abs(actual - plan) / actual for plan, actual in usable)
        ratios = sorted(actual / plan for plan, actual in usable)
        count = Decimal(len(usable))
        return Accuracy(
            compared=len(usable),
            mmre=round_figure(sum(errors, Decimal(0)) / count),
            mdmre=round_figure(quantile(errors, Decimal("0.5"))),
            pred25=round_figure(sum(error <= GOOD_ERROR for error in errors) / count),
            median_actual_over_plan=round_figure(quantile(ratios, Decimal("0.5"))),
            p10_actual_over_plan=round_figure(quantile(ratios, Decimal("0.1"))),
            p90_actual_over_plan=round_figure(quantile(ratios, Decimal("0.9"))),
            share_over_plan=round_figure(sum(actual > plan for plan, actual in usable) / count),
        )


def quantile(ordered: Sequence[Decimal], share: Decimal) -> Decimal:
    """The value at this share of an ascending row, interpolated between its neighbours."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
