"""`/v1/initiatives/{id}/earned-value`: how far the work is for what was spent."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.valuation.investments.initiatives import repository as initiatives
from services.valuation.investments.plan_and_actual import repository
from services.valuation.investments.plan_and_actual.earned_value import Progress, earn
from services.valuation.investments.plan_and_actual.wording import EARNED, EARNED_REASONS
from shared.auth import Needs
from shared.clock import utc_now
from shared.contracts.days import Day
from shared.contracts.valuation.initiatives import NotNegative, Percent
from shared.contracts.valuation.variances import EarnedFigure, EarnedValue
from shared.database import SessionDep
from shared.http.language import LanguageDep
from shared.http.routing import new_router

router = new_router("/v1/initiatives", "variances", [Needs("valuation:read")])


@router.get(
    "/{initiative_id:uuid}/earned-value",
    summary="Work out an initiative's earned value",
    operation_id="get_initiative_earned_value",
)
def get_initiative_earned_value(
    initiative_id: UUID,
    session: SessionDep,
    language: LanguageDep,
    as_of: Annotated[Day | None, Query(description="Today unless given")] = None,
    percent_complete: Annotated[
        Percent | None, Query(description="In place of the initiative's own")
    ] = None,
    estimate_to_complete: Annotated[
        NotNegative | None, Query(description="In place of the initiative's own")
    ] = None,
) -> EarnedValue:
    """From planned and actual cash flows up to a day, and how far the work is."""
    row = initiatives.get_initiative(session, initiative_id)
    day = as_of or utc_now().date()
    costs = repository.sum_costs_until(session, initiative_id, day)
    given = percent_complete is not None or estimate_to_complete is not None
    progress = Progress(
        budget=row.planned_cost,
        planned=costs.get("plan", _nothing_yet(row.planned_cost)),
        spent=costs.get("actual", _nothing_yet(row.actual_cost)),
        percent=percent_complete if given else row.percent_complete,
        to_complete=estimate_to_complete if given else row.estimate_to_complete,
    )
    return EarnedValue(
        initiative=row.code,
        currency=row.currency,
        as_of=day,
        figures={
            key: EarnedFigure(
                name=EARNED[key][language],
                explanation=EARNED_REASONS[found.reason][language] if found.reason else None,
                **vars(found),
            )
            for key, found in earn(progress).items()
        },
    )


def _nothing_yet(whole: Decimal | None) -> Decimal | None:
    """What was due until a day before the first payment: zero, if there are any payments."""
    return Decimal(0) if whole is not None else None
