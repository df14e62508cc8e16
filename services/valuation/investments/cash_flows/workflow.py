"""Takes in the payments of one initiative or of many, under their natural keys."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import Session

from services.valuation.changes import write_changes
from services.valuation.investments.cash_flows import repository
from services.valuation.investments.cash_flows.domain import Payment, natural_keys
from services.valuation.investments.initiatives.workflow import rescore
from shared.clock import utc_now
from shared.contracts.bulk import BulkAnswer
from shared.contracts.valuation.cash_flows import CashFlowRequest
from shared.errors import Problem, RuleBroken
from shared.http.bulk import BulkQuery, Outcome, apply_items
from shared.tables.valuation.initiatives import Initiative, InitiativeCashFlow

Item = TypeVar("Item", bound=CashFlowRequest)
PAYMENT_FIELDS = tuple(CashFlowRequest.model_fields)


def put_payments(
    session: Session,
    items: Sequence[Item | Problem],
    owners: Sequence[Initiative | None],
    how: BulkQuery,
) -> BulkAnswer:
    """Upsert payments, each of the initiative in its place; what follows is worked out anew.

    An item whose initiative is not known is refused (`unknown_code`).
    """
    keys = _keys(items, owners)
    named = {owner.id: owner for owner in owners if owner is not None}
    known = repository.find_by_keys(session, named, [key for key in keys if key is not None])
    places = {
        id(item): (owner, key)
        for item, owner, key in zip(items, owners, keys, strict=True)
        if owner is not None and key is not None
    }

    def apply(item: Item) -> Outcome:
        if id(item) not in places:
            raise RuleBroken.at("/initiative", "unknown_code", "no such initiative")
        owner, key = places[id(item)]
        row = known.get((owner.id, key))
        if row is None:
            row = known[owner.id, key] = _new_row(owner.id, key, item)
            session.add(row)
            return "created", row.id
        changed = write_changes(row, _fields(item))
        session.add(row)
        return "updated" if changed else "unchanged", row.id

    done = apply_items(session, items, how, apply)
    session.flush()
    rescore(session, list(named.values()))
    return done


def _keys(
    items: Sequence[CashFlowRequest | Problem], owners: Sequence[Initiative | None]
) -> list[str | None]:
    """The natural key of every payment, counted apart for each initiative."""
    keys: list[str | None] = [None] * len(items)
    places: dict[UUID, list[int]] = {}
    for place, (item, owner) in enumerate(zip(items, owners, strict=True)):
        if owner is not None and not isinstance(item, Problem):
            places.setdefault(owner.id, []).append(place)
    for mine in places.values():
        payments = [_payment(items[place]) for place in mine]
        for place, key in zip(mine, natural_keys(payments), strict=True):
            keys[place] = key
    return keys


def _payment(item: CashFlowRequest | Problem) -> Payment | None:
    return None if isinstance(item, Problem) else Payment(**_fields(item))


def _fields(item: CashFlowRequest) -> dict[str, Any]:
    return {name: getattr(item, name) for name in PAYMENT_FIELDS}


def _new_row(initiative_id: UUID, key: str, item: CashFlowRequest) -> InitiativeCashFlow:
    now = utc_now()
    return InitiativeCashFlow(
        initiative_id=initiative_id,
        natural_key=key,
        **_fields(item),
        created_at=now,
        updated_at=now,
    )
