"""Reads formulas: Python's own parser gives the tree, of which only what is listed is taken."""

import ast
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from services.valuation.measures.value_kpis.formulas.figures import FIGURES, read_figure
from services.valuation.measures.value_kpis.formulas.refusal import refused
from services.valuation.measures.value_kpis.formulas.tree import (
    Call,
    DriverTotal,
    Formula,
    Leaf,
    Name,
    Node,
    Number,
    PublishedCost,
    TicketFigure,
)

MOST_CHARACTERS = 2000
MOST_DEPTH = 60
LONGEST_CODE = 200
_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{1,18})?|\.[0-9]{1,18}")
_DOTTED = re.compile(r"(?!.{201})[^\W\d_]\w*(\.[^\W\d_]\w*)+")
"""Codes such as `tickets.count` and `lines.amount`; no word of them begins with `_`."""
_SUMS: Mapping[type[ast.operator], bool] = {ast.Add: False, ast.Sub: True}
_PRODUCTS: Mapping[type[ast.operator], bool] = {ast.Mult: False, ast.Div: True}
_FUNCTIONS = {"abs": (1, 1), "min": (1, 50), "max": (1, 50)}


@lru_cache(maxsize=2048)
def parse_formula(text: str) -> Formula:
    """Read a formula; RuleBroken (`formula_invalid`) says what is not understood and where."""
    line = text.strip()
    if len(line) > MOST_CHARACTERS:
        raise refused(f"a formula has at most {MOST_CHARACTERS} characters")
    if any(character in line for character in "\n\r\f\0;#\\"):
        raise refused("a formula is one line of arithmetic")
    try:
        tree = ast.parse(line, mode="eval")
        root = _Reader(line).read(tree.body, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as broken:
        raise refused("a formula is arithmetic over names and numbers") from broken
    leaves: dict[Leaf, None] = {}
    _collect(root, leaves)
    return Formula(line, root, tuple(leaves))


class _Reader:
    """Turns Python's tree of one line into ours."""

    def __init__(self, line: str) -> None:
        self._bytes = line.encode()

    def written(self, node: ast.expr) -> str:
        """The text that a node stands for."""
        return self._bytes[node.col_offset : node.end_col_offset].decode()

    def place(self, node: ast.expr) -> int:
        """How many characters stand before a node."""
        return len(self._bytes[: node.col_offset].decode())

    def read(self, node: ast.expr, depth: int) -> Node:
        """A node of the formula."""
        if depth > MOST_DEPTH:
            raise refused("a formula is nested too deeply")
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name | ast.Attribute):
            return Name(self._bare(node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
            part = self.read(node.operand, depth + 1)
            return Call("neg", (part,)) if isinstance(node.op, ast.USub) else part
        if isinstance(node, ast.BinOp) and type(node.op) in _SUMS:
            return self._chain(node, "+", "neg", _SUMS, depth)
        if isinstance(node, ast.BinOp) and type(node.op) in _PRODUCTS:
            return self._chain(node, "*", "inv", _PRODUCTS, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise refused(f"not arithmetic: {self.written(node)}", self.place(node))

    def _chain(
        self,
        node: ast.BinOp,
        operation: str,
        reverse: str,
        kinds: Mapping[type[ast.operator], bool],
        depth: int,
    ) -> Call:
        """`a + b - c` as one sum and `a * b / c` as one product, however long."""
        parts: list[Node] = []
        rest: ast.expr = node
        while isinstance(rest, ast.BinOp) and type(rest.op) in kinds:
            part = self.read(rest.right, depth + 1)
            parts.append(Call(reverse, (part,)) if kinds[type(rest.op)] else part)
            rest = rest.left
        parts.append(self.read(rest, depth + 1))
        return Call(operation, tuple(reversed(parts)))

    def _constant(self, node: ast.Constant) -> Node:
        written = self.written(node)
        if isinstance(node.value, str):
            return Name(self._quoted(node))
        if isinstance(node.value, int | float) and _NUMBER.fullmatch(written):
            return Number(Fraction(Decimal(written)))
        raise refused(f"not a plain decimal number or a name: {written}", self.place(node))

    def _bare(self, node: ast.Name | ast.Attribute) -> str:
        """A word, or words joined by dots: nothing is looked up in anything."""
        written = self.written(node)
        if isinstance(node, ast.Name):
            return self._quoted(node)
        if not _DOTTED.fullmatch(written):
            raise refused(f"not arithmetic: {written}", self.place(node))
        return unicodedata.normalize("NFC", written)

    def _quoted(self, node: ast.expr) -> str:
        """A text in quotes, or a bare word: NFC, trimmed, as long as a code may be."""
        written = self.written(node)
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.Name):
            value = written
        elif written[1:-1] != value or written[:1] not in "'\"":
            value = None
        text = unicodedata.normalize("NFC", value.strip()) if isinstance(value, str) else ""
        if 0 < len(text) <= LONGEST_CODE and not any(map(_is_control, text)):
            return text
        raise refused(f"a code, if need be in plain quotes, is needed: {written}", self.place(node))

    def _call(self, node: ast.Call, depth: int) -> Node:
        name = self.written(node.func) if isinstance(node.func, ast.Name) else ""
        if name in FIGURES:
            values = [self._quoted(part) for part in node.args]
            limits = [(part.arg or "", self._quoted(part.value)) for part in node.keywords]
            return read_figure(name, values, limits, self.place(node))
        if name not in _FUNCTIONS or node.keywords:
            known = ", ".join((*_FUNCTIONS, *FIGURES))
            raise refused(f"the functions here are {known}", self.place(node))
        least, most = _FUNCTIONS[name]
        if not least <= len(node.args) <= most:
            raise refused(f"{name} takes {least} to {most} parts", self.place(node))
        return Call(name, tuple(self.read(part, depth + 1) for part in node.args))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc"


def _collect(node: Node, leaves: dict[Leaf, None]) -> None:
    if isinstance(node, Name | DriverTotal | TicketFigure | PublishedCost):
        leaves[node] = None
    elif isinstance(node, Call):
        for part in node.parts:
            _collect(part, leaves)
