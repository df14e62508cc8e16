"""Encoded queries of ServiceNow, and whether the records that come back obey them.

A server drops a part of a query that it does not understand and then answers with all records;
so what comes back is held against what was asked for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.clients.outside.problems import SourceAnsweredBadly
from shared.errors import RuleBroken

FORMAT = "%Y-%m-%d %H:%M:%S"
_CONDITION = re.compile(
    r"(?P<field>[a-z][a-z0-9_.]*)"
    r"(?P<operator>>=|<=|!=|INSTANCEOF|NOT IN|NOTLIKE|LIKE|IN|=|>|<|[A-Z][A-Z_ ]+)"
    r"(?P<value>.*)",
    re.DOTALL,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WORDS = {"true": "1", "false": "0"}


def joined(query: str, conditions: Iterable[str]) -> str:
    """A query to which conditions are added; where it has alternatives (`^NQ`), to each."""
    added = [condition for condition in conditions if condition]
    return "^NQ".join("^".join(filter(None, [part, *added])) for part in query.split("^NQ"))


def fields_of(query: str) -> list[str]:
    """The fields that a query speaks of, once each."""
    found = (_CONDITION.fullmatch(part) for part in _parts(query))
    return list(dict.fromkeys(one["field"] for one in found if one is not None))


def _parts(query: str) -> list[str]:
    """The conditions of a query without the marks of alternatives."""
    parts = [part.removeprefix("NQ") for part in query.split("^") if part]
    return [part.removeprefix("OR") if part[2:3].islower() else part for part in parts]


def check_records(records: Sequence[Mapping[str, str]], query: str) -> None:
    """Refuse records that a condition of the query rules out: `filter_not_obeyed`.

    A field that no record has is one that the table does not have, or that we may not read: its
    condition was dropped. Of conditions joined by OR and NQ only that is looked at.
    """
    if not records:
        return
    for name in fields_of(query):
        if "." not in name and not any(name in record for record in records):
            raise _not_obeyed(f"{name} is no field of the table that can be read here")
    if "^OR" in query or "^NQ" in query:
        return
    for part in _parts(query):
        field, wanted = _equal_to(part)
        if wanted and any(
            field in record and _folded(record[field]) not in wanted for record in records
        ):
            raise _not_obeyed(f"records come back that {part} rules out")


def _equal_to(part: str) -> tuple[str, frozenset[str]]:
    """The field of a condition, and the values one of which it must have; none for others."""
    found = _CONDITION.fullmatch(part)
    if found is None or found["operator"] not in {"=", "IN"}:
        return "", frozenset()
    value = found["value"]
    if not value or "javascript:" in value or _DAY.match(value):
        return "", frozenset()
    values = value.split(",") if found["operator"] == "IN" else [value]
    return found["field"], frozenset(_folded(one) for one in values)


def _folded(value: str) -> str:
    """A value as the server compares it: without regard to case, `1` like `true`."""
    folded = value.strip().casefold()
    return _WORDS.get(folded, folded)


def check_window(
    records: Sequence[Mapping[str, str]], field: str, since: str | None, until: str | None
) -> None:
    """Refuse records from before or after what was asked for: `filter_not_obeyed`."""
    for record in records:
        at = record.get(field, "")
        if (since and at < since) or (until and at > until):
            raise _not_obeyed(f"records come back whose {field} is {at or 'blank'}")


def check_order(records: Sequence[Mapping[str, str]], after: str) -> None:
    """Each record has a larger `sys_id` than the one before; SourceAnsweredBadly otherwise.

    It is what a page looks like that is the page before once more; asking again helps.
    """
    last = after
    for record in records:
        if record.get("sys_id", "") <= last:
            raise SourceAnsweredBadly("a page does not begin where the page before has ended")
        last = record["sys_id"]


def _not_obeyed(reason: str) -> RuleBroken:
    return RuleBroken(f"The source does not obey the query: {reason}.", code="filter_not_obeyed")


def to_source(text: str) -> str:
    """RFC 3339 as ServiceNow writes instants, in UTC. RuleBroken for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise RuleBroken(f"{text} is no instant", code="not_an_instant") from None
    at = found if found.tzinfo else found.replace(tzinfo=UTC)
    return at.astimezone(UTC).strftime(FORMAT)


def from_source(text: str) -> str | None:
    """An instant of ServiceNow as RFC 3339; None where it is blank or none."""
    try:
        return datetime.strptime(text, FORMAT).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None


def flat(record: Mapping[str, Any], *, display_values: bool) -> dict[str, str]:
    """One record: `field`, and beside it `field.display_value` where both were asked for."""
    row: dict[str, str] = {}
    for name, cell in record.items():
        if not isinstance(cell, Mapping):
            row[name] = _text(cell)
            continue
        row[name] = _text(cell.get("value", cell.get("display_value")))
        if display_values:
            row[f"{name}.display_value"] = _text(cell.get("display_value"))
    return row


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
