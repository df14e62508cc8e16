"""How many disputes there are, about what, how they end, and how long that takes."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from statistics import median
from typing import Protocol

from services.allocation.disputes.repository import Counted
from shared.contracts.allocation.disputes import (
    DisputeCounts,
    DisputedAmounts,
    DisputeGroup,
    DisputeStatistics,
    Status,
)
from shared.contracts.values import name_in
from shared.money import EXACT, add_exactly

SHOWN = 50
SECONDS_OF_A_DAY = 86_400
DAYS_STEP, SHARE_STEP = Decimal("0.001"), Decimal(1).scaleb(-12)
UPHELD = {"upheld", "corrected"}
STATES: tuple[Status, ...] = ("open", "in_review", "upheld", "rejected", "corrected")


class Named(Protocol):
    """Says what people call the group of a dispute."""

    def __call__(self, row: Counted) -> str: ...


def statistics_of(
    rows: Sequence[Counted], first: str | None, last: str | None, language: str
) -> DisputeStatistics:
    """Everything that is to be said about these disputes."""

    def consumer_name(row: Counted) -> str:
        return name_in(row.consumer_names, language) or row.consumer

    def object_name(row: Counted) -> str:
        return name_in(row.names, language) or row.code

    counts = _counts(rows)
    decided = counts.upheld + counts.corrected + counts.rejected
    return DisputeStatistics.model_validate(
        {
            **counts.model_dump(),
            "from": first,
            "to": last,
            "by_consumer": _groups(rows, lambda row: ("consumer", row.consumer), consumer_name),
            "by_solution": _groups(rows, lambda row: (row.layer, row.code), object_name),
            "by_reason": _groups(rows, lambda row: (None, row.reason), lambda row: row.reason),
            "amounts": _amounts(rows),
            "median_days_to_decide": _median_days(rows),
            "share_upheld": _share(counts.upheld + counts.corrected, decided),
        }
    )


def _counts(rows: Iterable[Counted]) -> DisputeCounts:
    found = Counter(row.status for row in rows)
    return DisputeCounts(disputes=found.total(), **{state: found[state] for state in STATES})


def _groups(
    rows: Sequence[Counted],
    key: Callable[[Counted], tuple[str | None, str]],
    name: Named,
) -> list[DisputeGroup]:
    """The groups with the most disputes, each with its counts."""
    members: dict[Hashable, list[Counted]] = {}
    for row in rows:
        members.setdefault(key(row), []).append(row)
    largest = sorted(members.values(), key=lambda mine: (-len(mine), str(key(mine[0]))))[:SHOWN]
    return [
        DisputeGroup.model_validate(
            {
                **_counts(mine).model_dump(),
                "layer": key(mine[0])[0],
                "key": key(mine[0])[1],
                "name": name(mine[0]),
            }
        )
        for mine in largest
    ]


def _amounts(rows: Sequence[Counted]) -> list[DisputedAmounts]:
    return [
        DisputedAmounts(
            currency=currency,
            disputed=add_exactly(row.amount for row in mine),
            upheld=add_exactly(row.amount for row in mine if row.status in UPHELD),
            corrected=add_exactly(row.moved for row in mine if row.moved is not None),
        )
        for currency in sorted({row.currency for row in rows})
        for mine in [[row for row in rows if row.currency == currency]]
    ]


def _median_days(rows: Iterable[Counted]) -> Decimal | None:
    seconds = [
        Decimal((row.decided_at - row.created_at).total_seconds())
        for row in rows
        if row.decided_at is not None
    ]
    if not seconds:
        return None
    return (median(seconds) / SECONDS_OF_A_DAY).quantize(DAYS_STEP, ROUND_HALF_EVEN)


def _share(part: int, whole: int) -> Decimal | None:
    if not whole:
        return None
    return EXACT.divide(Decimal(part), Decimal(whole)).quantize(SHARE_STEP, ROUND_HALF_EVEN, EXACT)
