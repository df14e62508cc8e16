"""`/v1/assets/depreciation`: the cost lines of a month."""

from typing import Annotated

from fastapi import Query

from services.ingest.assets.depreciating import SOURCE, depreciate
from services.ingest.assets.repository import count_incomplete
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.ingest.assets import (
    DepreciationAmount,
    DepreciationAnswer,
    DepreciationRequest,
    LinesMade,
)
from shared.database import SessionDep, discard
from shared.http.routing import new_router

SERVICE = "ingest"
router = new_router("/v1/assets/depreciation", "assets", [Needs("ingest:read")])


@router.post(
    "",
    summary="Make the depreciation lines of a month",
    operation_id="depreciate_assets",
    dependencies=[Needs("ingest:write")],
)
def depreciate_assets(
    request: DepreciationRequest,
    session: SessionDep,
    caller: CallerDep,
    dry_run: Annotated[bool, Query(description="Say what would happen, keep nothing")] = False,
) -> DepreciationAnswer:
    """One opex line for each asset in its useful life; again changes nothing. 409 when closed."""
    done = depreciate(session, request.period)
    answer = DepreciationAnswer(
        period=request.period,
        source=SOURCE,
        lines=LinesMade(**done.counts),
        amounts=[
            DepreciationAmount(currency=currency, lines=done.lines[currency], amount=amount)
            for currency, amount in sorted(done.amounts.items())
        ],
        assets_without_figures=count_incomplete(session),
    )
    if dry_run:
        discard(session)
    else:
        details = answer.model_dump(mode="json")
        trail.record(session, caller, SERVICE, "depreciate", "asset", "", details=details)
    return answer
