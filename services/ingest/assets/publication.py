"""`/v1/assets/publication`: how assets stand with allocation, and telling it again."""

from fastapi import Response

from services.ingest.assets.publication_repository import count_standing
from services.ingest.assets.publishing import publish_later
from shared.audit import trail
from shared.auth import CallerDep, Needs
from shared.contracts.ingest.assets import AssetPublication, AssetRefusal
from shared.contracts.jobs import Accepted, Wait
from shared.database import SessionDep
from shared.http.routing import new_router
from shared.jobs.endpoints import accept

SERVICE = "ingest"
router = new_router("/v1/assets/publication", "assets", [Needs("ingest:read")])


@router.get("", summary="Count published assets", operation_id="get_asset_publication")
def get_publication(session: SessionDep) -> AssetPublication:
    """Assets with a tower become resources below it; how many are, are not yet, cannot be."""
    found = count_standing(session)
    return AssetPublication(
        published=found.published,
        pending=found.pending,
        refused=sum(found.refused.values()),
        refusals=[AssetRefusal(code=code, assets=count) for code, count in found.refused.items()],
        last_told_at=found.last_told_at,
    )


@router.post(
    "",
    summary="Publish assets to allocation",
    operation_id="publish_assets",
    status_code=202,
    responses={200: {"model": AssetPublication, "description": "Done"}},
    dependencies=[Needs("ingest:write")],
)
def publish(
    session: SessionDep, caller: CallerDep, response: Response, wait: Wait = None
) -> Accepted:
    """Sends what is pending, and once more what was refused (its tower may be there by now)."""
    job = publish_later(session, caller.subject, again=True)
    trail.record(session, caller, SERVICE, "publish", "asset", "", details={})
    return accept(response, job)
