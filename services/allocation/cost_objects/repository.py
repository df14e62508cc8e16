"""The SQL of cost objects."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, exists, func, or_, select, text, tuple_
from sqlmodel import Session, col

from shared.database import new_session
from shared.errors import NotFound
from shared.postgres import advisory_locks
from shared.tables.allocation.model import AccountingPeriod, CostObject

COLUMNS = CostObject.__table__.c  # type: ignore[attr-defined]
ObjectRow = Row[Any]
"""A row of `cost_object` that is only read: without the cost of an ORM object."""

ONE_OBJECT = select(*COLUMNS).where(
    COLUMNS.id == bindparam("object_id"), COLUMNS.layer == bindparam("of_layer")
)

CALENDAR = "calendar"
LAYERS = ("pool", "resource", "solution", "consumer")
EXPORT_BATCH = 1_000


@dataclass(frozen=True)
class ObjectFilter:
    """What a list of objects is narrowed to; None and empty are no restriction."""

    code: str | None = None
    parent: str | None = None
    under: str | None = None
    q: str | None = None
    period: str | None = None
    standard: str | None = None
    owner: str | None = None
    value_chain_stage: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    within: tuple[str, ...] | None = None
    """The subtrees that the caller is bound to."""


def get_cost_object(session: Session, layer: str, object_id: UUID) -> ObjectRow:
    """One object of a layer by its id, to be read."""
    found = session.execute(ONE_OBJECT, {"object_id": object_id, "of_layer": layer}).one_or_none()
    if found is None:
        raise NotFound(f"{layer} {object_id}")
    return found


def lock_cost_object(session: Session, layer: str, object_id: UUID) -> CostObject:
    """One object of a layer, held against other changes until the transaction ends."""
    found = session.get(CostObject, object_id, with_for_update=True)
    if found is None or found.layer != layer:
        raise NotFound(f"{layer} {object_id}")
    return found


def lock_layer(session: Session, layer: str) -> None:
    """One change of a layer's tree at a time, so that no cycle can close between two of them."""
    advisory_locks.hold(session, f"tree:{layer}")


def closed_periods(session: Session) -> list[str]:
    """All closed periods; none can be closed or reopened until the transaction ends."""
    advisory_locks.share(session, CALENDAR)
    query = select(col(AccountingPeriod.period)).where(col(AccountingPeriod.status) == "closed")
    return list(session.execute(query).scalars())


def hold_calendar(session: Session) -> None:
    """Keep everybody from changing the validity of objects while a period closes or reopens."""
    advisory_locks.hold(session, CALENDAR)


def find_by_codes(
    session: Session, layer: str, codes: Iterable[str], *, for_update: bool = False
) -> dict[str, CostObject]:
    """The objects of a layer that have these codes."""
    query = (
        select(CostObject)
        .where(col(CostObject.layer) == layer, col(CostObject.code) == func.any(list(codes)))
        .order_by(col(CostObject.code))
    )
    if for_update:
        query = query.with_for_update()
    return {found.code: found for found in session.execute(query).scalars()}


def known_codes(session: Session, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the pairs of layer and code that exist."""
    by_layer: dict[str, set[str]] = {}
    for layer, code in wanted:
        by_layer.setdefault(layer, set()).add(code)
    found = set()
    for layer, codes in by_layer.items():
        query = select(col(CostObject.code)).where(
            col(CostObject.layer) == layer, col(CostObject.code) == func.any(list(codes))
        )
        found |= {(layer, code) for code in session.execute(query).scalars()}
    return found


def parents_of(session: Session, layer: str) -> dict[str, str | None]:
    """Every code of a layer with its parent's code."""
    query = select(col(CostObject.code), col(CostObject.parent)).where(
        col(CostObject.layer) == layer
    )
    return {row.code: row.parent for row in session.execute(query)}


def has_children(session: Session, row: CostObject) -> bool:
    """Whether other objects stand directly below this one."""
    query = select(
        exists().where(col(CostObject.layer) == row.layer, col(CostObject.parent) == row.code)
    )
    return bool(session.execute(query).scalar_one())


def is_in_runs(session: Session, row: CostObject) -> bool:
    """Whether money of any run has touched the object; only runs since it exists can have."""
    query = text(
        "select exists (select 1 from allocation_run r join run_balance b on b.run_id = r.id"
        " where r.created_at >= :made and b.layer = :layer and b.code = :code"
        " and (b.own <> 0 or b.received <> 0 or b.passed_on <> 0))"
    )
    bound = {"made": row.created_at, "layer": row.layer, "code": row.code}
    return bool(session.execute(query, bound).scalar_one())


def has_quantities(session: Session, row: CostObject) -> bool:
    """Whether live driver quantities point to the object's code."""
    query = text(
        "select exists (select 1 from driver_quantity where live_to is null"
        " and (target = :code or source = :code))"
    )
    return bool(session.execute(query, {"code": row.code}).scalar_one())


def codes_under(layer: str, roots: Sequence[str]) -> Any:
    """The codes of the roots and of all below them, as a subquery; a cycle would still end."""
    top = (
        select(col(CostObject.code).label("code"))
        .where(col(CostObject.layer) == layer, col(CostObject.code) == func.any(list(roots)))
        .cte(recursive=True)
    )
    below = select(col(CostObject.code)).where(
        col(CostObject.layer) == layer, col(CostObject.parent) == top.c.code
    )
    return select(top.union(below).c.code)


def list_query(layer: str, wanted: ObjectFilter) -> Select[Any]:
    """The objects of a layer, filtered."""
    query = select(*COLUMNS).where(col(CostObject.layer) == layer)
    for name in ("code", "standard", "owner", "value_chain_stage"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(getattr(CostObject, name) == value)
    if wanted.parent is not None:
        parent = col(CostObject.parent)
        query = query.where(parent == wanted.parent if wanted.parent else parent.is_(None))
    for roots in ([wanted.under] if wanted.under is not None else None, wanted.within):
        if roots is not None:
            query = query.where(col(CostObject.code).in_(codes_under(layer, list(roots))))
    if wanted.q:
        query = query.where(_contains(wanted.q))
    if wanted.tags:
        query = query.where(col(CostObject.tags).contains(dict(wanted.tags)))
    return query if wanted.period is None else query.where(*_valid_in(wanted.period))


def _contains(words: str) -> Any:
    names = COLUMNS.names
    return or_(
        col(CostObject.code).icontains(words, autoescape=True),
        names["en"].astext.icontains(words, autoescape=True),
        names["zh-CN"].astext.icontains(words, autoescape=True),
    )


def _valid_in(period: str) -> tuple[Any, Any]:
    valid_from, valid_to = col(CostObject.valid_from), col(CostObject.valid_to)
    return (
        or_(valid_from.is_(None), valid_from <= period),
        or_(valid_to.is_(None), valid_to >= period),
    )


def read_all(layer: str, wanted: ObjectFilter) -> Iterator[ObjectRow]:
    """Every object of a filtered list in code order, read while it is written out."""
    with new_session() as session:
        query = list_query(layer, wanted).order_by(col(CostObject.code))
        yield from session.execute(query.execution_options(yield_per=EXPORT_BATCH))


def unknown_objects(session: Session, wanted: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the pairs of layer and code that no object has."""
    if not wanted:
        return set()
    pair = tuple_(COLUMNS.layer, COLUMNS.code)
    query = select(COLUMNS.layer, COLUMNS.code).where(pair.in_(set(wanted)))
    return set(wanted) - {(row[0], row[1]) for row in session.execute(query)}
