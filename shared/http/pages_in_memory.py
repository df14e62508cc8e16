"""Pages of figures that lie in memory, as those of a finished run, which never changes."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from shared.errors import FieldError, RuleBroken
from shared.pagination import PageQuery, decode_cursor, encode_cursor

RowT = TypeVar("RowT")


def page_of(
    rows: Sequence[RowT], limit: int, cursor: str | None, bound_to: Mapping[str, object]
) -> tuple[Sequence[RowT], int, str | None]:
    """A stretch of rows, where it begins, and the cursor of the next one.

    A cursor is bound to `bound_to`; a foreign one is Unreadable `bad_cursor`.
    """
    bound = bound_mark(bound_to)
    start = int(decode_cursor(cursor, bound)[0]) if cursor is not None else 0
    end = start + limit
    following = encode_cursor([end], bound) if end < len(rows) else None
    return rows[start:end], start, following


def sorted_rows(
    rows: Sequence[RowT],
    page: PageQuery,
    sortable: Mapping[str, Callable[[RowT], Any]],
    default_sort: str | None = None,
) -> list[RowT]:
    """Rows in the order that the caller asks for; nulls come last either way.

    Without a wish and a default they stay in the order in which they come.
    """
    ordered = list(rows)
    sort = page.sort or default_sort
    for part in reversed(sort.split(",") if sort else []):
        name = part.strip().removeprefix("-")
        if name not in sortable:
            raise refuse_sort(name, sortable)
        read = sortable[name]
        down = part.strip().startswith("-")
        present = [row for row in ordered if read(row) is not None]
        missing = [row for row in ordered if read(row) is None]
        ordered = [*sorted(present, key=read, reverse=down), *missing]
    return ordered


def refuse_sort(name: str, sortable: Iterable[str]) -> RuleBroken:
    """What is raised for a wish to sort by something else."""
    known = ", ".join(sorted(sortable))
    error = FieldError("query:/sort", "unknown_field", f"sort by one of: {known}")
    return RuleBroken(f"cannot sort by {name!r}", code="bad_sort", errors=[error])


def bound_mark(bound_to: Mapping[str, object]) -> str:
    """What a cursor is bound to, in short."""
    given = sorted((name, str(value)) for name, value in bound_to.items())
    return hashlib.sha256(repr(given).encode()).hexdigest()[:16]
