"""The SQL of feedback."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.valuation.feedback import Feedback


def hold_alone(session: Session) -> None:
    """Let one transaction at a time upsert feedback, so that two never add the same."""
    advisory_locks.hold(session, "feedback")


def find_by_keys(session: Session, keys: Iterable[str]) -> dict[str, Feedback]:
    """The feedback that has these natural keys."""
    query = select(Feedback).where(col(Feedback.natural_key).in_(list(set(keys))))
    return {row.natural_key: row for row in session.execute(query).scalars()}


def get_feedback(session: Session, feedback_id: UUID, *, lock: bool = False) -> Feedback:
    """One piece of feedback by its id; `lock` until the end."""
    found = session.get(Feedback, feedback_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"feedback {feedback_id}")
    return found


def list_query(equal: dict[str, Any], first: str | None, last: str | None) -> Any:
    """Feedback filtered by equal fields and months, both ends included."""
    return _filtered(select(Feedback), equal, first, last)


def walk(session: Session, query: Any) -> Iterator[Feedback]:
    """Every row of a filtered list by month, read as it is needed."""
    ordered = query.order_by(col(Feedback.period), col(Feedback.id))
    yield from session.execute(ordered.execution_options(yield_per=2000)).scalars()


def count_answers(
    session: Session, equal: dict[str, Any], first: str | None, last: str | None
) -> Sequence[Any]:
    """(solution, consumer, period, kind, scale, score, answers), equal answers added up."""
    parts: list[Any] = [
        col(Feedback.solution),
        col(Feedback.consumer),
        col(Feedback.period),
        col(Feedback.kind),
        col(Feedback.scale),
        col(Feedback.score),
    ]
    query = _filtered(select(*parts, func.sum(col(Feedback.answers))), equal, first, last)
    return session.execute(query.group_by(*parts).order_by(*parts)).all()


def _filtered(query: Any, equal: dict[str, Any], first: str | None, last: str | None) -> Any:
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(Feedback, name) == value)
    if first is not None:
        query = query.where(col(Feedback.period) >= first)
    if last is not None:
        query = query.where(col(Feedback.period) <= last)
    return query
