"""Pushes rows of a fact table; what became of each item, in their order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlmodel import Session

from services.ingest.facts import repository
from services.ingest.facts.repository import FactTable
from services.ingest.values.fault import REJECT_CODES
from shared.contracts.bulk import BulkResult
from shared.errors import Conflict, FieldError, Problem, RuleBroken
from shared.http.bulk import error_result

ItemT = TypeVar("ItemT")


def push_facts(
    session: Session,
    table: FactTable,
    items: Sequence[ItemT | Problem],
    row_of: Callable[[ItemT], tuple[Any, ...]],
    *,
    restate: bool = False,
    prepare: Callable[[Session], None] | None = None,
) -> list[BulkResult]:
    """Upsert items by their natural key. `row_of` gives the columns of the table in order.

    `prepare` looks at the drafts before they are stored.
    """
    results: dict[int, BulkResult] = {}
    rows = []
    for index, item in enumerate(items):
        if isinstance(item, Problem):
            results[index] = error_result(index, item)
        else:
            rows.append((index, *row_of(item)))
    repository.make_drafts(session, table)
    repository.fill_from_rows(session, table, rows)
    if prepare is not None:
        prepare(session)
    written = repository.write_facts(session, table, None, restate=restate)
    for index, (status, identifier) in repository.outcomes(session, table).items():
        results[index] = _result(index, status, str(identifier))
    for index, code in written.refused.items():
        results[index] = error_result(index, problem_of(code))
    return [results[index] for index in range(len(items))]


def problem_of(code: str) -> Problem:
    """What is told of an item that was refused while storing."""
    pointers: Mapping[str, str] = {"closed_period": "/period", "unknown_code": "/driver"}
    errors = [FieldError(pointers[code], code, REJECT_CODES[code])] if code in pointers else []
    kind = Conflict if code == "closed_period" else RuleBroken
    return kind(REJECT_CODES[code], code=code, errors=errors)


def _result(index: int, status: str, identifier: str) -> BulkResult:
    if status == "created":
        return BulkResult(index=index, status="created", id=identifier)
    if status == "updated":
        return BulkResult(index=index, status="updated", id=identifier)
    return BulkResult(index=index, status="unchanged", id=identifier)
