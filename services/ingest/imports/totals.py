"""Adds up a file from its own cells, by a path of its own, to check what became of every row."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.imports.survey import Styles
from services.ingest.profiles.domain import FlagSign, Profile, folded
from services.ingest.values.decimals import (
    NumberStyle,
    is_missing_number,
    read_decimal,
)
from services.ingest.values.fault import Fault
from services.ingest.values.missing import is_missing, trimmed
from shared.currencies import is_currency
from shared.money import EXACT

_PLAIN = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,18})?")


@dataclass
class Money:
    """Exact sums by currency; None stands for readable amounts whose currency is unknown."""

    sums: dict[str | None, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, currency: str | None, amount: Decimal) -> None:
        """Add one amount."""
        self.sums[currency] = EXACT.add(self.sums[currency], amount)

    def add_all(self, other: Mapping[str | None, Decimal]) -> None:
        """Add sums by currency."""
        for currency, amount in other.items():
            self.add(currency, amount)


@dataclass
class ReceivedTotals:
    """What a file holds by its own cells: rows, money per currency, rows without a readable one.

    Reads every amount by itself as a Decimal; lines are read by columns and summed by the
    database. So a fault in one of the paths shows as a difference between them.
    """

    profile: Profile
    detected: Detected
    styles: Styles
    default_currency: str | None = None
    rows: int = 0
    unreadable_amount: int = 0
    money: Money = field(default_factory=Money)

    def add(self, batch: RowBatch) -> None:
        """Count a batch."""
        self.rows += batch.cells.height + len(batch.malformed)
        self.unreadable_amount += len(batch.malformed)
        for amount, currency, flag in zip(
            self._cells(batch, "amount"),
            self._cells(batch, "currency"),
            self._flags(batch),
            strict=True,
        ):
            self._add_cell(amount, currency, flag)

    def _add_cell(self, amount: str | None, currency: str | None, flag: str | None) -> None:
        if is_missing_number(amount) or amount is None:
            constant = self.profile.constants.get("amount")
            if constant is None:
                self.unreadable_amount += 1
                return
            amount = constant
        number = self._number(amount)
        if number is None:
            self.unreadable_amount += 1
            return
        self.money.add(self._currency(currency), self._signed(number, flag))

    def _number(self, text: str) -> Decimal | None:
        style = self.styles.number("amount")
        if (style.decimal == "." or self.detected.typed) and _PLAIN.fullmatch(text):
            return Decimal(text)
        if self.detected.typed and _PLAIN.fullmatch(trimmed(text)):
            style = NumberStyle(".", ",")
        found = read_decimal(text, style)
        return None if isinstance(found, Fault) else found

    def _currency(self, text: str | None) -> str | None:
        if is_missing(text) or text is None:
            text = self.profile.constants.get("currency") or self.default_currency or ""
        translated = {
            folded(key): value for key, value in self.profile.values.get("currency", {}).items()
        }
        code = translated.get(folded(trimmed(text)), trimmed(text)).upper()
        return code if is_currency(code) else None

    def _signed(self, number: Decimal, flag: str | None) -> Decimal:
        sign = self.profile.sign
        if isinstance(sign, FlagSign):
            credit = flag is not None and trimmed(flag).lower() == sign.credit.lower()
            return number.copy_negate() if credit else number
        return number.copy_negate() if sign == "reversed" else number

    def _cells(self, batch: RowBatch, name: str) -> list[str | None]:
        return self._column(batch, self.profile.columns.get(name))

    def _flags(self, batch: RowBatch) -> list[str | None]:
        sign = self.profile.sign
        return self._column(batch, sign.flag_column if isinstance(sign, FlagSign) else None)

    @staticmethod
    def _column(batch: RowBatch, wanted: str | None) -> list[str | None]:
        if wanted is not None:
            for name in batch.cells.columns:
                if folded(name) == folded(wanted):
                    return batch.cells[name].to_list()
        return [None] * batch.cells.height


def rejected_money(rejected: pl.DataFrame) -> dict[str | None, Decimal]:
    """The readable money of rejected rows by currency; `rejected` as in a LineBatch."""
    money = Money()
    for _, amount, currency in rejected.iter_rows():
        if amount is not None:
            money.add(currency, Decimal(amount))
    return dict(money.sums)


def unreadable_rows(rejected: pl.DataFrame) -> int:
    """How many rejected rows have no amount that could be read."""
    return rejected["amount"].null_count()
