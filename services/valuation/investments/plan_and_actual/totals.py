"""Plan against actual of groups of initiatives as callers see them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from services.valuation.investments.plan_and_actual.accuracy import measure_accuracy
from services.valuation.investments.plan_and_actual.domain import compare
from shared.contracts.valuation.variances import Accuracy, VarianceTotal

OWN_COLUMNS = tuple(name for name in VarianceTotal.model_fields if name != "accuracy")
ACCURACY_COLUMNS = ("mmre", "mdmre", "pred25", "median_actual_over_plan")
TOTAL_COLUMNS = (*OWN_COLUMNS, *ACCURACY_COLUMNS)
COUNTS = (
    "initiatives", "without_plan", "without_actual", "planned", "actual", "compared",
    "compared_planned", "compared_actual", "over_budget", "over_budget_beyond", "conflicts",
)  # fmt: skip


def total_answers(
    rows: Sequence[Any],
    pairs: Mapping[str, Sequence[tuple[Decimal, Decimal]]],
    over_percent: Decimal,
    *,
    is_kpi: bool,
) -> list[VarianceTotal]:
    """Groups with their variance and how accurate their plans were."""
    return [_total(row, pairs[row.key], over_percent, is_kpi=is_kpi) for row in rows]


def _total(
    row: Any, pairs: Sequence[tuple[Decimal, Decimal]], over_percent: Decimal, *, is_kpi: bool
) -> VarianceTotal:
    found = compare(row.compared_planned, row.compared_actual, less_is_good=row.less_is_good)
    return VarianceTotal(
        group=row.group,
        currency=None if is_kpi else row.unit,
        unit=row.unit if is_kpi else None,
        variance=found.variance,
        variance_percent=found.percent,
        over_percent=over_percent,
        accuracy=Accuracy(**vars(measure_accuracy(pairs))),
        **{name: getattr(row, name) for name in COUNTS},
    )


def total_row(total: VarianceTotal) -> list[Any]:
    """A group in the order of `TOTAL_COLUMNS`."""
    return [
        *(getattr(total, name) for name in OWN_COLUMNS),
        *(getattr(total.accuracy, name) for name in ACCURACY_COLUMNS),
    ]
