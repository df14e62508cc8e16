"""Bulk upserts: every item has its own result; one bad item never spoils the others.

`apply_items` validates each item by itself, applies the good ones in savepoint-free order through
the noun's own function and reports per index. With `?atomic=true` any error undoes everything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from shared.audit import trail
from shared.contracts.bulk import BulkAnswer, BulkResult
from shared.contracts.jobs import ProblemDocument
from shared.database import discard
from shared.errors import FieldError, Problem, RuleBroken
from shared.http.problems import body_of, field_errors

ItemT = TypeVar("ItemT", bound=BaseModel)


@dataclass(frozen=True)
class BulkQuery:
    """How a bulk request is to be taken."""

    atomic: bool = False
    dry_run: bool = False


async def _bulk_query(
    atomic: Annotated[bool, Query(description="All items or none")] = False,
    dry_run: Annotated[bool, Query(description="Say what would happen, keep nothing")] = False,
) -> BulkQuery:
    return BulkQuery(atomic, dry_run)


BulkQueryDep = Annotated[BulkQuery, Depends(_bulk_query)]

Outcome = tuple[Literal["created", "updated", "unchanged"], UUID | str]


def read_items(model: type[ItemT], raw: Sequence[Any]) -> list[ItemT | Problem]:
    """Each item as its model, or what is wrong with it (pointers are within the request)."""
    read: list[ItemT | Problem] = []
    for index, item in enumerate(raw):
        try:
            read.append(model.model_validate(item))
        except ValidationError as error:
            found = [
                FieldError(f"/items/{index}{one.pointer}", one.code, one.message)
                for one in field_errors(
                    [{**each, "loc": ("body", *each["loc"])} for each in error.errors()], item
                )
            ]
            read.append(RuleBroken("this item is not valid", code="invalid", errors=found))
    return read


def apply_items(
    session: Session,
    items: Sequence[ItemT | Problem],
    how: BulkQuery,
    apply: Callable[[ItemT], Outcome],
) -> BulkAnswer:
    """Apply each readable item; an item that raises a Problem changes nothing by itself.

    `apply` must check everything before it changes anything (or change through one statement),
    because a Problem it raises is reported while the other items are kept.
    """
    results = []
    for index, item in enumerate(items):
        try:
            if isinstance(item, Problem):
                raise item
            status, identifier = apply(item)
            results.append(BulkResult(index=index, status=status, id=str(identifier)))
        except Problem as problem:
            results.append(error_result(index, problem))
    return finish_bulk(session, results, how)


def error_result(index: int, problem: Problem) -> BulkResult:
    """The result of an item that was refused; pointers name its place in the request."""
    document = body_of(problem)
    for error in document["errors"]:
        if not error["pointer"].startswith("/items/"):
            error["pointer"] = f"/items/{index}{error['pointer']}"
    return BulkResult(index=index, status="error", error=ProblemDocument(**document))


def finish_bulk(session: Session, results: list[BulkResult], how: BulkQuery) -> BulkAnswer:
    """Keep nothing on a dry run; an atomic request with any error answers 422, keeps nothing."""
    errors = [result for result in results if result.status == "error"]
    if how.atomic and errors:
        raise RuleBroken(
            f"{len(errors)} of {len(results)} items are not valid; nothing was kept",
            code="bulk_refused",
            errors=[_as_field_error(result) for result in errors],
        )
    if how.dry_run:
        discard(session)
    return BulkAnswer(results=results)


def bulk_details(items: Sequence[Any], done: BulkAnswer) -> dict[str, Any]:
    """What the audit trail keeps of a bulk: how many of each outcome, a hash of what was sent."""
    statuses = [result.status for result in done.results]
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    return {"counts": counts, "content_hash": trail.sha256_of(items)}


def _as_field_error(result: BulkResult) -> FieldError:
    error = result.error
    if error is None:
        return FieldError(f"/items/{result.index}", "error", "")
    if error.errors:
        first = error.errors[0]
        return FieldError(first.pointer, first.code, first.message)
    return FieldError(f"/items/{result.index}", error.code, error.detail)
