"""One plain model of a report, before it becomes a file of any format.

Cells keep what they are (exact money with its currency, a share as a fraction, a date), so that
each renderer writes them in its own best way and none of them computes a figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.valuation.reporting.charts.figures import (
    Language,
    grouped,
    minor_digits,
    money_text,
    percent_text,
)
from services.valuation.reporting.charts.units import with_unit
from shared.money import add_exactly, plain


@dataclass(frozen=True)
class Text:
    """Words, with a link to what they speak of where there is one."""

    text: str
    href: str | None = None


@dataclass(frozen=True)
class Money:
    """An exact amount of a currency; `digits` are those shown, all digits are kept."""

    amount: Decimal
    currency: str
    digits: int | None = None
    href: str | None = None


@dataclass(frozen=True)
class Number:
    """An exact number with its unit ("h", "%", "" for a count)."""

    value: Decimal
    unit: str = ""
    digits: int | None = None
    href: str | None = None


@dataclass(frozen=True)
class Share:
    """A part of a whole as a fraction: 0.32 reads 32.0%."""

    value: Decimal
    href: str | None = None


@dataclass(frozen=True)
class Day:
    """A calendar date."""

    day: date
    href: str | None = None


@dataclass(frozen=True)
class Missing:
    """Nothing to show, and why not, if there is a reason to tell."""

    reason: str = ""
    href: str | None = None


Cell = Text | Money | Number | Share | Day | Missing


@dataclass(frozen=True)
class Column:
    """A column's stable key, its label, and whether its rows add up to the total below them.

    `on_paper=False` keeps a column (a code beside its name) out of pages made for reading.
    """

    key: str
    label: str
    kind: str = "text"  # text, money, number, share, date
    adds_up: bool = False
    on_paper: bool = True


@dataclass(frozen=True)
class Table:
    """Rows of cells under columns; `totals` is the last line, exact, one cell for each column."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[Cell, ...] | None = None
    note: str = ""


@dataclass(frozen=True)
class Sentence:
    """Narrative: plain words and cells in turn; each cell carries the link to its source."""

    parts: tuple[str | Cell, ...]
    kind: str = "statement"  # statement, warning, note


@dataclass(frozen=True)
class Picture:
    """A chart by its Vega-Lite specification, and what it shows in words."""

    key: str
    title: str
    spec: dict[str, Any]
    words: str


@dataclass(frozen=True)
class Section:
    """One chapter: first the sentences, then pictures, then tables."""

    key: str
    title: str
    sentences: tuple[Sentence, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Source:
    """Something the report was made from: where to find it and the hashes that prove it."""

    label: str
    href: str
    id: str = ""
    fingerprint: str = ""
    output_hash: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Document:
    """A whole report. `as_of` is the newest instant among its inputs, never the clock's."""

    type: str
    title: str
    language: Language
    period: str
    currency: str
    as_of: datetime
    inputs_sha256: str
    sections: tuple[Section, ...]
    sources: tuple[Source, ...]
    subtitle: str = ""
    facts: tuple[tuple[str, Cell], ...] = field(default=())


def cell_text(cell: Cell, language: Language) -> str:
    """How a cell reads in running text and in tables made for people."""
    match cell:
        case Text(text=text):
            return text
        case Money(amount=amount, currency=currency, digits=digits):
            return money_text(amount, currency, language, digits)
        case Number(value=value, unit=unit, digits=digits):
            return _number_text(value, unit, digits, language)
        case Share(value=value):
            return percent_text(value)
        case Day(day=day):
            return day.isoformat()
        case Missing(reason=reason):
            return reason or "–"


def table_text(cell: Cell, language: Language) -> str:
    """As `cell_text`; money without its currency, which the column's label or title names."""
    if isinstance(cell, Money):
        digits = minor_digits(cell.currency) if cell.digits is None else cell.digits
        return grouped(cell.amount, digits)
    return cell_text(cell, language)


def cell_value(cell: Cell) -> str:
    """How a machine reads a cell: every digit, ISO dates, nothing for what is missing."""
    match cell:
        case Text(text=text):
            return text
        case Money(amount=value) | Number(value=value) | Share(value=value):
            return plain(value)
        case Day(day=day):
            return day.isoformat()
        case Missing():
            return ""


def sentence_text(sentence: Sentence, language: Language) -> str:
    """The whole sentence as plain words."""
    return "".join(
        part if isinstance(part, str) else cell_text(part, language) for part in sentence.parts
    )


def paper_table(table: Table, most: int, rest_label: str) -> Table:
    """A table as it goes on a page: no machine columns, so many rows and one for the rest."""
    kept = [index for index, column in enumerate(table.columns) if column.on_paper]
    narrow = Table(
        table.key,
        table.title,
        tuple(table.columns[index] for index in kept),
        tuple(tuple(row[index] for index in kept) for row in table.rows),
        tuple(table.totals[index] for index in kept) if table.totals else None,
        table.note,
    )
    return shortened_table(narrow, most, rest_label)


def shortened_table(table: Table, most: int, rest_label: str) -> Table:
    """The first rows and one row for the rest, for paper; adding columns still add up exactly.

    Formats for machines and the workbook carry every row; only pages for reading are shortened.
    """
    if len(table.rows) <= most + 1:
        return table
    rest = table.rows[most:]
    row: list[Cell] = []
    for index, column in enumerate(table.columns):
        if index == 0:
            row.append(Text(f"{rest_label} ({len(rest)})"))
        else:
            row.append(_sum_cell([line[index] for line in rest], column))
    return Table(
        table.key,
        table.title,
        table.columns,
        (*table.rows[:most], tuple(row)),
        table.totals,
        table.note,
    )


def _sum_cell(cells: Sequence[Cell], column: Column) -> Cell:
    money = [cell for cell in cells if isinstance(cell, Money)]
    shares = [cell for cell in cells if isinstance(cell, Share)]
    if not column.adds_up:
        return Missing()
    if money and len(money) == len(cells):
        total = add_exactly([cell.amount for cell in money])
        return Money(total, money[0].currency, money[0].digits)
    if shares and len(shares) == len(cells):
        return Share(add_exactly([cell.value for cell in shares]))
    numbers = [cell for cell in cells if isinstance(cell, Number)]
    if numbers and len(numbers) == len(cells) and len({cell.unit for cell in numbers}) == 1:
        total = add_exactly([cell.value for cell in numbers])
        return Number(total, numbers[0].unit, numbers[0].digits)
    return Missing()


def _number_text(value: Decimal, unit: str, digits: int | None, language: Language) -> str:
    shown = min(max(-int(value.normalize().as_tuple().exponent), 0), 4)
    return with_unit(grouped(value, shown if digits is None else digits), unit, language)
