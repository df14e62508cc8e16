"""Tells allocation of assets below its towers: they become resources there.

Every change of an asset with a tower asks for a job in the same transaction, so no asset waits for
allocation and none is lost when it does not answer. What a controller has set on a resource stays:
name, parent and tags come from the asset, all else from the resource as it is. A new resource
begins after the last closed month, because closed months take no new objects.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.ingest.assets import publication_repository as repository
from services.ingest.assets.publication_repository import Told, Untold
from shared.clients.allocation.model import ModelCalls
from shared.clients.base import service_key
from shared.contracts.bulk import BulkResult
from shared.http.links import href
from shared.ids import new_id
from shared.jobs.queue import defer_job
from shared.jobs.running import JobContext, register
from shared.periods import next_period
from shared.settings import get_settings
from shared.tables.platform import Job

SERVICE = "ingest"
JOB_KIND = "publish_assets"
BATCH = 2_000


def publish_later(session: Session, subject: str, *, again: bool = False) -> Job:
    """Ask for a job that tells allocation; `again` also repeats what it has refused."""
    return defer_job(
        session,
        service=SERVICE,
        kind=JOB_KIND,
        subject=subject,
        resource_id=new_id(),
        resource_href=href("/v1/assets/publication"),
        arguments={"again": again},
    )


def publish_assets(context: JobContext) -> None:
    """Send the assets of which allocation has not been told yet, in the order of their codes."""
    again = bool(context.arguments.get("again"))
    after = ""
    while rows := repository.list_untold(context.session, after, BATCH, again=again):
        repository.keep_told(context.session, _tell(rows))
        after = rows[-1].code


def keep_waiting(session: Session, job: UUID, problem: dict[str, Any], status: str) -> None:
    """Nothing to undo: assets that were not sent stay pending, until the next job sends them."""


register(JOB_KIND, publish_assets, keep_waiting)


def _tell(rows: Sequence[Untold]) -> list[Told]:
    """Send what has a tower to stand below; the others are refused without a call."""
    told = [
        Told(row.asset_id, row.live_from, "unknown_code", f"there is no resource {row.tower}")
        for row in rows
        if not row.tower_is_known
    ]
    sent = [row for row in rows if row.tower_is_known]
    if not sent:
        return told
    url = get_settings().service_url("allocation")
    with ModelCalls(url, lambda: service_key(SERVICE), timeout_seconds=120) as client:
        answers = client.put_objects("resources", [_request(row) for row in sent])
    results = [result for answer in answers for result in answer.results]
    told += [_told(row, result) for row, result in zip(sent, results, strict=True)]
    return told


def _request(row: Untold) -> dict[str, Any]:
    known = row.resource
    if known is None:
        begins = None if row.last_closed is None else next_period(row.last_closed)
        known = {"valid_from": begins}
    return {
        **known,
        "code": row.code,
        "names": {**known.get("names", {}), **row.names},
        "parent": row.tower,
        "tags": {**known.get("tags", {}), **row.tags},
    }


def _told(row: Untold, result: BulkResult) -> Told:
    if result.status != "error":
        return Told(row.asset_id, row.live_from, None, None)
    error = result.error
    first = error.errors[0] if error and error.errors else None
    if first is not None:
        return Told(row.asset_id, row.live_from, first.code, first.message)
    return Told(row.asset_id, row.live_from, error.code if error else "refused",
                error.detail if error else "refused")  # fmt: skip
