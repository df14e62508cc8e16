"""Results that somebody entered with their source, where no observation says them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.valuation.benefits.reviews.domain import Expected, compare
from services.valuation.benefits.reviews.measuring import Measured
from services.valuation.benefits.reviews.stored import store_free_result
from shared.clock import utc_now
from shared.contracts.valuation.reviews import ManualResultRequest
from shared.ids import new_id
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview

MOST_ENTERED = 200
Kept = Mapping[str, Any]


@dataclass(frozen=True)
class Entered:
    """An entered result that stands for a promise."""

    id: str
    source: str
    measured: Measured


def keep_result(request: ManualResultRequest, kpi: ValueKpi | None, subject: str) -> dict[str, Any]:
    """A request as the row keeps it: decimals as text, who entered it and when.

    Where it names a KPI, name, unit and direction are the KPI's.
    """
    kept = request.model_dump(mode="json", exclude={"names"})
    kept["names"] = request.names.stored() if request.names is not None else None
    if kpi is not None:
        kept |= {"names": dict(kpi.names), "unit": kpi.unit, "direction": kpi.direction}
    return kept | {
        "id": str(new_id()),
        "entered_by": subject,
        "entered_at": utc_now().isoformat(),
    }


def without_same_promise(entered: Sequence[Kept], kept: Kept) -> list[dict[str, Any]]:
    """What was entered so far, less what the new result replaces: that for the same promise."""
    promise = kept["expectation"]
    return [dict(each) for each in entered if promise is None or each["expectation"] != promise]


def entered_for(
    review: PostImplementationReview, expectation_id: UUID, measured: Measured
) -> Entered | None:
    """What was entered for a promise; baseline and target stay unless given with it."""
    for kept in review.manual_results:
        if kept["expectation"] == str(expectation_id):
            found = Measured(
                actual=_decimal(kept["actual"]),
                period=kept["period"],
                baseline=_decimal(kept["baseline"], measured.baseline),
                target=_decimal(kept["target"], measured.target),
                evidence=tuple(kept["evidence"]),
            )
            return Entered(kept["id"], kept["source"], found)
    return None


def free_result(kept: Kept) -> dict[str, Any]:
    """An entered result that stands beside the promises, judged like them."""
    expected = Expected(
        kpi=kept["kpi"],
        level=kept["level"],
        direction=kept["direction"],
        baseline=_decimal(kept["baseline"]),
        target=_decimal(kept["target"]),
    )
    return store_free_result(kept, compare(expected, _decimal(kept["actual"]), kept["evidence"]))


def _decimal(written: str | None, otherwise: Decimal | None = None) -> Decimal | None:
    return Decimal(written) if written is not None else otherwise
