"""Which lines a rule means: the words of the mappings' selectors, over the fields of lines.

A value is equality, a list "one of", an object has operators. Keys together are and; `any`,
`all`, `not` nest; `{}` is everything. A missing field matches only `ne`, `not_in`, `not` and
`exists: false`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import re2

from shared.contracts.values import decimal_from_text
from shared.errors import FieldError, RuleBroken
from shared.line_fields import is_line_field

MAX_DEPTH, MAX_CONDITIONS, MAX_VALUES, MAX_TEXT = 8, 100, 2_000, 2_000
COMPARISONS = ("gt", "gte", "lt", "lte")
OPERATORS = ("in", "ne", "not_in", "starts_with", "contains", "matches", *COMPARISONS, "exists")
_date_or_period = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?", re.ASCII)
Operand = tuple[str, ...] | str | Decimal | bool


@dataclass(frozen=True)
class Condition:
    """One test of one field; `in` has texts, `exists` a truth value, a bound may be a number."""

    key: str
    test: str
    operand: Operand


@dataclass(frozen=True)
class Combination:
    """`all`, `any` or `not` (of all) over parts."""

    kind: str
    parts: tuple["Condition | Combination", ...]


Node = Condition | Combination


def read_selector(raw: object, pointer: str = "/selector") -> Node:
    """Read a selector; RuleBroken `bad_selector` with one pointer per thing that is wrong."""
    reader = _Reader()
    node = reader.selector(raw, pointer, 1)
    if reader.errors:
        message = f"the selector is not well formed: {reader.errors[0].message}"
        raise RuleBroken(message, code="bad_selector", errors=reader.errors[:100])
    return node


def patterns_in(node: Node) -> Iterator[Condition]:
    """The conditions that look for a pattern."""
    if isinstance(node, Condition):
        if node.test == "matches":
            yield node
        return
    for part in node.parts:
        yield from patterns_in(part)


class _Reader:
    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self._left = MAX_CONDITIONS

    def wrong(self, pointer: str, message: str) -> None:
        self.errors.append(FieldError(pointer, "bad_selector", message))

    def selector(self, raw: object, pointer: str, depth: int) -> Node:
        if not isinstance(raw, dict) or depth > MAX_DEPTH:
            self.wrong(pointer, f"a selector is an object, nested at most {MAX_DEPTH} levels")
            return Combination("all", ())
        parts: list[Node] = []
        for key, value in raw.items():
            place = f"{pointer}/{_escaped(key)}"
            if key in {"any", "all"}:
                parts.append(self.group(key, value, place, depth))
            elif key == "not":
                parts.append(Combination("not", (self.selector(value, place, depth + 1),)))
            elif is_line_field(key) and _is_text(key):
                parts.extend(self.tests(key, value, place))
            else:
                self.wrong(place, "no field of a cost line")
        return Combination("all", tuple(parts))

    def group(self, kind: str, value: object, pointer: str, depth: int) -> Node:
        if not isinstance(value, list) or not value:
            self.wrong(pointer, f"`{kind}` takes a list of at least one selector")
            return Combination("all", ())
        return Combination(
            kind,
            tuple(
                self.selector(part, f"{pointer}/{place}", depth + 1)
                for place, part in enumerate(value[:MAX_CONDITIONS])
            ),
        )

    def tests(self, key: str, value: object, pointer: str) -> Iterator[Condition]:
        tests = value if isinstance(value, dict) else {"in": value}
        if not tests:
            self.wrong(pointer, "an object here holds at least one operator")
        for test, raw in tests.items():
            place = f"{pointer}/{_escaped(test)}" if isinstance(value, dict) else pointer
            self._left -= 1
            if self._left < 0:
                self.wrong(place, f"a selector holds at most {MAX_CONDITIONS} conditions")
                return
            if test not in OPERATORS:
                self.wrong(place, f"no such operator; there are {', '.join(OPERATORS)}")
                continue
            operand = self.operand(test, raw, place)
            if operand is not None:
                yield Condition(key, test, operand)

    def operand(self, test: str, raw: object, pointer: str) -> Operand | None:
        if test == "exists":
            if isinstance(raw, bool):
                return raw
            self.wrong(pointer, "`exists` is true or false")
            return None
        if test in {"in", "not_in", "ne"}:
            return self.texts(raw if isinstance(raw, list) and test != "ne" else [raw], pointer)
        text = self.text(raw, pointer)
        if text is None:
            return None
        if test == "matches":
            return self.pattern(text, pointer)
        return self.bound(text, pointer) if test in COMPARISONS else text

    def texts(self, raw: list[object], pointer: str) -> tuple[str, ...] | None:
        if not 0 < len(raw) <= MAX_VALUES:
            self.wrong(pointer, f"a list of 1 to {MAX_VALUES} values belongs here")
            return None
        found = [self.text(value, pointer) for value in raw]
        return tuple(text for text in found if text is not None)

    def text(self, raw: object, pointer: str) -> str | None:
        if isinstance(raw, bool):
            return "true" if raw else "false"
        if isinstance(raw, int):
            return str(raw)
        if not isinstance(raw, str) or len(raw) > MAX_TEXT or not _is_text(raw):
            self.wrong(pointer, f"a value is a text of at most {MAX_TEXT} characters")
            return None
        return raw

    def pattern(self, text: str, pointer: str) -> str | None:
        try:
            compiled(text)
        except re2.error:
            self.wrong(pointer, "not a pattern in RE2 syntax")
            return None
        return text

    def bound(self, text: str, pointer: str) -> Decimal | str | None:
        try:
            return decimal_from_text(text)
        except ValueError:
            pass
        if _date_or_period.fullmatch(text):
            return text
        self.wrong(pointer, "only a plain decimal, a date or a period can be compared")
        return None


def compiled(pattern: str) -> "re2._Regexp[str]":
    """A pattern in RE2 syntax, which takes linear time on any text."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _is_text(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _escaped(token: str) -> str:
    return token.encode("utf-8", "replace").decode().replace("~", "~0").replace("/", "~1")
