"""What follows from a change of an initiative: its value score and its reviews."""

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session

from services.valuation.initiatives import repository
from services.valuation.initiatives.domain import score_value
from services.valuation.reviews.workflow import schedule_reviews
from shared.tables.valuation.initiatives import Initiative

NOTHING = (Decimal(0), Decimal(0))


def follow_up(session: Session, initiatives: Sequence[Initiative]) -> None:
    """Rank initiatives anew and give those that go live their reviews."""
    session.flush()
    rescore(session, initiatives)
    schedule_reviews(session, initiatives)
    session.flush()


def rescore(session: Session, initiatives: Sequence[Initiative]) -> None:
    """Work out the value score from plan, impact and fit; no change of version."""
    plans = repository.sum_plans(session, [initiative.id for initiative in initiatives])
    for initiative in initiatives:
        cost, benefit = plans.get(initiative.id, NOTHING)
        initiative.value_score = score_value(
            cost, benefit, initiative.business_impact, initiative.strategic_fit
        )
        session.add(initiative)
