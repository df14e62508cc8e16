"""A statement as an XLSX workbook for people: heading, lines with real numbers, total."""

import io
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.contracts.allocation.statements import StatementAnswer, StatementLineAnswer
from shared.contracts.values import decimal_to_text

EXACT_DIGITS = 15
"""A spreadsheet keeps so many digits of a number; longer ones are written as text."""
WORDS = {
    "title": ("Statement", "账单"),
    "consumer": ("Consumer", "使用方"),
    "period": ("Period", "期间"),
    "number": ("Number", "编号"),
    "status": ("Status", "状态"),
    "currency": ("Currency", "币种"),
    "draft": ("draft", "草稿"),
    "issued": ("issued", "已签发"),
    "corrected": ("corrected", "已被更正"),
    "item": ("Item", "项目"),
    "code": ("Code", "编码"),
    "layer": ("Charged by", "计费层"),
    "driver": ("Driver", "动因"),
    "quantity": ("Quantity", "数量"),
    "unit_price": ("Unit price", "单价"),
    "amount": ("Amount", "金额"),
    "total": ("Total", "合计"),
    "solution": ("solution", "解决方案"),
    "resource": ("resource", "资源"),
    "pool": ("cost pool", "成本池"),
    "correction": ("correction", "更正"),
    "own": ("own amount", "自有金额"),
}
COLUMNS = ("item", "code", "layer", "driver", "quantity", "unit_price", "amount")
WIDTHS = (38, 24, 16, 24, 14, 16, 18)
HEADING = ("consumer", "number", "period", "status", "currency")


def statement_sheet(statement: StatementAnswer, digits: int, language: str) -> bytes:
    """The workbook; the same statement gives the same bytes."""
    import xlsxwriter

    place = 1 if language == "zh-CN" else 0
    words = {key: both[place] for key, both in WORDS.items()}
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": statement.code, "created": datetime(2000, 1, 1)})
        _Page(book, words, digits).write(statement)
    return target.getvalue()


class _Page:
    """The one sheet of the workbook."""

    def __init__(self, book: Any, words: dict[str, str], digits: int) -> None:
        self.words = words
        self.sheet = book.add_worksheet(words["title"])
        money = "#,##0" + ("." + "0" * digits if digits else "")
        self.bold = book.add_format({"bold": True})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self.money = book.add_format({"num_format": money})
        self.number = book.add_format({"num_format": "#,##0.############"})
        self.total = book.add_format({"bold": True, "top": 1, "num_format": money})
        self.total_word = book.add_format({"bold": True, "top": 1})

    def write(self, statement: StatementAnswer) -> None:
        sheet, words = self.sheet, self.words
        sheet.write_string(0, 0, f"{words['title']} {statement.period}", self.title)
        texts = (
            f"{statement.name} ({statement.consumer})",
            statement.code,
            statement.period,
            words[statement.status],
            statement.currency,
        )
        for row, (key, text) in enumerate(zip(HEADING, texts, strict=True), start=1):
            sheet.write_string(row, 0, words[key], self.bold)
            sheet.write_string(row, 1, text)
        top = len(HEADING) + 2
        for column, (key, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(top, column, words[key], self.head)
        sheet.freeze_panes(top + 1, 0)
        for row, line in enumerate(statement.lines, start=top + 1):
            self._line(row, line)
        self._total(top + 1, top + 1 + len(statement.lines), statement.amount)
        sheet.repeat_rows(top)
        sheet.fit_to_pages(1, 0)
        sheet.set_landscape()

    def _line(self, row: int, line: StatementLineAnswer) -> None:
        kind = line.layer if line.kind == "charge" else line.kind
        for column, text in enumerate((line.name, line.code, self.words[kind], line.driver or "")):
            self.sheet.write_string(row, column, text)
        for column, value, form in (
            (4, line.quantity, self.number),
            (5, line.unit_price, self.number),
            (6, line.amount, self.money),
        ):
            if value is not None:
                self._number(row, column, value, form)

    def _number(self, row: int, column: int, value: Decimal, form: Any) -> None:
        if len(value.normalize().as_tuple().digits) <= EXACT_DIGITS:
            self.sheet.write_number(row, column, value, form)
        else:
            self.sheet.write_string(row, column, decimal_to_text(value), form)

    def _total(self, first: int, row: int, amount: Decimal) -> None:
        """A formula over the lines with the exact total as its known value."""
        for column in range(len(COLUMNS) - 1):
            self.sheet.write_blank(row, column, None, self.total_word)
        self.sheet.write_string(row, 0, self.words["total"], self.total_word)
        column = len(COLUMNS) - 1
        if row == first:
            self._number(row, column, amount, self.total)
            return
        formula = f"=SUM(G{first + 1}:G{row})"
        self.sheet.write_formula(row, column, formula, self.total, decimal_to_text(amount))
