"""Adds up a file from its own cells, by a path of its own, to check what became of every row."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

import polars as pl

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.imports.survey import Styles
from services.ingest.profiles.domain import FlagSign, Profile, folded
from services.ingest.values.decimals import is_missing_number, read_decimal
from services.ingest.values.fault import Fault
from services.ingest.values.missing import is_missing, trimmed
from shared.currencies import is_currency
from shared.money import EXACT

_PLAIN = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,18})?")


def _never(_: str) -> None:
    return None


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
        frame = pl.DataFrame(
            [
                self._column(batch, self.profile.columns.get("currency")).alias("currency"),
                self._column(batch, self._flag_column()).alias("flag"),
                self._column(batch, self.profile.columns.get("amount")).alias("amount"),
            ]
        )
        for (currency, flag), group in frame.group_by("currency", "flag"):
            self._add_group(group["amount"].to_list(), _text(currency), _text(flag))

    def _add_group(self, amounts: list[str | None], currency: str | None, flag: str | None) -> None:
        is_plain, read = self._plain(), self._number
        numbers = [
            Decimal(text) if text is not None and is_plain(text) else read(text) for text in amounts
        ]
        readable = [number for number in numbers if number is not None]
        self.unreadable_amount += len(numbers) - len(readable)
        if readable:
            with localcontext(EXACT):
                total = sum(readable, Decimal(0))
            self.money.add(self._currency(currency), self._signed(total, flag))

    def _plain(self) -> Callable[[str], object]:
        """Says of a text whether it is an amount as it stands; most are."""
        if self.styles.number("amount").decimal == "." or self.detected.typed:
            return _PLAIN.fullmatch
        return _never

    def _number(self, text: str | None) -> Decimal | None:
        if text is None or is_missing_number(text):
            text = self.profile.constants.get("amount")
            if text is None:
                return None
        if self._plain()(trimmed(text)):
            return Decimal(trimmed(text))
        found = read_decimal(text, self.styles.number("amount"))
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

    def _flag_column(self) -> str | None:
        sign = self.profile.sign
        return sign.flag_column if isinstance(sign, FlagSign) else None

    @staticmethod
    def _column(batch: RowBatch, wanted: str | None) -> pl.Series:
        if wanted is not None:
            for name in batch.cells.columns:
                if folded(name) == folded(wanted):
                    return batch.cells[name]
        return pl.Series([None] * batch.cells.height, dtype=pl.String)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


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
