"""`/v1/runs`: asking for a run, reading and publishing it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlmodel import col

from services.allocation.runs import repository, workflow
from services.allocation.runs.answers import run_answer
from shared.auth import OWN_PART, Caller, CallerDep, Needs
from shared.contracts.allocation.runs import RunAnswer, RunRequest
from shared.contracts.ingest.imports import Scenario
from shared.contracts.jobs import Accepted, Page, Wait
from shared.contracts.values import Currency, Period
from shared.database import SessionDep, discard
from shared.http.etags import set_etag
from shared.http.language import LanguageDep
from shared.http.routing import COMPUTED, new_router
from shared.jobs.endpoints import accept
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.runs import AllocationRun

router = new_router("/v1/runs", "runs", [Needs("allocation:read")])
SORTABLE = {
    name: getattr(AllocationRun, name)
    for name in ("id", "period", "scenario", "status", "created_at", "finished_at")
}


def _is_bound(caller: Caller) -> bool:
    return caller.consumers is not None


@router.post(
    "",
    summary="Run the model over a period",
    operation_id="create_run",
    status_code=202,
    dependencies=[Needs("allocation:write")],
)
def create_run(
    asked: RunRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    wait: Wait = None,
) -> Accepted:
    """A run never changes once it has finished; asking again makes another one beside it."""
    return accept(response, workflow.ask_for_run(session, caller, asked))


@router.get("", summary="List runs", operation_id="list_runs", dependencies=[OWN_PART])
def list_runs(
    session: SessionDep,
    caller: CallerDep,
    page: PageQueryDep,
    language: LanguageDep,
    period: Period | None = None,
    scenario: Scenario | None = None,
    published: bool | None = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    currency: Currency | None = None,
    model_version: UUID | None = None,
) -> Page[RunAnswer]:
    """Newest first unless sorted otherwise."""
    filters = {
        "period": period,
        "scenario": scenario,
        "published": published,
        "status": status,
        "currency": currency,
        "model_version_id": model_version,
    }
    rows, cursor = list_page(
        session,
        repository.list_query(filters),
        page,
        sortable=SORTABLE,
        default_sort="-id",
        filters=filters,
        unique=col(AllocationRun.id),
    )
    stale = repository.newer_inputs(session, rows)
    bound = _is_bound(caller)
    items = [
        run_answer(run, stale=run.id in stale, language=language, is_bound=bound) for run in rows
    ]
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/{run_id:uuid}",
    summary="Read a run",
    operation_id="get_run",
    openapi_extra=COMPUTED,
    dependencies=[OWN_PART],
)
def get_run(
    run_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
) -> RunAnswer:
    """`stale` says that facts or the model have changed since the run looked at them."""
    run = repository.get_run(session, run_id)
    set_etag(response, run)
    stale = run.id in repository.newer_inputs(session, [run])
    return run_answer(run, stale=stale, language=language, is_bound=_is_bound(caller))


@router.post(
    "/{run_id:uuid}/publish",
    summary="Publish a run",
    operation_id="publish_run",
    dependencies=[Needs("allocation:write")],
)
def publish_run(
    run_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    dry_run: Annotated[bool, Query(description="Say what would happen, keep nothing")] = False,
) -> RunAnswer:
    """The run then speaks for its period and scenario; the one that did so far stays beside it."""
    run = workflow.publish_run(session, caller, run_id)
    set_etag(response, run)
    stale = run.id in repository.newer_inputs(session, [run])
    answer = run_answer(run, stale=stale, language=language)
    if dry_run:
        discard(session)
    return answer
