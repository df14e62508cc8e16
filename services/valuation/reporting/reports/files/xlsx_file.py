"""A report as an Excel workbook: one sheet for each table, real numbers, totals as formulas.

Excel keeps 15 significant digits. A column that holds more gets a text column with all digits at
its right end, so nothing is lost. Every text is written as a string cell, never as a formula.
"""

import io
import re
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_range

from services.valuation.reporting.charts.figures import minor_digits
from services.valuation.reporting.charts.label_width import em_width
from services.valuation.reporting.charts.render import render_png
from services.valuation.reporting.charts.units import unit_words
from services.valuation.reporting.reports.document import (
    Cell,
    Column,
    Day,
    Document,
    Missing,
    Money,
    Number,
    Share,
    Table,
    Text,
    cell_text,
    cell_value,
    sentence_text,
)
from services.valuation.reporting.reports.wording.labels import label
from shared.http.spreadsheets import legible, workbook_text
from shared.money import add_exactly, plain

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EXCEL_DIGITS = 15
_FORBIDDEN_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\']")
_FONT = {"font_name": "Microsoft YaHei", "font_size": 10}


def render_xlsx(document: Document) -> bytes:
    """The whole workbook; the same document gives the same bytes (dates come from its inputs)."""
    file = io.BytesIO()
    book = _Book(file, document)
    book.add_summary()
    for section in document.sections:
        for table in section.tables:
            book.add_table(table)
    book.add_pictures()
    book.add_sources()
    book.workbook.close()
    return file.getvalue()


