"""Calendar days and instants as requests have them: text, in the years 1900 to 2999."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_DAY = re.compile(r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(
    r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+([Zz]|[+-][0-9:]+)", re.ASCII
)


def day_from_text(value: object) -> date:
    """Read `2026-01-31`; numbers and other forms are refused."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a day such as 2026-01-31 is needed")
    return date.fromisoformat(value)


def instant_from_text(value: object) -> datetime:
    """Read an RFC 3339 instant with its zone as one in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("an instant with its zone such as 2026-01-31T08:30:00Z is needed")
    return datetime.fromisoformat(value.upper()).astimezone(UTC)


Day = Annotated[
    date,
    BeforeValidator(day_from_text),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-01-31"]}),
]
"""A calendar day."""

Moment = Annotated[
    datetime,
    BeforeValidator(instant_from_text),
    PlainSerializer(
        lambda value: value.astimezone(UTC).isoformat().replace("+00:00", "Z"), return_type=str
    ),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31T08:30:00Z"]}),
]
"""An instant."""
