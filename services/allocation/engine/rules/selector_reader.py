"""Reading a selector's JSON form into conditions, with a pointer for each thing that is wrong."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import re2

from services.allocation.engine.rules.plain_decimal import read_plain_decimal
from shared.errors import FieldError

MAX_DEPTH = 12
MAX_CONDITIONS = 1_000
MAX_VALUES = 10_000
MAX_TEXT = 2_000

OPERATORS = frozenset(
    "ne not_in starts_with contains matches gt gte lt lte exists".split()  # noqa: SIM905 - reads better
)
KEY = re.compile(
    r"[a-z][a-z0-9_]*|(?:object\.)?(?:tags|attributes)\..+|fields\..+", re.ASCII | re.DOTALL
)
DATE_OR_PERIOD = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?", re.ASCII)
CODE_KEYS = frozenset({"code", "under", "parent"})


Operand = tuple[str, ...] | str | Decimal | bool


@dataclass(frozen=True)
class Condition:
    """One test of one key; `operand` is a text, texts, a number, a pattern or a truth value."""

    key: str
    test: str  # "in" or one of OPERATORS; equality is "in" with one value
    operand: Operand


@dataclass(frozen=True)
class Combination:
    """`all`, `any` or `not` over parts; an empty `all` is everything."""

    kind: str
    parts: tuple["Condition | Combination", ...]


Node = Condition | Combination


EVERYTHING_NODE = Combination("all", ())


class SelectorReader:
    """Turns JSON into nodes and collects what is wrong with it."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.condition_count = 0
        self.value_count = 0

    def wrong(self, pointer: str, message: str) -> None:
        if len(self.errors) < 100:
            self.errors.append(FieldError(pointer, "bad_selector", message))

    def selector(self, raw: object, pointer: str, depth: int) -> Node:
        if not isinstance(raw, dict):
            self.wrong(pointer, "a selector is an object of keys and values")
            return EVERYTHING_NODE
        if depth > MAX_DEPTH:
            self.wrong(pointer, f"a selector nests at most {MAX_DEPTH} levels")
            return EVERYTHING_NODE
        parts: list[Node] = []
        for key, value in raw.items():
            parts.extend(self.entry(key, value, f"{pointer}/{escape_pointer(str(key))}", depth))
        return Combination("all", tuple(parts))

    def entry(self, key: str, value: object, pointer: str, depth: int) -> list[Node]:
        if key in {"any", "all"}:
            return [self.group(key, value, pointer, depth)]
        if key == "not":
            return [Combination("not", (self.selector(value, pointer, depth + 1),))]
        if not is_key(key):
            self.wrong(pointer, "not a key that a selector can look at")
            return []
        return list(self.tests(key, value, pointer))

    def group(self, kind: str, value: object, pointer: str, depth: int) -> Node:
        if not isinstance(value, list) or not value:
            self.wrong(pointer, f"`{kind}` takes a list of at least one selector")
            return EVERYTHING_NODE
        parts = [
            self.selector(part, f"{pointer}/{position}", depth + 1)
            for position, part in enumerate(value)
        ]
        return Combination(kind, tuple(parts))

    def tests(self, key: str, value: object, pointer: str) -> Iterator[Condition]:
        if isinstance(value, dict):
            if not value:
                self.wrong(pointer, "an object here holds at least one operator")
            for name, operand in value.items():
                yield from self.test(key, str(name), operand, f"{pointer}/{escape_pointer(name)}")
        elif isinstance(value, list):
            yield from self.test(key, "in", value, pointer)
        else:
            yield from self.test(key, "in", [value], pointer)

    def test(self, key: str, name: str, operand: object, pointer: str) -> Iterator[Condition]:
        self.condition_count += 1
        if self.condition_count > MAX_CONDITIONS:
            if self.condition_count == MAX_CONDITIONS + 1:
                self.wrong(pointer, f"a selector holds at most {MAX_CONDITIONS} conditions")
            return
        if name != "in" and name not in OPERATORS:
            self.wrong(pointer, f"no such operator; there are {', '.join(sorted(OPERATORS))}")
        elif key == "under" and name not in {"in", "ne", "not_in"}:
            self.wrong(pointer, "`under` takes a code, a list of codes, `ne` or `not_in`")
        else:
            read = self.operand(key, name, operand, pointer)
            if read is not None:
                yield Condition(key, name, read)

    def operand(self, key: str, name: str, raw: object, pointer: str) -> Operand | None:
        if name in {"in", "not_in"}:
            return self.texts(key, raw, pointer)
        if name == "exists":
            return self.truth(raw, pointer)
        text = self.text(key, raw, pointer)
        if text is None:
            return None
        if name == "ne":
            return (text,)
        if name in {"starts_with", "contains"}:
            return text
        return self.pattern(text, pointer) if name == "matches" else self.bound(text, pointer)

    def truth(self, raw: object, pointer: str) -> bool | None:
        if isinstance(raw, bool):
            return raw
        self.wrong(pointer, "`exists` is true or false")
        return None

    def texts(self, key: str, raw: object, pointer: str) -> tuple[str, ...] | None:
        if not isinstance(raw, list) or not raw:
            self.wrong(pointer, "a list of at least one value belongs here")
            return None
        self.value_count += len(raw)
        if self.value_count > MAX_VALUES:
            self.wrong(pointer, f"a selector holds at most {MAX_VALUES} values")
            return None
        found = [self.text(key, value, pointer) for value in raw]
        return tuple(dict.fromkeys(text for text in found if text is not None)) or None

    def text(self, key: str, raw: object, pointer: str) -> str | None:
        if raw is None:
            self.wrong(pointer, "null is no value; ask for a missing field with `exists: false`")
            return None
        if not isinstance(raw, str | bool | int | float | Decimal):
            self.wrong(pointer, "a value is a text")
            return None
        text = value_text(raw)
        if len(text) > MAX_TEXT or not is_storable(text):
            self.wrong(pointer, f"a value is valid text of at most {MAX_TEXT} characters")
            return None
        return unicodedata.normalize("NFC", text) if key in CODE_KEYS else text

    def pattern(self, text: str, pointer: str) -> str | None:
        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(text, options)
        except re2.error as broken:
            reason = broken.args[0] if broken.args else "unknown"
            reason = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
            self.wrong(pointer, f"not a pattern in RE2 syntax: {reason}")
            return None
        return text

    def bound(self, text: str, pointer: str) -> Decimal | str | None:
        number = read_plain_decimal(text)
        if number is not None:
            return number
        if DATE_OR_PERIOD.fullmatch(text):
            return text
        self.wrong(pointer, "only a plain decimal, a date or a period can be compared")
        return None


def value_text(raw: str | bool | int | float | Decimal) -> str:
    """How a scalar is written when it is compared: the text itself, `true`, a plain number."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw) if isinstance(raw, int) else format(Decimal(str(raw)), "f")


def is_storable(text: str) -> bool:
    """Whether the database and the pattern engine can take the text: no NUL, no lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def is_key(key: str) -> bool:
    """Whether the text has the form of a key that a selector can look at."""
    return len(key) <= MAX_TEXT and is_storable(key) and bool(KEY.fullmatch(key))


def escape_pointer(token: str) -> str:
    """One token of a JSON pointer (RFC 6901), always valid text."""
    token = token.encode("utf-8", "replace").decode()
    return token.replace("~", "~0").replace("/", "~1")
