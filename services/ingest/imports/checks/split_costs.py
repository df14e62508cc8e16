"""Keeps split costs of a bill from counting twice: once as the origin, once as its parts.

FOCUS 1.3 lets a provider split one charge into allocated charges, which stand in its place and
add up to it; AllocatedMethodId marks them, also the part that nobody got (its AllocatedResourceId
is null). Some exports send the origin as well. Then its row is a reject and the parts are lines.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from services.ingest.files.detected import RowBatch
from services.ingest.imports.checks.totals import Sums
from services.ingest.imports.reading.batch import Reject, RowsRead
from services.ingest.imports.reading.columns import without_missing
from services.ingest.profiles.domain import folded
from services.ingest.values.decimals import NumberStyle, read_decimal
from services.ingest.values.fault import REJECT_CODES, Fault
from shared.money import EXACT

_MARK = "allocatedmethodid"
_COSTS = ("billedcost", "effectivecost", "contractedcost", "listcost")
# By the rules of FOCUS these are equal in an origin and all of its parts.
_SAME = (
    "billingaccountid",
    "subaccountid",
    "billingcurrency",
    "billingperiodstart",
    "chargeperiodstart",
    "chargeperiodend",
    "chargecategory",
    "chargeclass",
    "chargefrequency",
    "chargedescription",
    "commitmentdiscountid",
    "commitmentdiscountstatus",
    "invoiceid",
    "pricingcategory",
    "regionid",
    "resourceid",
    "servicename",
    "serviceprovidername",
    "skuid",
    "skupriceid",
    "contractedunitprice",
    "listunitprice",
    "pricingunit",
    "consumedunit",
)
_POINT = NumberStyle(".", None)
_SEEDS = (11, 47)
Key = tuple[int, int]
Costs = tuple[Decimal, ...]


def splits_costs(columns: Iterable[str]) -> bool:
    """Whether a bill with these columns can hold allocated charges."""
    return _MARK in {folded(name) for name in columns}


@dataclass
class SplitCosts:
    """The sums of all parts by what they have in common with their origin."""

    parts: dict[Key, Costs] = field(default_factory=lambda: defaultdict(_nothing))

    def learn(self, batches: Iterable[RowBatch]) -> None:
        """Add up the parts of the whole file, before its rows become lines."""
        for batch in batches:
            rows = batch.cells.filter(_marks(batch.cells).is_not_null())
            if rows.height:
                for key, costs in zip(_keys(rows), _costs(rows), strict=True):
                    if costs is not None:
                        sums = zip(self.parts[key], costs, strict=True)
                        self.parts[key] = tuple(EXACT.add(one, other) for one, other in sums)

    def sift(self, batch: RowBatch, found: RowsRead, _: Sums) -> RowsRead:
        """The same rows, but origins whose parts add up to them are rejects."""
        if not self.parts:
            return found
        whole = _marks(batch.cells).is_null()
        rows, numbers = batch.cells.filter(whole), batch.numbers.filter(whole)
        keys = list(_keys(rows))
        alike = pl.Series([key in self.parts for key in keys], dtype=pl.Boolean)
        if not alike.any():
            return found
        rows, numbers = rows.filter(alike), numbers.filter(alike)
        candidates = zip(
            numbers, (key for key in keys if key in self.parts), _costs(rows), strict=True
        )
        origins = {
            number: place
            for place, (number, key, costs) in enumerate(candidates)
            if costs is not None and any(costs) and self.parts[key] == costs
        }
        drafts = found.drafts.filter(pl.col("row_no").is_in(list(origins)))
        if not drafts.height:
            return found
        rejects = [
            _reject(number, rows.row(origins[number], named=True)) for number in drafts["row_no"]
        ]
        moved = drafts.select(pl.col("row_no").cast(pl.Int64).alias("row"), "amount", "currency")
        return RowsRead(
            found.drafts.filter(~pl.col("row_no").is_in(list(origins))),
            sorted([*found.rejects, *rejects], key=lambda reject: reject.row),
            pl.concat([found.rejected, moved]),
        )


def _nothing() -> Costs:
    return tuple(Decimal(0) for _ in _COSTS)


def _column(cells: pl.DataFrame, wanted: str) -> pl.Series:
    for name in cells.columns:
        if folded(name) == wanted:
            return without_missing(cells[name])
    return pl.Series(wanted, [None] * cells.height, dtype=pl.String)


def _marks(cells: pl.DataFrame) -> pl.Series:
    return _column(cells, _MARK)


def _keys(rows: pl.DataFrame) -> Iterable[Key]:
    """Two hashes over what origin and parts share; equal only for equal cells, for all we care."""
    same = pl.DataFrame([_column(rows, name).alias(name) for name in _SAME])
    first, second = (same.hash_rows(seed) for seed in _SEEDS)
    return zip(first.to_list(), second.to_list(), strict=True)


def _costs(rows: pl.DataFrame) -> Iterable[Costs | None]:
    columns = [_column(rows, name).to_list() for name in _COSTS]
    for texts in zip(*columns, strict=True):
        numbers = [Decimal(0) if text is None else read_decimal(text, _POINT) for text in texts]
        yield (
            None
            if any(isinstance(number, Fault) for number in numbers)
            else tuple(number for number in numbers if not isinstance(number, Fault))
        )


def _reject(row: int, cells: dict[str, str | None]) -> Reject:
    code = "split_origin"
    shown = json.dumps({name: text for name, text in cells.items() if text}, ensure_ascii=False)
    column = next((name for name in cells if folded(name) == "resourceid"), None)
    raw = (cells[column] or "") if column else ""
    return Reject(row, column, code, REJECT_CODES[code], raw[:2_000], shown)