class _Book:
    """A workbook while it is written: its formats and the sheet names already taken."""

    def __init__(self, file: io.BytesIO, document: Document) -> None:
        self.document = document
        self.workbook: Any = xlsxwriter.Workbook(
            file,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
            },
        )
        created = document.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        self.workbook.set_properties(
            {
                "title": document.title,
                "author": "BTIM",
                "created": created,
                "subject": document.type,
            }
        )
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._names: set[str] = set()
        self._looks_of_money: dict[tuple[str, int | None], Any] = {}

    def look(self, **properties: Any) -> Any:
        """A cell format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format({**_FONT, **properties})
        return self._formats[key]

    def sheet(self, title: str) -> Any:
        """A new sheet with a legal, unique name."""
        base = _FORBIDDEN_IN_SHEET_NAMES.sub(" ", legible(title)).strip()[:31] or "-"
        name, number = base, 2
        while name.casefold() in self._names:
            suffix = f" {number}"
            name, number = base[: 31 - len(suffix)] + suffix, number + 1
        self._names.add(name.casefold())
        sheet = self.workbook.add_worksheet(name)
        sheet.hide_gridlines(2)
        return sheet

    def add_summary(self) -> None:
        """The first sheet: facts, then the narrative with the sources of its figures beside it."""
        language = self.document.language
        sheet = self.sheet(label("summary", language))
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 100)
        sheet.set_column(2, 2, 60)
        sheet.write_string(0, 0, self.document.title, self.look(font_size=16))
        row = 1
        if self.document.subtitle:
            sheet.write_string(row, 0, self.document.subtitle, self.look(font_color="#5F6B7A"))
            row += 1
        for name, cell in self.document.facts:
            sheet.write_string(row, 0, name, self.look(font_color="#5F6B7A"))
            sheet.write_string(row, 1, workbook_text(cell_text(cell, language)), self.look())
            row += 1
        for section in self.document.sections:
            if not section.sentences:
                continue
            row += 1
            sheet.write_string(row, 0, section.title, self.look(font_size=12, bold=True))
            row += 1
            for said in section.sentences:
                links = [part.href for part in said.parts if not isinstance(part, str)]
                colour = "#B42318" if said.kind == "warning" else "#1F2933"
                look = self.look(text_wrap=True, valign="top", font_color=colour)
                sheet.write_string(row, 1, workbook_text(sentence_text(said, language)), look)
                known = "\n".join(dict.fromkeys(link for link in links if link))
                small = self.look(text_wrap=True, valign="top", font_size=8, font_color="#5F6B7A")
                sheet.write_string(row, 2, workbook_text(known), small)
                row += 1

    def add_table(self, table: Table) -> None:
        """A sheet of its own: a frozen header, rows, one line of totals."""
        sheet = self.sheet(table.title)
        head = self.look(bold=True, bg_color="#E8EEF5", bottom=1, text_wrap=True, valign="vcenter")
        wide = _columns_needing_all_digits(table)
        for index, column in enumerate(table.columns):
            sheet.write_string(0, index, column.label, head)
            sheet.set_column(index, index, _width(table, index))
        for extra, index in enumerate(wide):
            what = label("exact", self.document.language, what=table.columns[index].label)
            sheet.write_string(0, len(table.columns) + extra, what, head)
            sheet.set_column(len(table.columns) + extra, len(table.columns) + extra, 34)
        for number, row in enumerate(table.rows, start=1):
            for index, cell in enumerate(row):
                self._write(sheet, number, index, cell)
            for extra, index in enumerate(wide):
                text = cell_value(row[index])
                sheet.write_string(number, len(table.columns) + extra, text, self.look())
        sheet.freeze_panes(1, 1)
        if table.rows:
            sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
        if table.totals:
            self._write_totals(sheet, table, wide)
        if table.note:
            place = len(table.rows) + (3 if table.totals else 2)
            sheet.write_string(place, 0, workbook_text(table.note), self.look(font_color="#5F6B7A"))

    def _write_totals(self, sheet: Any, table: Table, wide: Sequence[int]) -> None:
        last = len(table.rows) + 1
        for index, (column, cell) in enumerate(zip(table.columns, table.totals or (), strict=True)):
            look = {"bold": True, "top": 1}
            if _is_sum(table, index, column, cell):
                area = xl_range(1, index, len(table.rows), index)
                shape = self.look(**look, num_format=self._number_format(cell))
                # The cached result is our exact figure; recalculating gives it to 15 digits.
                exact = Decimal(cell_value(cell))
                sheet.write_formula(last, index, f"=SUM({area})", shape, exact)
            else:
                self._write(sheet, last, index, cell, **look)
        for extra, index in enumerate(wide):
            text = cell_value((table.totals or ())[index])
            sheet.write_string(last, len(table.columns) + extra, text, self.look(bold=True, top=1))

    def _write(self, sheet: Any, row: int, index: int, cell: Cell, **look: Any) -> None:
        match cell:
            case Money(amount=value) | Number(value=value) | Share(value=value):
                shape = self._look_of(cell, **look)
                sheet.write_number(row, index, value or Decimal(0), shape)
            case Day(day=day):
                sheet.write_datetime(row, index, day, self.look(**look, num_format="yyyy-mm-dd"))
            case Text(text=text):
                sheet.write_string(row, index, workbook_text(text), self.look(**look))
            case Missing(reason=reason):
                soft = self.look(**look, font_color="#8A94A3")
                sheet.write_string(row, index, workbook_text(reason), soft)

    def _number_format(self, cell: Cell) -> str:
        match cell:
            case Money(currency=currency, digits=digits):
                shown = minor_digits(currency) if digits is None else digits
                shape = f"#,##0.{'0' * shown}" if shown else "#,##0"
                return f"{shape};[Red]-{shape}"
            case Share():
                return "0.0%"
            case Number(value=value, unit=unit, digits=digits):
                words = _literal(unit_words(unit, self.document.language))
                if digits is None:  # Excel writes a lone point where no place follows it
                    shape = "#,##0" if value == value.to_integral_value() else "#,##0.####"
                else:
                    shape = f"#,##0.{'0' * digits}" if digits else "#,##0"
                return shape + words
            case _:
                return "General"

    def _look_of(self, cell: Money | Number | Share, **look: Any) -> Any:
        """The format of a figure; money in rows comes by the hundred thousand and looks alike."""
        if look or not isinstance(cell, Money):
            return self.look(**look, num_format=self._number_format(cell))
        key = (cell.currency, cell.digits)
        if key not in self._looks_of_money:
            self._looks_of_money[key] = self.look(num_format=self._number_format(cell))
        return self._looks_of_money[key]

    def add_pictures(self) -> None:
        """All charts on one sheet, one below the other."""
        pictures = [picture for section in self.document.sections for picture in section.pictures]
        if not pictures:
            return
        sheet = self.sheet(label("pictures", self.document.language))
        row = 0
        for picture in pictures:
            png = render_png(picture.spec)
            options = {
                "image_data": io.BytesIO(png),
                "x_scale": 0.5,
                "y_scale": 0.5,
                "description": picture.words[:250],
            }
            sheet.insert_image(row, 0, f"{picture.key}.png", options)
            row += int.from_bytes(png[20:24], "big") // 2 // 20 + 3

    def add_sources(self) -> None:
        """What the report was made from, with the ids and hashes that prove it."""
        language = self.document.language
        sheet = self.sheet(label("sources", language))
        head = self.look(bold=True, bg_color="#E8EEF5", bottom=1)
        keys = ("source", "address", "id", "as_of", "fingerprint", "output_hash")
        for index, (key, width) in enumerate(zip(keys, (34, 70, 38, 22, 66, 66), strict=True)):
            sheet.write_string(0, index, label(key, language), head)
            sheet.set_column(index, index, width)
        row = 1
        for source in self.document.sources:
            at = source.at.astimezone(UTC).isoformat() if source.at else ""
            values = (source.label, source.href, source.id, at)
            for index, text in enumerate((*values, source.fingerprint, source.output_hash)):
                sheet.write_string(row, index, workbook_text(text), self.look())
            row += 1
        sheet.write_string(row + 1, 0, label("inputs_sha256", language), self.look())
        sheet.write_string(row + 1, 1, self.document.inputs_sha256, self.look())
        sheet.freeze_panes(1, 0)


def significant_digits(value: Decimal) -> int:
    """Digits from the first to the last that is not zero: 1200.50 has 5."""
    return len(str(value.copy_abs()).partition("E")[0].replace(".", "").strip("0"))


def _columns_needing_all_digits(table: Table) -> list[int]:
    rows = (*table.rows, table.totals) if table.totals else table.rows
    return [
        index
        for index in range(len(table.columns))
        if any(_value_digits(row[index]) > _EXCEL_DIGITS for row in rows)
    ]


def _value_digits(cell: Cell) -> int:
    match cell:
        case Money(amount=value) | Number(value=value):
            return significant_digits(value)
        case _:
            return 0


def _is_sum(table: Table, index: int, column: Column, cell: Cell) -> bool:
    """A total is a formula only where the rows really add up to it, to the last digit."""
    if not column.adds_up or not table.rows or not isinstance(cell, Money | Number):
        return False
    total = cell.amount if isinstance(cell, Money) else cell.value
    parts = [row[index] for row in table.rows]
    values = [part.amount for part in parts if isinstance(part, Money)]
    values += [part.value for part in parts if isinstance(part, Number)]
    return add_exactly(values) == total


def _literal(words: str) -> str:
    """Words behind the number of a cell, in the way of number formats."""
    if not words:
        return ""
    gap = "" if words == "%" else " "
    return f'"{gap}{words.replace(chr(34), "")}"'


def _width(table: Table, index: int) -> float:
    texts = [table.columns[index].label, *(plain_text(row[index]) for row in table.rows[:200])]
    if table.totals:
        texts.append(plain_text(table.totals[index]))
    return min(max(max(em_width(text) for text in texts) * 1.9 + 3, 10), 60)


def plain_text(cell: Cell) -> str:
    """What decides a column's width."""
    match cell:
        case Money(amount=amount):
            return f"{amount:,.2f}"
        case Share():
            return "100.0%"
        case Missing(reason=reason):
            return reason
        case Number(value=value, unit=unit):
            return f"{plain(value)[:16]} {unit}"
        case _:
            return cell_value(cell)
