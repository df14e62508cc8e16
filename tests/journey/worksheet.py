"""A workbook with formulas that also works them out itself, in fractions.

Excel shows the formulas; their values are worked out here and stored beside them, so that the
file can be read without a spreadsheet program. Nothing here knows the services or the engine.
"""

import ast
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import xlsxwriter

Value = Fraction | str | None
CREATED = datetime(2026, 3, 1)  # fixed, so that the same content is the same file
REFERENCE = re.compile(
    r"(?:(\w+)!)?\$?([A-Z]{1,2})\$?(\d+)(?::\$?([A-Z]{1,2})\$?(\d+))?(?![A-Za-z0-9_(])"
)


class Book:
    """Sheets of cells; a text that begins with = is a formula."""

    def __init__(self) -> None:
        self.sheets: dict[str, dict[tuple[int, int], str | Fraction]] = {}
        self._values: dict[tuple[str, int, int], Value] = {}

    def put(self, sheet: str, row: int, column: int, content: str | int | Decimal | None) -> None:
        """Write a cell; rows and columns count from 0."""
        if content is not None:
            kept = content if isinstance(content, str) else Fraction(content)
            self.sheets.setdefault(sheet, {})[row, column] = kept
            self._values.clear()

    def row(self, sheet: str, cells: Sequence[str | int | Decimal | None]) -> int:
        """Write a row below the last one; answers its number as Excel counts, from 1."""
        taken = self.sheets.setdefault(sheet, {})
        row = max((place[0] for place in taken), default=-1) + 1
        for column, content in enumerate(cells):
            self.put(sheet, row, column, content)
        return row + 1

    def value(self, sheet: str, row: int, column: int) -> Value:
        """What a cell shows."""
        content = self.sheets[sheet].get((row, column))
        if not (isinstance(content, str) and content.startswith("=")):
            return content
        place = (sheet, row, column)
        if place not in self._values:
            self._values[place] = _Formula(self, sheet).work_out(content[1:])
        return self._values[place]

    def save(self, path: Path) -> None:
        """Write the file; formulas with their values."""
        book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
        book.set_properties({"title": "A small company, worked by hand", "created": CREATED})
        heading = book.add_format({"bold": True, "bg_color": "#DDE6F0"})
        number = book.add_format({"num_format": "#,##0.000000"})
        for name, cells in self.sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, 12, 18)
            sheet.set_column(0, 0, 34)
            for (row, column), content in sorted(cells.items()):
                value = self.value(name, row, column)
                style = heading if row == 0 else number if isinstance(value, Fraction) else None
                shown = float(value) if isinstance(value, Fraction) else value
                if isinstance(content, str) and content.startswith("="):
                    sheet.write_formula(row, column, content, style, shown)
                else:
                    sheet.write(row, column, shown, style)
        book.close()


class _Formula:
    """Works out + - * /, SUM, SUMIFS, MIN, MAX, INT, RANK, ROUND over fractions."""

    def __init__(self, book: Book, sheet: str) -> None:
        self.book, self.sheet = book, sheet
        self.references: list[list[Value]] = []

    def work_out(self, text: str) -> Value:
        return self._node(ast.parse(REFERENCE.sub(self._name, text), mode="eval").body)

    def _name(self, match: re.Match[str]) -> str:
        """A reference becomes a name that stands for the values it means."""
        sheet, column, row, last_column, last_row = match.groups()
        columns = range(_column(column), _column(last_column or column) + 1)
        rows = range(int(row) - 1, int(last_row or row))
        where = sheet or self.sheet
        self.references.append([self.book.value(where, r, c) for r in rows for c in columns])
        return f"r{len(self.references) - 1}_"

    def _node(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else Fraction(str(node.value))
        if isinstance(node, ast.Name):
            (value,) = self._values(node)
            return value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -_number(self._node(node.operand))
        if isinstance(node, ast.BinOp):
            left, right = _number(self._node(node.left)), _number(self._node(node.right))
            return _operate(node.op, left, right)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node.func.id, node.args)
        raise ValueError(ast.dump(node))

    def _values(self, node: ast.expr) -> list[Value]:
        if isinstance(node, ast.Name):
            return self.references[int(node.id[1:-1])]
        return [self._node(node)]

    def _call(self, name: str, arguments: list[ast.expr]) -> Fraction:
        if name == "SUMIFS":
            return self._sum_if(arguments)
        values = [_number(value) for node in arguments for value in self._values(node)]
        if name == "SUM":
            return sum(values, Fraction(0))
        if name == "ROUND":
            step = Decimal(1).scaleb(-int(values[1]))
            exact = Decimal(values[0].numerator) / Decimal(values[0].denominator)
            return Fraction(exact.quantize(step, ROUND_HALF_UP))
        if name == "INT":
            return Fraction(values[0].numerator // values[0].denominator)
        if name == "RANK":
            return Fraction(1 + sum(other > values[0] for other in values[1:]))
        return {"MIN": min, "MAX": max}[name](values)

    def _sum_if(self, arguments: list[ast.expr]) -> Fraction:
        amounts = self._values(arguments[0])
        kept = [True] * len(amounts)
        for place in range(1, len(arguments), 2):
            wanted = self._node(arguments[place + 1])
            for row, value in enumerate(self._values(arguments[place])):
                kept[row] &= value == wanted
        chosen = zip(amounts, kept, strict=True)
        return sum((_number(amount) for amount, keep in chosen if keep), Fraction(0))


def _operate(operator: ast.operator, left: Fraction, right: Fraction) -> Fraction:
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Div):
        return left / right
    raise ValueError(ast.dump(operator))


def _number(value: Value) -> Fraction:
    """A number; an empty cell counts as 0."""
    if isinstance(value, str):
        raise TypeError(f"{value!r} is no number")
    return value or Fraction(0)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
