"""The SQL of stage gates."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from services.valuation.investments.stage_gates.domain import Expected
from shared.tables.valuation.gates import InitiativeGate
from shared.tables.valuation.initiatives import ValueExpectation


def find_last_approval(session: Session, initiative_id: UUID) -> InitiativeGate | None:
    """The gate of the newest approval; None for one that was never approved here."""
    query = (
        select(InitiativeGate)
        .where(
            col(InitiativeGate.initiative_id) == initiative_id,
            col(InitiativeGate.step) == "approve",
        )
        .order_by(col(InitiativeGate.at).desc(), col(InitiativeGate.id).desc())
        .limit(1)
    )
    return session.execute(query).scalar_one_or_none()


def list_gates(session: Session, initiative_id: UUID) -> list[InitiativeGate]:
    """All gates of an initiative in order of time (a handful)."""
    query = (
        select(InitiativeGate)
        .where(col(InitiativeGate.initiative_id) == initiative_id)
        .order_by(col(InitiativeGate.at), col(InitiativeGate.id))
    )
    return list(session.execute(query).scalars())


def list_query(initiative_id: UUID) -> Any:
    """The gates of an initiative, to be paged."""
    return select(InitiativeGate).where(col(InitiativeGate.initiative_id) == initiative_id)


def list_promises(session: Session, initiative_id: UUID) -> list[Expected]:
    """What an initiative promises, as far as a number can fail it."""
    promise = ValueExpectation
    query = select(
        col(promise.target),
        col(promise.monetary_value),
        col(promise.currency),
        col(promise.benefit_kind),
    ).where(col(promise.initiative_id) == initiative_id)
    return [
        Expected(
            amount=money,
            currency=currency,
            is_drawback=kind == "dis_benefit",
            is_quantified=target is not None or money is not None,
        )
        for target, money, currency, kind in session.execute(query)
    ]
