"""Selectors: which lines, segments or objects a mapping means (API.md, "Selectors").

A selector is read once from JSON and then judged on whole tables: each condition is decided once
per distinct value of its column and spread over the rows; it never becomes SQL.
A missing field matches only `ne`, `not_in`, `not` and `exists: false`.
"""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from services.allocation.engine.columns import Column, Mask, Table
from services.allocation.engine.rules.selector_reader import (
    DATE_OR_PERIOD,
    Combination,
    Condition,
    Node,
    SelectorReader,
)
from shared.errors import RuleBroken

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


@dataclass(frozen=True)
class Selector:
    """A selector that has been read and found well formed."""

    root: Node

    def keys(self) -> frozenset[str]:
        """Every key that the selector looks at."""
        return frozenset(condition.key for condition in _conditions(self.root))

    def conditions(self) -> Iterator[Condition]:
        """Every condition, in the order in which it was written."""
        return _conditions(self.root)

    def mask(self, table: Table) -> Mask:
        """Which rows of the table are meant, as one truth value per row."""
        return _mask(self.root, table)

    def names_codes(self) -> tuple[str, ...]:
        """The codes that the selector names outright at its top level (`{"code": [...]}`)."""
        if isinstance(self.root, Combination) and self.root.kind == "all":
            for part in self.root.parts:
                if isinstance(part, Condition) and (part.key, part.test) == ("code", "in"):
                    return part.operand if isinstance(part.operand, tuple) else ()
        return ()


def parse_selector(raw: object, *, pointer: str = "") -> Selector:
    """Read a selector from its JSON form.

    Raises RuleBroken `bad_selector` with one pointer per thing that is wrong. Which keys make
    sense in which stage is checked with the mapping (`validation.py`).
    """
    reader = SelectorReader()
    root = reader.selector(raw, pointer, 1)
    if reader.errors:
        raise RuleBroken(
            f"the selector is not well formed: {reader.errors[0].message}",
            code="bad_selector",
            errors=reader.errors,
        )
    return Selector(root)


def _conditions(node: Node) -> Iterator[Condition]:
    if isinstance(node, Condition):
        yield node
        return
    for part in node.parts:
        yield from _conditions(part)


def _mask(node: Node, table: Table) -> Mask:
    if isinstance(node, Condition):
        return _condition_mask(node, table)
    if node.kind == "any":
        found = np.zeros(table.row_count, dtype=np.bool_)
        for part in node.parts:
            found |= _mask(part, table)
        return found
    held = np.ones(table.row_count, dtype=np.bool_)
    for part in node.parts:
        held &= _mask(part, table)
    return ~held if node.kind == "not" else held


def _condition_mask(condition: Condition, table: Table) -> Mask:
    if condition.key == "under":
        assert isinstance(condition.operand, tuple)  # noqa: S101 - the reader made it so
        inside = table.under(condition.operand)
        return inside if condition.test == "in" else ~inside
    column = table.column(condition.key)
    if column is None:
        matches_missing = condition.test in {"ne", "not_in"} or condition.operand is False
        return np.full(table.row_count, matches_missing, dtype=np.bool_)
    return _column_mask(condition, column)


def _column_mask(condition: Condition, column: Column) -> Mask:
    test, operand = condition.test, condition.operand
    if isinstance(operand, bool):
        return np.asarray((column.codes >= 0) == operand, dtype=np.bool_)
    if isinstance(operand, tuple):
        among = _one_of(column, operand)
        return among if test == "in" else ~among
    if isinstance(operand, Decimal):
        compare = COMPARISONS[test]
        answers = (number is not None and compare(number, operand) for number in column.numbers)
        return column.lookup(np.fromiter(answers, np.bool_, len(column.values)))
    if test in COMPARISONS:
        return column.lookup(_compare_dates(column, COMPARISONS[test], operand))
    return column.lookup(_text_answers(column, test, operand))


def _one_of(column: Column, values: tuple[str, ...]) -> Mask:
    if len(values) == 1:
        return np.asarray(column.codes == column.index.get(values[0], -2), dtype=np.bool_)
    chosen = np.zeros(len(column.values), dtype=np.bool_)
    chosen[[column.index[value] for value in values if value in column.index]] = True
    return column.lookup(chosen)


def _compare_dates(column: Column, compare: Callable[[Any, Any], bool], bound: str) -> Mask:
    """Dates and periods compare as text; a value of another shape never matches."""
    answers = (
        bool(DATE_OR_PERIOD.fullmatch(value)) and compare(value[: len(bound)], bound)
        for value in column.values
    )
    return np.fromiter(answers, np.bool_, len(column.values))


def _text_answers(column: Column, test: str, operand: str) -> Mask:
    import pyarrow.compute as pc

    functions = {
        "starts_with": pc.starts_with,
        "contains": pc.match_substring,
        "matches": pc.match_substring_regex,
    }
    answers = functions[test](column.arrow_values, operand)
    return np.asarray(answers.to_numpy(zero_copy_only=False), dtype=np.bool_)
