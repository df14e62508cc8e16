"""What follows from a change of an initiative: its sums, its value score and its reviews."""

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session

from services.valuation.benefits.reviews.workflow import schedule_reviews
from services.valuation.investments.initiatives import repository
from services.valuation.investments.initiatives.domain import score_value
from services.valuation.investments.plan_and_actual.domain import Sums, benefit_of, cost_of
from services.valuation.investments.plan_and_actual.workflow import look_at
from shared.tables.valuation.initiatives import Initiative


def follow_up(session: Session, initiatives: Sequence[Initiative]) -> None:
    """Rank initiatives anew and give those that go live their reviews."""
    with session.no_autoflush:  # what is worked out goes into the same statement as the rest
        rescore(session, initiatives)
    session.flush()
    schedule_reviews(session, initiatives)
    session.flush()


def rescore(session: Session, initiatives: Sequence[Initiative]) -> None:
    """Work out what follows from cash flows, days and judgements; no change of version."""
    sums = repository.sum_flows(session, [initiative.id for initiative in initiatives])
    for initiative in initiatives:
        _note_sums(initiative, sums.get(initiative.id, {}))
        initiative.value_score = score_value(
            initiative.planned_cost or Decimal(0),
            initiative.planned_benefit or Decimal(0),
            initiative.business_impact,
            initiative.strategic_fit,
        )
        session.add(initiative)


def _note_sums(initiative: Initiative, sums: Sums) -> None:
    initiative.planned_cost = cost_of(sums, "plan")
    initiative.actual_cost = cost_of(sums, "actual")
    initiative.planned_benefit = benefit_of(sums, "plan")
    initiative.actual_benefit = benefit_of(sums, "actual")
    view = look_at(initiative)
    initiative.conflicts = [conflict.figure for conflict in view.conflicts]
    initiative.findings = view.findings
