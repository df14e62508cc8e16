"""Values of databases outside, exact: as text that JSON holds, and back as what they were."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID


def read_json_exactly(content: str | bytes) -> Any:
    """JSON whose numbers with a point are Decimal."""
    return json.loads(content, parse_float=Decimal)


def exact_value(value: Any) -> Any:
    """A value that JSON can hold without losing any of it.

    A binary float becomes the shortest decimal that reads back as the same float: the database
    itself holds no more. Instants and days become ISO text, bytes hexadecimal.
    """
    if isinstance(value, dict):
        return {str(name): exact_value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [exact_value(inner) for inner in value]
    if value is None or isinstance(value, str | bool | int | Decimal):
        return value
    return Decimal(repr(value)) if isinstance(value, float) else _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)


def to_cursor(value: Any) -> list[str]:
    """A value of an ordering column with its type, so that it can be sent back as it was."""
    for name, kind in _KINDS.items():
        if type(value) is kind:
            return [name, value.isoformat() if hasattr(value, "isoformat") else str(value)]
    if isinstance(value, float):
        return ["float", repr(value)]
    raise TypeError(f"rows cannot be ordered by {type(value).__name__}")


def from_cursor(tagged: Sequence[str]) -> Any:
    """The value that `to_cursor` has kept."""
    name, text = tagged
    kind = _KINDS.get(name, float)
    if kind is bool:
        return text == "True"
    return kind.fromisoformat(text) if hasattr(kind, "fromisoformat") else kind(text)


_KINDS: dict[str, Any] = {
    "text": str,
    "bool": bool,
    "int": int,
    "decimal": Decimal,
    "datetime": datetime,
    "date": date,
    "time": time,
    "uuid": UUID,
}
