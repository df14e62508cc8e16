"""`/v1/simulations`: changes tried on a finished run."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.allocation.runs import repository as runs
from services.allocation.simulations import repository, workflow
from services.allocation.simulations.answers import answer, listed
from shared import idempotency
from shared.auth import CallerDep, Needs, authorise
from shared.contracts.allocation.simulations import (
    KeptSimulation,
    SimulationAnswer,
    SimulationRequest,
)
from shared.contracts.jobs import Page
from shared.database import SessionDep
from shared.http.etags import set_etag
from shared.http.language import LanguageDep
from shared.http.links import href
from shared.http.routing import STORES_NOTHING, new_router
from shared.pagination import PageQueryDep, list_page
from shared.tables.allocation.what_if import Simulation

router = new_router("/v1/simulations", "simulations", [Needs("allocation:read")])
SORTABLE = {name: getattr(Simulation, name) for name in ("id", "name", "created_at", "changed")}


async def _note_key_if_kept(request: Request) -> None:
    """A key counts only where something is stored."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        return
    if isinstance(body, dict) and body.get("keep") is True:
        await idempotency.note(request)


@router.post(
    "",
    summary="Try changes on a run",
    operation_id="create_simulation",
    openapi_extra=STORES_NOTHING,
    dependencies=[Depends(_note_key_if_kept)],
)
def create_simulation(
    asked: SimulationRequest,
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    language: LanguageDep,
) -> SimulationAnswer:
    """How every object and the totals would differ, from the run's own inputs.

    Nothing is stored unless `keep` says so, which needs the scope `allocation:write`; `Location`
    then says where it can be read again. Objects are those of the run.
    """
    if asked.keep:
        authorise(caller, "allocation:write")
    simulation, run = workflow.simulate(session, caller, asked)
    if asked.keep:
        response.headers["Location"] = href(f"/v1/simulations/{simulation.id}")
        set_etag(response, simulation)
    return answer(simulation, run, language, kept=asked.keep)


@router.get("", summary="List kept simulations", operation_id="list_simulations")
def list_simulations(
    session: SessionDep,
    page: PageQueryDep,
    run: UUID | None = None,
    name: Annotated[str | None, Query(max_length=500)] = None,
) -> Page[KeptSimulation]:
    """Newest first unless sorted otherwise; without their items."""
    rows, cursor = list_page(
        session,
        repository.list_query(run, name),
        page,
        sortable=SORTABLE,
        default_sort="-id",
        filters={"run": run, "name": name},
        unique=Simulation.id,
    )
    of_run = repository.runs_of(session, rows)
    return Page(items=[listed(row, of_run[row.run_id]) for row in rows], next_cursor=cursor)


@router.get(
    "/{simulation_id:uuid}", summary="Read a kept simulation", operation_id="get_simulation"
)
def get_simulation(
    simulation_id: UUID,
    session: SessionDep,
    response: Response,
    language: LanguageDep,
) -> SimulationAnswer:
    """What came out when it was tried; the run and its figures have not changed since."""
    simulation = repository.get_simulation(session, simulation_id)
    set_etag(response, simulation)
    run = runs.get_run(session, simulation.run_id)
    return answer(simulation, run, language, kept=True)
