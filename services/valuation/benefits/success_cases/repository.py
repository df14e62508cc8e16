"""The SQL of success cases."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, or_, select
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.valuation.cases import SuccessCase


@dataclass(frozen=True)
class Wanted:
    """What a list of cases is filtered by; `q` is looked for in code, names, summary and story."""

    equal: Mapping[str, Any] = field(default_factory=dict)
    kpi: str | None = None
    tag: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    q: str | None = None

    def as_filters(self) -> dict[str, object]:
        """What a cursor is bound to."""
        given = {"kpi": self.kpi, "tag": self.tag, "q": self.q, "tags": sorted(self.tags.items())}
        return {**self.equal, **given}


def list_query(wanted: Wanted) -> Any:
    """Cases, filtered."""
    query: Any = select(SuccessCase)
    for name, value in wanted.equal.items():
        if value is not None:
            query = query.where(getattr(SuccessCase, name) == value)
    if wanted.kpi is not None:
        query = query.where(col(SuccessCase.kpis).contains([wanted.kpi]))
    if wanted.tag is not None:
        query = query.where(col(SuccessCase.tags).op("?")(wanted.tag))
    if wanted.tags:
        query = query.where(col(SuccessCase.tags).contains(dict(wanted.tags)))
    if wanted.q is not None:
        query = query.where(or_(*_told(wanted.q)))
    return query


def _told(words: str) -> list[Any]:
    """Conditions of which one is enough: a text of the case holds the words, in any case."""
    texts = [
        col(SuccessCase.code),
        *(
            column[language].astext
            for column in (col(SuccessCase.names), col(SuccessCase.summary))
            for language in ("en", "zh-CN")
        ),
        *(
            col(SuccessCase.story)[part][language].astext
            for part in ("problem", "approach", "result")
            for language in ("en", "zh-CN")
        ),
    ]
    return [cast(text, String).icontains(words, autoescape=True) for text in texts]


def walk(session: Session, query: Any) -> Iterator[SuccessCase]:
    """Every case of a filtered list by code, read as it is needed (inside a transaction)."""
    ordered = query.order_by(col(SuccessCase.code)).execution_options(yield_per=500)
    yield from session.execute(ordered).scalars()


def get_case(session: Session, case_id: UUID, *, lock: bool = False) -> SuccessCase:
    """One case by its id; `lock` keeps others from changing it until the end."""
    found = session.get(SuccessCase, case_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"case {case_id}")
    return found


def find_by_code(session: Session, code: str) -> SuccessCase | None:
    """The case that has this code."""
    query = select(SuccessCase).where(col(SuccessCase.code) == code)
    return session.execute(query).scalar_one_or_none()
