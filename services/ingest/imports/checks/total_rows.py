"""Finds subtotal and total rows inside a ledger: they check the rows above and are no lines.

A row is a total by its words and its structure together: a cell heads it as one, and it lacks
what all other rows have (its date, its keys), or its amount is what the rows above it add up to.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from services.ingest.files.detected import RowBatch
from services.ingest.imports.checks.ledger_shape import (
    Shape,
    could_be_total,
    is_total,
    label_of,
    shape_of,
    suspects_among,
)
from services.ingest.imports.checks.totals import Money, Sums
from services.ingest.imports.reading.batch import Reject, RowsRead
from services.ingest.profiles.domain import Profile
from services.ingest.values.fault import REJECT_CODES
from shared.money import EXACT, plain

FOOTS, DIFFERS = "subtotal_row", "total_differs"


@dataclass(frozen=True)
class TotalCheck:
    """A total that the file states: what it says and what the rows above it add up to."""

    row: int
    label: str
    currency: str | None
    stated: Decimal
    counted: Decimal
    foots: bool

    def answer(self) -> dict[str, object]:
        """The check as stored and answered."""
        return {
            "row": self.row,
            "label": self.label,
            "currency": self.currency,
            "stated": plain(self.stated),
            "counted": plain(self.counted),
            "foots": self.foots,
        }


@dataclass
class _Footing:
    """The running sums of one currency at every total so far; a total foots when it is the
    difference between now and one of them."""

    marks: set[Decimal] = field(default_factory=lambda: {Decimal(0)})
    last: Decimal = Decimal(0)

    def mark(self, now: Decimal) -> None:
        """Note the running sum at a total."""
        self.marks.add(now)
        self.last = now


class TotalRows:
    """Sifts the totals out of the rows of a ledger, batch by batch in the order of the file."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._shape: Shape | None = None
        self._footings: dict[str | None, _Footing] = {}
        self.checks: list[TotalCheck] = []
        self.money = Money()

    def sift(self, batch: RowBatch, found: RowsRead, before: Sums) -> RowsRead:
        """The rows without totals, which become rejects. `before`: received until this batch."""
        if self._shape is None:
            self._shape = shape_of(self._profile, batch.cells)
        suspects = suspects_among(self._shape, batch.cells)
        if not suspects:
            return found
        numbers = batch.numbers
        cells = {
            numbers[place]: dict(zip(batch.cells.columns, batch.cells.row(place), strict=True))
            for place in suspects
        }
        cells = {row: known for row, known in cells.items() if could_be_total(self._shape, known)}
        if not cells:
            return found
        totals = self._walk(found, before, cells)
        return found if not totals else _without(found, totals)

    def _walk(
        self, found: RowsRead, before: Sums, cells: Mapping[int, dict[str, str | None]]
    ) -> dict[int, Reject]:
        """Go through the rows in order with running sums; judge the suspects among them."""
        now = {
            code: EXACT.subtract(sum_received, self.money.sums.get(code, Decimal(0)))
            for code, sum_received in before.items()
        }
        if not now.get(None, True):
            del now[None]
        rejects: dict[int, Reject] = {}
        for row, text, currency in _amounts_in_order(found):
            if text is None:
                continue
            amount = Decimal(text)
            if row in cells:
                check = self._judge(row, amount, currency, now, cells[row])
                if check is not None:
                    self._note(check, amount, currency, now)
                    rejects[row] = _reject(check, cells[row])
                    continue
            now[currency] = EXACT.add(now.get(currency, Decimal(0)), amount)
        return rejects

    def _judge(
        self,
        row: int,
        amount: Decimal,
        currency: str | None,
        now: Mapping[str | None, Decimal],
        cells: Mapping[str, str | None],
    ) -> TotalCheck | None:
        shape = self._shape
        if shape is None:
            return None
        label, column, strength = label_of(shape, cells)
        # A total often leaves the currency out; it is that of the rows, where they have one.
        code = next(iter(now)) if currency is None and len(now) == 1 else currency
        sum_now = now.get(code, Decimal(0))
        footing = self._footings.get(code) or _Footing()
        foots = EXACT.subtract(sum_now, amount) in footing.marks
        if not is_total(shape, cells, strength, column, foots=foots):
            return None
        counted = amount if foots else EXACT.subtract(sum_now, footing.last)
        return TotalCheck(row, label, code, amount, counted, foots)

    def _note(
        self,
        check: TotalCheck,
        amount: Decimal,
        currency: str | None,
        now: Mapping[str | None, Decimal],
    ) -> None:
        self.checks.append(check)
        self.money.add(currency, amount)
        for code, sum_now in now.items():
            self._footings.setdefault(code, _Footing()).mark(sum_now)


def _amounts_in_order(found: RowsRead) -> list[tuple[int, str | None, str | None]]:
    drafts = found.drafts.select(pl.col("row_no").cast(pl.Int64).alias("row"), "amount", "currency")
    rows = pl.concat([drafts, found.rejected.select("row", "amount", "currency")])
    return list(rows.sort("row").iter_rows())


def _reject(check: TotalCheck, cells: Mapping[str, str | None]) -> Reject:
    headed = (name for name, text in cells.items() if (text or "").strip() == check.label)
    column = next(headed, None) if check.label else None
    code = FOOTS if check.foots else DIFFERS
    message = REJECT_CODES[code]
    if not check.foots:
        message += f" Stated: {plain(check.stated)}, counted: {plain(check.counted)}."
    shown = json.dumps({name: text for name, text in cells.items() if text}, ensure_ascii=False)
    return Reject(check.row, column, code, message, check.label[:2_000], shown)


def _without(found: RowsRead, totals: Mapping[int, Reject]) -> RowsRead:
    """The same rows with the totals among the rejects, for no other reason than that."""
    rows = list(totals)
    out = found.drafts.filter(pl.col("row_no").is_in(rows))
    moved = out.select(pl.col("row_no").cast(pl.Int64).alias("row"), "amount", "currency")
    rejects = [reject for reject in found.rejects if reject.row not in totals]
    return RowsRead(
        found.drafts.filter(~pl.col("row_no").is_in(rows)),
        sorted([*rejects, *totals.values()], key=lambda reject: reject.row),
        pl.concat([found.rejected, moved]),
    )
