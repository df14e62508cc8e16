"""Makes the cost lines of a month's depreciation, one for each asset that depreciates in it.

Depreciation is a running cost of the month, so its lines are opex; the purchase itself is capex and
comes with the ledger. Made again, the lines are unchanged; a changed asset changes its line; the
line of an asset that no longer depreciates in the month is taken away.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from services.ingest.assets import repository
from services.ingest.assets.answers import purchase_of
from services.ingest.assets.domain import Purchase, depreciation_in
from services.ingest.changes.repository import lock_source
from services.ingest.cost_lines.workflow import push_lines
from shared.contracts.bulk import BulkResult
from shared.contracts.ingest.cost_lines import CostLineRequest
from shared.errors import Conflict
from shared.money import EXACT
from shared.periods import Period, last_day
from shared.postgres.period_locks import hold_open

SOURCE = "assets"
ACCOUNT = "depreciation"
BATCH = 10_000


@dataclass
class Depreciated:
    """What became of the lines of a month, and their amounts by currency."""

    counts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def add_line(self, line: CostLineRequest) -> None:
        """Count the money of a line."""
        before = self.amounts.get(line.currency, Decimal(0))
        self.amounts[line.currency] = EXACT.add(before, line.amount)
        self.lines[line.currency] = self.lines.get(line.currency, 0) + 1

    def count(self, status: str) -> None:
        """Count what became of a line."""
        self.counts[status] = self.counts.get(status, 0) + 1


def depreciate(session: Session, period: Period) -> Depreciated:
    """Make the lines of a month; 409 `closed_period`. All of them or, on any fault, none."""
    lock_source(session, SOURCE, "actual")  # before the period, as every push of lines does
    hold_open(session, [period])
    repository.lock_assets(session)
    done = Depreciated()
    stale = set(repository.depreciation_lines(session, SOURCE, period))
    for batch in _batches(_lines(session, period)):
        stale.difference_update(line.external_id for line in batch)
        _push(session, batch, done)
    for batch in _batches(_gone(name, period) for name in sorted(stale)):
        _push(session, batch, done)
    return done


def _push(session: Session, batch: list[CostLineRequest], done: Depreciated) -> None:
    for line, result in zip(batch, push_lines(session, batch, restate=False), strict=True):
        _require_stored(result)
        if line.deleted:
            done.count("removed")
            continue
        done.add_line(line)
        done.count(result.status)


def _require_stored(result: BulkResult) -> None:
    if result.status == "error":
        error = result.error
        raise Conflict(
            error.detail if error else "a line was refused", code=error.code if error else None
        )


def _batches(lines: Iterable[CostLineRequest]) -> Iterator[list[CostLineRequest]]:
    left = iter(lines)
    while batch := list(islice(left, BATCH)):
        yield batch


def _lines(session: Session, period: Period) -> Iterator[CostLineRequest]:
    for row in chain.from_iterable(repository.depreciating(session, period)):
        purchase = purchase_of(row)
        if purchase is not None:
            line = _line(row, purchase, period)
            if line.amount:
                yield line


def _line(row: Row[Any], purchase: Purchase, period: Period) -> CostLineRequest:
    """The line of an asset; what a mapping may look at is in its own fields, tags and `fields`."""
    found = depreciation_in(purchase, period)
    month = found.month if found else 0
    said = {
        "asset_class": row.asset_class,
        "tower": row.tower,
        "solution": row.solution,
        "consumer": row.consumer,
        "month_of_life": str(month),
        "useful_life_months": str(purchase.months),
    }
    return CostLineRequest.model_construct(
        external_id=f"depreciation:{row.code}:{period}",
        source=SOURCE,
        period=period,
        amount=found.amount if found else Decimal(0),
        currency=purchase.currency,
        posted_on=last_day(period),
        cost_type="opex",
        account=ACCOUNT,
        vendor=row.vendor,
        description=row.names.get("en") or row.names.get("zh-CN"),
        asset=row.code,
        tags=row.tags,
        fields={name: value for name, value in said.items() if value is not None},
    )


def _gone(external_id: str, period: Period) -> CostLineRequest:
    return CostLineRequest.model_construct(
        external_id=external_id,
        source=SOURCE,
        period=period,
        amount=Decimal(0),
        currency="XXX",
        deleted=True,
    )
