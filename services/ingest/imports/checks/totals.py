"""Adds up a file from its own cells, by a path of its own, to check what became of every row."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

import polars as pl

from services.ingest.files.detected import Detected, RowBatch
from services.ingest.imports.reading.survey import Styles
from services.ingest.profiles.domain import FlagSign, Profile, folded
from services.ingest.values.currency_marks import currency_named
from services.ingest.values.decimals import INTEGER_DIGITS, is_missing_number, read_decimal
from services.ingest.values.fault import Fault
from services.ingest.values.missing import is_missing, trimmed
from shared.money import EXACT

_PLAIN = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,18})?")


def _never(_: str) -> None:
    return None


Sums = Mapping[str | None, Decimal]


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

    Reads amounts cell by cell as Decimals and adds them up here; lines are read by columns, go
    through a spool, a COPY and temporary tables, and are added up by the database. Signs, sides
    and currencies are decided here by code of its own. So a fault in one of the paths shows as a
    difference between them.

    Two things are shared on purpose. Where a cell begins (the batches of `files/`): a second
    opinion about that could only be a worse one; tests compare it with other readers. And what an
    oddly written number means (`read_decimal`): there must be one answer to that. Plain numbers,
    nearly all of them, are taken here by a pattern of its own.
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
        sides = ("debit", "credit") if self.profile.two_sided else ("amount", None)
        frame = pl.DataFrame(
            [
                self._column(batch, self.profile.columns.get("currency")).alias("currency"),
                self._column(batch, self._flag_column()).alias("flag"),
                *(
                    self._column(batch, self.profile.columns.get(side or "")).alias(name)
                    for name, side in zip(("amount", "less"), sides, strict=True)
                ),
            ]
        )
        for (currency, flag), group in frame.group_by("currency", "flag"):
            code = self._currency(_text(currency))
            numbers = (
                self._two_sided(group["amount"].to_list(), group["less"].to_list())
                if self.profile.two_sided
                else self._one_sided(group["amount"].to_list())
            )
            self._add_group(self._moved(numbers, code), code, _text(flag))

    def _add_group(
        self, numbers: list[Decimal | None], currency: str | None, flag: str | None
    ) -> None:
        readable = [number for number in numbers if number is not None]
        self.unreadable_amount += len(numbers) - len(readable)
        if readable:
            with localcontext(EXACT):
                total = sum(readable, Decimal(0))
            self.money.add(currency, self._signed(total, flag))

    def _one_sided(self, amounts: list[str | None]) -> list[Decimal | None]:
        is_plain, read = self._plain("amount"), self._number
        return [
            Decimal(text) if text is not None and is_plain(text) else read(text, "amount")
            for text in amounts
        ]

    def _two_sided(
        self, debits: list[str | None], credits_: list[str | None]
    ) -> list[Decimal | None]:
        return [self._less(debit, credit) for debit, credit in zip(debits, credits_, strict=True)]

    def _less(self, debit: str | None, credit: str | None) -> Decimal | None:
        """Debit less credit; None when both are blank or one of them cannot be read."""
        total, some = Decimal(0), False
        for text, side in ((debit, "debit"), (credit, "credit")):
            number = self._number(text, side)
            if number is None:
                if not is_missing_number(text):
                    return None
                continue
            total, some = (
                EXACT.add(total, number if side == "debit" else number.copy_negate()),
                True,
            )
        return total if some and _fits(total) else None

    def _moved(self, numbers: list[Decimal | None], currency: str | None) -> list[Decimal | None]:
        places = self.profile.decimal_shift.get(currency or "")
        if places is None:
            return numbers
        moved = [None if number is None else number.scaleb(places, EXACT) for number in numbers]
        return [number if number is not None and _fits(number) else None for number in moved]

    def _plain(self, name: str) -> Callable[[str], object]:
        """Says of a text whether it is an amount as it stands; most are."""
        if self.styles.number(name).decimal == ".":
            return _PLAIN.fullmatch
        return _never

    def _number(self, text: str | None, name: str) -> Decimal | None:
        if text is None or is_missing_number(text):
            text = self.profile.constants.get(name)
            if text is None:
                return None
        if self._plain(name)(trimmed(text)):
            return Decimal(trimmed(text))
        found = read_decimal(text, self.styles.number(name))
        return None if isinstance(found, Fault) else found

    def _currency(self, text: str | None) -> str | None:
        if is_missing(text) or text is None:
            text = self.profile.constants.get("currency") or self.default_currency or ""
        translated = {
            folded(key): value for key, value in self.profile.values.get("currency", {}).items()
        }
        return currency_named(translated.get(folded(trimmed(text)), trimmed(text)))

    def _signed(self, number: Decimal, flag: str | None) -> Decimal:
        sign = self.profile.sign
        if self.profile.two_sided:
            return number
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


def _fits(number: Decimal) -> bool:
    return not number or number.adjusted() < INTEGER_DIGITS


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
