"""The SQL of kept simulations."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlmodel import Session, col

from shared.errors import NotFound
from shared.tables.allocation.runs import AllocationRun
from shared.tables.allocation.what_if import Simulation


def add_simulation(session: Session, simulation: Simulation) -> Simulation:
    """Keep a simulation; it never changes."""
    session.add(simulation)
    session.flush()
    return simulation


def get_simulation(session: Session, simulation_id: UUID) -> Simulation:
    """One kept simulation by its id."""
    found = session.get(Simulation, simulation_id)
    if found is None:
        raise NotFound(f"simulation {simulation_id}")
    return found


def list_query(run: UUID | None, name: str | None) -> Select[Any]:
    """Kept simulations, filtered."""
    query = select(Simulation)
    if run is not None:
        query = query.where(col(Simulation.run_id) == run)
    if name is not None:
        query = query.where(col(Simulation.name) == name)
    return query


def runs_of(session: Session, simulations: list[Simulation]) -> dict[UUID, AllocationRun]:
    """The runs on which they were tried."""
    ids = {one.run_id for one in simulations}
    query = select(AllocationRun).where(col(AllocationRun.id).in_(ids))
    return {run.id: run for run in session.execute(query).scalars()}


def read_input_chunks(session: Session, run_id: UUID) -> dict[str, list[bytes]]:
    """What a run took, by name, each in order; not what it gave."""
    rows = session.execute(
        text(
            "select name, content from run_chunk where run_id = :run"
            " and name >= 'input.' and name < 'input/' order by name, position"
        ),
        {"run": run_id},
    )
    stored: dict[str, list[bytes]] = {}
    for name, content in rows:
        stored.setdefault(name, []).append(bytes(content))
    return stored
