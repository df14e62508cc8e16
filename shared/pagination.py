"""Keyset pages: a cursor names the last row's sort values, so pages stay right while rows come.

Cursors are signed and bound to filter and sort; a foreign or changed one is 400 `bad_cursor`.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy import NullPool, Select, and_, create_engine, or_, text, tuple_
from sqlmodel import Session

from shared.database import database_url
from shared.errors import FieldError, RuleBroken, Unreadable
from shared.settings import get_settings

MAX_LIMIT = 1000


@dataclass(frozen=True)
class PageQuery:
    """What a caller asks of a list."""

    limit: int = 100
    cursor: str | None = None
    sort: str | None = None


async def _page_query(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page")] = 100,
    cursor: Annotated[
        str | None, Query(max_length=4000, description="`next_cursor` of the page before")
    ] = None,
    sort: Annotated[
        str | None,
        Query(max_length=200, description="Fields, `-` for descending: `code,-amount`"),
    ] = None,
) -> PageQuery:
    return PageQuery(limit, cursor, sort)


PageQueryDep = Annotated[PageQuery, Depends(_page_query)]


@dataclass(frozen=True)
class SortKey:
    """One field to sort by."""

    name: str
    column: Any
    descending: bool


def parse_sort(sort: str, sortable: Mapping[str, Any]) -> list[SortKey]:
    """Read `code,-amount`; unknown fields are 422."""
    keys = []
    for part in sort.split(","):
        name = part.strip().removeprefix("-")
        if name not in sortable:
            known = ", ".join(sorted(sortable))
            error = FieldError("query:/sort", "unknown_field", f"sort by one of: {known}")
            raise RuleBroken(f"cannot sort by {name!r}", code="bad_sort", errors=[error])
        keys.append(SortKey(name, sortable[name], part.strip().startswith("-")))
    return keys


@cache
def _secret() -> bytes:
    # Not from the pool: whoever asks holds one of its connections, and eight who ask at once
    # would hold all of them and wait for a ninth.
    engine = create_engine(database_url(get_settings()), poolclass=NullPool)
    with engine.connect() as connection:
        return bytes(connection.execute(text("select secret from deployment")).scalar_one())


def _signature(payload: bytes) -> bytes:
    return hmac.new(_secret(), payload, hashlib.sha256).digest()[:12]


def _bound_to(sort: str, filters: Mapping[str, object]) -> str:
    given = sorted((name, str(value)) for name, value in filters.items() if value is not None)
    return hashlib.sha256(json.dumps([sort, given]).encode()).hexdigest()[:16]


def encode_cursor(values: Sequence[object], bound: str) -> str:
    """An opaque cursor after a row with these sort values."""
    payload = json.dumps([bound, [_to_json(value) for value in values]]).encode()
    return base64.urlsafe_b64encode(_signature(payload) + payload).decode().rstrip("=")


def decode_cursor(cursor: str, bound: str) -> list[Any]:
    """The sort values in a cursor made for the same filter and sort."""
    refused = Unreadable("this cursor was not made for this list", code="bad_cursor")
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        signature, payload = raw[:12], raw[12:]
        if not hmac.compare_digest(signature, _signature(payload)):
            raise refused
        made_for, values = json.loads(payload)
    except (ValueError, UnicodeError):
        raise refused from None
    if made_for != bound:
        raise refused
    return [_from_json(value) for value in values]


_READERS: dict[str, Callable[[str], Any]] = {
    "uuid": UUID,
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def _to_json(value: object) -> object:
    if isinstance(value, UUID):
        return {"uuid": str(value)}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        ((kind, written),) = value.items()
        return _READERS[kind](written)
    return value


def _after(keys: Sequence[SortKey], values: Sequence[Any]) -> Any:
    """The condition "comes after these values"; nulls come last in either direction."""
    if not any(key.descending or _nullable(key.column) for key in keys):
        return tuple_(*(key.column for key in keys)) > tuple(values)
    choices = []
    for index, (key, value) in enumerate(zip(keys, values, strict=True)):
        same = [
            other.column.is_(None) if known is None else other.column == known
            for other, known in zip(keys[:index], values[:index], strict=True)
        ]
        if value is None:
            continue
        later = key.column < value if key.descending else key.column > value
        if _nullable(key.column):
            later = or_(later, key.column.is_(None))
        choices.append(and_(*same, later))
    return or_(*choices) if choices else text("false")


def _nullable(column: Any) -> bool:
    return bool(getattr(getattr(column, "expression", column), "nullable", True))


def list_page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    page: PageQuery,
    *,
    sortable: Mapping[str, Any],
    default_sort: str,
    filters: Mapping[str, object],
    unique: Any,
) -> tuple[list[Any], str | None]:
    """A page of a query and the cursor of the next.

    `query` selects one table class (rows come as objects) or columns (rows come as rows);
    `sortable` names its sortable columns; `unique` breaks ties; `filters` are all other
    parameters of the list, to which the cursor is bound.
    """
    sort = page.sort or default_sort
    keys = parse_sort(sort, sortable)
    last = SortKey("", unique, keys[-1].descending)
    keys = [*keys, last]
    bound = _bound_to(sort, filters)
    if page.cursor is not None:
        query = query.where(_after(keys, decode_cursor(page.cursor, bound)))
    for key in keys:
        order = key.column.desc() if key.descending else key.column.asc()
        query = query.order_by(order.nulls_last() if _nullable(key.column) else order)
    with_keys = query.add_columns(*(key.column for key in keys)).limit(page.limit + 1)
    found = session.execute(with_keys).all()
    width = len(keys)
    kept = found[: page.limit]
    cursor = None
    if len(found) > page.limit:
        cursor = encode_cursor(list(kept[-1][-width:]), bound)
    single = len(query.column_descriptions) == 1
    return [row[0] if single else row for row in kept], cursor
