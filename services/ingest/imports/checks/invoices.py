"""Adds up a cloud bill by invoice, so that it can be tied to what the provider demands."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

import polars as pl

from services.ingest.files.detected import RowBatch
from services.ingest.imports.reading.columns import without_missing
from services.ingest.profiles.domain import folded
from services.ingest.values.decimals import NumberStyle, read_decimal
from services.ingest.values.fault import Fault
from shared.money import EXACT, plain

_POINT = NumberStyle(".", None)
_PLAIN = r"^-?[0-9]{1,20}(?:\.[0-9]{1,18})?$"
#: So many invoices of one bill are answered; all of them are compared with control totals.
MOST_ANSWERED = 1_000


@dataclass
class InvoiceTotals:
    """BilledCost by InvoiceId and BillingCurrency, over all rows of the file as received.

    Rows without an invoice (not billed yet) are left out.
    """

    billed: dict[str, dict[str | None, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )

    def add(self, batch: RowBatch) -> None:
        """Take in a batch; one without the columns of an invoice adds nothing."""
        names = {folded(name): name for name in batch.cells.columns}
        invoice, cost = names.get("invoiceid"), names.get("billedcost")
        if invoice is None or cost is None:
            return
        currency = names.get("billingcurrency")
        frame = pl.DataFrame(
            [
                without_missing(batch.cells[invoice]).alias("invoice"),
                (
                    without_missing(batch.cells[currency]).str.to_uppercase()
                    if currency
                    else pl.Series([None] * batch.cells.height, dtype=pl.String)
                ).alias("currency"),
                without_missing(batch.cells[cost]).alias("cost"),
            ]
        ).filter(pl.col("invoice").is_not_null() & pl.col("cost").is_not_null())
        for (name, code), group in frame.group_by("invoice", "currency"):
            sums = self.billed[str(name)]
            key = None if code is None else str(code)
            with localcontext(EXACT):
                sums[key] += sum(_numbers(group["cost"]), Decimal(0))

    def answer(self) -> list[dict[str, str | None]]:
        """The sums as stored and answered, by invoice."""
        return [
            {"invoice": invoice, "currency": currency, "billed": plain(amount)}
            for invoice, sums in sorted(self.billed.items())
            for currency, amount in sorted(sums.items(), key=lambda pair: pair[0] or "")
        ][:MOST_ANSWERED]


def _numbers(texts: pl.Series) -> Iterator[Decimal]:
    """The numbers that can be read; nearly all of them are plain."""
    is_plain = texts.str.contains(_PLAIN)
    yield from map(Decimal, texts.filter(is_plain))
    for text in texts.filter(~is_plain):
        number = read_decimal(text, _POINT)
        if not isinstance(number, Fault):
            yield number
