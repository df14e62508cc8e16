"""KPI formulas: parsed arithmetic over other KPIs, read by a small grammar, never run as code.

    formula = number | KPI | (f) | -f | f + f | f - f | f * f | f / f
            | abs(f) | min(f, ..) | max(f, ..)

A KPI is written as its code if that is a plain word (`it_cost / revenue`, also in Chinese), else
in quotes (`"crm/repurchase-rate" * 100`). Numbers are exact decimals. Python's own parser gives
the tree, and only the node kinds listed here are read; anything else is refused with its place.
"""

import ast
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from services.valuation.value_kpis.domain import round_fraction
from shared.errors import FieldError, RuleBroken

MOST_CHARACTERS = 2000
MOST_DEPTH = 60
_LARGEST = 10**40
_NUMBER = re.compile(r"\d{1,30}(\.\d{1,18})?|\.\d{1,18}")


@dataclass(frozen=True)
class Number:
    """A number written in the formula."""

    value: Fraction


@dataclass(frozen=True)
class Name:
    """Another KPI, by its code."""

    code: str


@dataclass(frozen=True)
class Call:
    """An operation over parts: + - * / neg abs min max."""

    operation: str
    parts: tuple["Node", ...]


Node = Number | Name | Call


@dataclass(frozen=True)
class Formula:
    """A parsed formula with the codes it speaks of, in order of first mention."""

    text: str
    root: Node
    names: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """A computed value, or None with a reason: division_by_zero, missing_value, out_of_range.

    `missing` names the KPIs that have no value.
    """

    value: Decimal | None
    reason: str | None = None
    missing: tuple[str, ...] = ()


class _Undefined(Exception):
    """The formula has no value, for the reason given."""


_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
_FUNCTIONS = {"abs": (1, 1), "min": (1, 50), "max": (1, 50)}


def parse_formula(text: str) -> Formula:
    """Read a formula; RuleBroken (`formula_invalid`) says what is not understood and where."""
    if len(text) > MOST_CHARACTERS:
        raise _refused(f"a formula has at most {MOST_CHARACTERS} characters")
    if any(character in text for character in "\n\r\0;#\\"):
        raise _refused("a formula is one line of arithmetic")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as broken:
        raise _refused("a formula is arithmetic over KPI codes and numbers") from broken
    root = _read(tree.body, text.strip(), 0)
    names: dict[str, None] = {}
    _collect(root, names)
    return Formula(text.strip(), root, tuple(names))


def compute_formula(formula: Formula, values: Mapping[str, Decimal | None]) -> Outcome:
    """The formula's value, exact until rounded to 18 decimals, or why it has none."""
    missing = tuple(name for name in formula.names if values.get(name) is None)
    if missing:
        return Outcome(None, "missing_value", missing)
    known = {name: Fraction(value) for name, value in values.items() if value is not None}
    try:
        result = _compute(formula.root, known)
    except _Undefined as undefined:
        return Outcome(None, str(undefined))
    return Outcome(round_fraction(result, 18))


def _read(node: ast.expr, text: str, depth: int) -> Node:
    if depth > MOST_DEPTH:
        raise _refused("a formula is nested too deeply")
    if isinstance(node, ast.Constant):
        return _read_constant(node, text)
    if isinstance(node, ast.Name):
        written = ast.get_source_segment(text, node) or node.id
        return Name(unicodedata.normalize("NFC", written))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        part = _read(node.operand, text, depth + 1)
        return Call("neg", (part,)) if isinstance(node.op, ast.USub) else part
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        parts = (_read(node.left, text, depth + 1), _read(node.right, text, depth + 1))
        return Call(_OPERATORS[type(node.op)], parts)
    if isinstance(node, ast.Call):
        return _read_call(node, text, depth)
    raise _refused(f"not arithmetic: {ast.get_source_segment(text, node)}", node.col_offset)


def _read_constant(node: ast.Constant, text: str) -> Node:
    written = ast.get_source_segment(text, node) or ""
    if isinstance(node.value, str) and written[:1] in "'\"" and node.value.strip():
        return Name(unicodedata.normalize("NFC", node.value.strip()))
    if isinstance(node.value, int | float) and _NUMBER.fullmatch(written):
        try:
            return Number(Fraction(Decimal(written)))
        except InvalidOperation as broken:
            raise _refused(f"not a number: {written}", node.col_offset) from broken
    raise _refused(f"not a plain decimal number or KPI code: {written}", node.col_offset)


def _read_call(node: ast.Call, text: str, depth: int) -> Node:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in _FUNCTIONS or node.keywords:
        raise _refused("only abs, min and max are functions here", node.col_offset)
    least, most = _FUNCTIONS[name]
    if not least <= len(node.args) <= most:
        raise _refused(f"{name} takes {least} to {most} parts", node.col_offset)
    return Call(name, tuple(_read(part, text, depth + 1) for part in node.args))


def _collect(node: Node, names: dict[str, None]) -> None:
    if isinstance(node, Name):
        names[node.code] = None
    elif isinstance(node, Call):
        for part in node.parts:
            _collect(part, names)


def _divide(above: Fraction, below: Fraction) -> Fraction:
    if not below:
        raise _Undefined("division_by_zero")
    return above / below


_COMPUTE: Mapping[str, Callable[..., Fraction]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": _divide,
    "neg": lambda part: -part,
    "abs": abs,
    "min": lambda *parts: min(parts),
    "max": lambda *parts: max(parts),
}


def _compute(node: Node, values: Mapping[str, Fraction]) -> Fraction:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return values[node.code]
    result = _COMPUTE[node.operation](*(_compute(part, values) for part in node.parts))
    if abs(result) > _LARGEST:
        raise _Undefined("out_of_range")
    return result


def _refused(message: str, column: int | None = None) -> RuleBroken:
    place = f" (at character {column + 1})" if column is not None else ""
    sentence = message + place
    return RuleBroken(
        sentence,
        code="formula_invalid",
        errors=[FieldError("/formula", "formula_invalid", sentence)],
    )
