"""The SQL of post-implementation reviews."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Row, delete, or_, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.valuation.initiatives import Initiative, ValueExpectation
from shared.tables.valuation.kpis import ValueKpi
from shared.tables.valuation.reviews import PostImplementationReview, ReviewAction, ReviewFinding


def get_review(
    session: Session, review_id: UUID, *, lock: bool = False
) -> tuple[PostImplementationReview, Initiative]:
    """One review with its initiative; `lock` keeps others from changing it until the end."""
    review = session.get(PostImplementationReview, review_id, with_for_update=lock or None)
    if review is None:
        raise NotFound(f"post-implementation review {review_id}")
    return review, session.get_one(Initiative, review.initiative_id)


def find_of_initiatives(
    session: Session, ids: Iterable[UUID], *, lock: bool = False
) -> dict[UUID, list[PostImplementationReview]]:
    """The reviews of initiatives, by the initiative's id; `lock` keeps others from changing them.

    Locked ones are as they are now: a review that was being started is seen as started.
    """
    query = select(PostImplementationReview).where(
        col(PostImplementationReview.initiative_id).in_(list(ids))
    )
    if lock:
        query = query.order_by(col(PostImplementationReview.id)).with_for_update()
        query = query.execution_options(populate_existing=True)
    found: dict[UUID, list[PostImplementationReview]] = {}
    for review in session.execute(query).scalars():
        found.setdefault(review.initiative_id, []).append(review)
    return found


@dataclass(frozen=True)
class Wanted:
    """What a list of reviews is filtered by; `overdue_on` keeps those overdue on that day."""

    initiative: str | None = None
    state: str | None = None
    owner: str | None = None
    sponsor: str | None = None
    portfolio: str | None = None
    solution: str | None = None
    due_from: date | None = None
    due_to: date | None = None
    due_after: date | None = None
    due_before: date | None = None
    overdue_on: date | None = None


ListedReview = Row[Any]
"""What a list shows of a review and its initiative."""

_LISTED: tuple[Any, ...] = tuple(
    getattr(PostImplementationReview, name)
    for name in (
        "id", "due_on", "offset_months", "state", "owner", "approved_at",
        "created_at", "updated_at", "version",
    )
)  # fmt: skip
_LISTED_OF_INITIATIVE: tuple[Any, ...] = tuple(
    getattr(Initiative, name) for name in ("code", "names", "sponsor", "tags")
)


def list_query(wanted: Wanted) -> Any:
    """What a list shows of reviews and their initiatives, as plain rows, filtered."""
    review = PostImplementationReview
    query: Any = (
        select(*_LISTED, *_LISTED_OF_INITIATIVE)
        .select_from(review)
        .join(Initiative, col(Initiative.id) == col(review.initiative_id))
    )
    equal = {
        col(Initiative.code): wanted.initiative,
        col(Initiative.sponsor): wanted.sponsor,
        col(Initiative.solution): wanted.solution,
        col(review.state): wanted.state,
        col(review.owner): wanted.owner,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.portfolio is not None:
        query = query.where(col(Initiative.tags).contains({"portfolio": wanted.portfolio}))
    if wanted.overdue_on is not None:
        query = query.where(col(review.state) != "approved")
        query = query.where(col(review.due_on) < wanted.overdue_on)
    return within_days(query, col(review.due_on), wanted)


class DayLimits(Protocol):
    """Limits of a day: from and to include their day, after and before do not."""

    @property
    def due_from(self) -> date | None: ...
    @property
    def due_to(self) -> date | None: ...
    @property
    def due_after(self) -> date | None: ...
    @property
    def due_before(self) -> date | None: ...


def within_days(query: Any, column: Any, limits: DayLimits) -> Any:
    """A query narrowed to rows whose day lies within limits."""
    if limits.due_from is not None:
        query = query.where(column >= limits.due_from)
    if limits.due_to is not None:
        query = query.where(column <= limits.due_to)
    if limits.due_after is not None:
        query = query.where(column > limits.due_after)
    if limits.due_before is not None:
        query = query.where(column < limits.due_before)
    return query


def walk(session: Session, query: Any) -> Iterator[ListedReview]:
    """Every row of a filtered list by due day, read as it is needed (inside a transaction)."""
    ordered = query.order_by(
        col(PostImplementationReview.due_on), col(PostImplementationReview.id)
    ).execution_options(yield_per=1000)
    yield from session.execute(ordered)


def find_open_of_solutions(session: Session) -> list[PostImplementationReview]:
    """Reviews in progress whose initiative has a solution, so that its cost concerns them."""
    query = (
        select(PostImplementationReview)
        .join(Initiative, col(Initiative.id) == col(PostImplementationReview.initiative_id))
        .where(
            col(PostImplementationReview.state) == "in_progress",
            col(Initiative.solution).is_not(None),
        )
    )
    return list(session.execute(query).scalars())


def list_expected(
    session: Session, initiative_id: UUID
) -> list[tuple[ValueExpectation, ValueKpi | None]]:
    """What an initiative promises, with the KPIs, in the order in which it was promised."""
    query = (
        select(ValueExpectation, ValueKpi)
        .outerjoin(ValueKpi, col(ValueKpi.id) == col(ValueExpectation.kpi_id))
        .where(col(ValueExpectation.initiative_id) == initiative_id)
        .order_by(col(ValueExpectation.id))
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def list_use_kpis(session: Session, initiative: Initiative) -> list[ValueKpi]:
    """The KPIs with the role of use that are linked to an initiative or to its solution."""
    linked = [col(ValueKpi.links).contains([{"initiative": initiative.code}])]
    if initiative.solution is not None:
        solution = {"layer": "solution", "code": initiative.solution}
        linked.append(col(ValueKpi.links).contains([solution]))
    query = select(ValueKpi).where(col(ValueKpi.value_role) == "use", or_(*linked))
    return list(session.execute(query.order_by(col(ValueKpi.code))).scalars())


def list_findings(session: Session, review_id: UUID) -> Sequence[ReviewFinding]:
    """The findings of a review in the order in which they were written."""
    query = select(ReviewFinding).where(col(ReviewFinding.review_id) == review_id)
    return session.execute(query.order_by(col(ReviewFinding.id))).scalars().all()


def list_actions(session: Session, review_id: UUID) -> Sequence[ReviewAction]:
    """The actions of a review in the order in which they were written."""
    query = select(ReviewAction).where(col(ReviewAction.review_id) == review_id)
    return session.execute(query.order_by(col(ReviewAction.id))).scalars().all()


def get_finding(session: Session, review_id: UUID, finding_id: UUID) -> ReviewFinding:
    """One finding of a review."""
    found = session.get(ReviewFinding, finding_id)
    if found is None or found.review_id != review_id:
        raise NotFound(f"finding {finding_id}")
    return found


def get_action(session: Session, review_id: UUID, action_id: UUID) -> ReviewAction:
    """One action of a review."""
    found = session.get(ReviewAction, action_id, with_for_update=True)
    if found is None or found.review_id != review_id:
        raise NotFound(f"action {action_id}")
    return found


def delete_review(session: Session, review: PostImplementationReview) -> None:
    """A scheduled review with whatever was noted on it."""
    for child in (ReviewAction, ReviewFinding):
        session.execute(delete(child).where(col(child.review_id) == review.id))
    session.delete(review)
