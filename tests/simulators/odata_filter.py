"""The part of OData's `$filter` that readers of journals use."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_TOKEN = re.compile(r"\s*(?P<token>\(|\)|(?:datetime(?:offset)?)?'(?:[^']|'')*'|[^\s()]+)")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one != other,
    "gt": lambda one, other: one is not None and one > other,
    "ge": lambda one, other: one is not None and one >= other,
    "lt": lambda one, other: one is not None and one < other,
    "le": lambda one, other: one is not None and one <= other,
}


def read_filter(text: str, types: Mapping[str, str], version: int) -> Test:
    """The test that a filter is. ValueError for one that this version of OData would refuse."""
    tokens = [found["token"] for found in _TOKEN.finditer(text)]
    return _Reader(tokens, types, version).either()


class _Reader:
    def __init__(self, tokens: list[str], types: Mapping[str, str], version: int) -> None:
        self._tokens = tokens
        self._types = types
        self._version = version

    def either(self) -> Test:
        """Tests joined by `or`."""
        first = self.both()
        while self._tokens and self._tokens[0] == "or":
            self._tokens.pop(0)
            first = _or(first, self.both())
        return first

    def both(self) -> Test:
        """Tests joined by `and`."""
        first = self.one()
        while self._tokens and self._tokens[0] == "and":
            self._tokens.pop(0)
            first = _and(first, self.one())
        return first

    def one(self) -> Test:
        """A comparison, or a filter in parentheses."""
        token = self._tokens.pop(0)
        if token == "(":
            inner = self.either()
            if self._tokens.pop(0) != ")":
                raise ValueError("a parenthesis is not closed")
            return inner
        compared = _COMPARED[self._tokens.pop(0)]
        kind = self._types[token]
        wanted = literal(self._tokens.pop(0), kind, self._version)
        return lambda row: compared(row[token], wanted)


def _or(one: Test, other: Test) -> Test:
    return lambda row: one(row) or other(row)


def _and(one: Test, other: Test) -> Test:
    return lambda row: one(row) and other(row)


def literal(text: str, kind: str, version: int) -> Any:
    """The value that a literal of a type writes; versions 2 and 4 write dates differently."""
    if kind == "Edm.String":
        if not text.startswith("'"):
            raise ValueError(f"{text} is no string")
        return text[1:-1].replace("''", "'")
    if kind == "Edm.Decimal":
        return Decimal(text.rstrip("mM") if version == 2 else text)
    if version == 4:
        if kind == "Edm.Date":
            return date.fromisoformat(text)
        if "T" not in text or not text.endswith("Z"):
            raise ValueError(f"{text} is no instant")
        return datetime.fromisoformat(text)
    prefix = "datetimeoffset'" if kind == "Edm.DateTimeOffset" else "datetime'"
    if not text.startswith(prefix):
        raise ValueError(f"{text} is no {kind}")
    found = datetime.fromisoformat(text[len(prefix) : -1])
    if kind == "Edm.Date":
        return found.date()
    return found if found.tzinfo else found.replace(tzinfo=UTC)
