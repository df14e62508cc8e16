"""The values of OData: what rows hold, and how a filter writes an instant."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

from shared.errors import RuleBroken

_V2_DATE = re.compile(r"/Date\((?P<ms>-?\d{1,15})(?P<minutes>[+-]\d{1,4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"\d{14}(\.\d+)?")


def plain_row(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A row without what OData says about it; parts of a structure become `Part/Property`.

    Links that are not followed (`__deferred`) are left out; `/Date(...)/` becomes ISO text.
    """
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name == "__metadata" or "@" in name:
            continue
        if isinstance(value, Mapping):
            if "__deferred" not in value:
                found |= plain_row(value, f"{prefix}{name}/")
        else:
            found[prefix + name] = plain_value(value)
    return found


def plain_value(value: Any) -> Any:
    """A value as import files write it; numbers stay as exact as they came."""
    if isinstance(value, str) and value.startswith("/Date("):
        return _from_v2(value)
    return value


def _from_v2(text: str) -> str:
    """`/Date(ms)/` as a day when it is midnight, else as an instant; `+60` is minutes of zone.

    The count is of UTC; with a zone the text shows the day of that zone, which is the one that
    the document was posted on.
    """
    found = _V2_DATE.fullmatch(text)
    if found is None:
        return text
    try:
        instant = _EPOCH + timedelta(milliseconds=int(found["ms"]))
        shown = instant.astimezone(timezone(timedelta(minutes=int(found["minutes"] or 0))))
    except (OverflowError, ValueError):
        return text
    if found["minutes"] is None and instant.time() == time.min:
        return instant.date().isoformat()
    return shown.isoformat().replace("+00:00", "Z")


def instant_of(value: Any, kind: str) -> datetime | None:
    """The point in time that a value of a watermark property writes; None where it is blank.

    Dates, instants and the numbers and texts `20260131101500` in which SAP keeps time stamps.
    """
    text = str(plain_value(value)) if value not in (None, "") else ""
    if not text or not text.strip("0."):
        return None
    if kind not in {"Edm.Date", "Edm.DateTime", "Edm.DateTimeOffset"}:
        return _from_digits(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _from_digits(text: str) -> datetime | None:
    whole, _, part = text.partition(".")
    try:
        if len(whole) == 8:
            return datetime.strptime(whole, "%Y%m%d").replace(tzinfo=UTC)
        if _SECONDS.fullmatch(text):
            found = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            return found + timedelta(microseconds=int((part + "000000")[:6]))
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def literal(instant: datetime, kind: str, version: int, example: Any) -> str:
    """How `$filter` writes an instant for a property of a type.

    `example` is a value of the property: where time stamps are digits it tells how many.
    """
    at = instant.astimezone(UTC)
    seconds = at.strftime("%Y-%m-%dT%H:%M:%S")
    if at.microsecond:
        seconds += f".{at.microsecond:06d}"
    if kind == "Edm.Date":
        return at.date().isoformat()
    if kind == "Edm.DateTimeOffset":
        return f"{seconds}Z" if version == 4 else f"datetimeoffset'{seconds}Z'"
    if kind == "Edm.DateTime":
        return f"datetime'{seconds}'"
    digits = at.strftime("%Y%m%d" if len(str(example)) == 8 else "%Y%m%d%H%M%S")
    if kind == "Edm.String":
        return f"'{digits}'" if str(example or "").isdigit() else f"'{seconds}Z'"
    if kind in {"Edm.Decimal", "Edm.Int64"}:
        mark = {"Edm.Decimal": "M", "Edm.Int64": "L"}[kind] if version == 2 else ""
        return digits + mark
    raise RuleBroken(
        f"{kind} cannot say when a row has changed; name a date or a time stamp",
        code="unknown_watermark_type",
    )
