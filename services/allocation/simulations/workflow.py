"""A simulation from request to answer: load the run, apply the changes, compare, perhaps keep."""

from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import Session

from services.allocation.engine.comparing.factors import coarser
from services.allocation.engine.lines.classification import group_keys
from services.allocation.engine.rules.used_drivers import used_drivers
from services.allocation.engine.what_if.changes import Change, MappingChange, change_mappings
from services.allocation.engine.what_if.incremental import WarmRun
from services.allocation.engine.what_if.simulation import Effect, simulate_whole
from services.allocation.runs import repository as runs
from services.allocation.runs.replays import widened
from services.allocation.runs.seen_run import measure_place
from services.allocation.simulations import answers, repository
from services.allocation.simulations.asked import changes_of
from services.allocation.simulations.warm import warm_run
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.allocation.simulations import SimulationRequest
from shared.errors import FieldError, NotFound, RuleBroken
from shared.tables.allocation.runs import AllocationRun
from shared.tables.allocation.what_if import Simulation

SERVICE = "allocation"


def simulate(
    session: Session, caller: Caller, asked: SimulationRequest
) -> tuple[Simulation, AllocationRun]:
    """Try the changes; the simulation is in the database only if it is to be kept.

    Raises RuleBroken for changes that the run cannot take, Conflict when it has no figures.
    """
    run = _run(session, asked)
    measure = measure_place(run, asked.measure)
    warm = warm_run(session, run)
    result = warm.result
    changes = changes_of(asked.changes, result.numbering)
    effect = effect_on(session, run, warm, changes)
    numbers = answers.changed_numbers(effect, result, measure, asked.layer)
    simulation = Simulation(
        run_id=run.id,
        name=asked.name,
        measure=asked.measure,
        changes=[one.model_dump(mode="json", exclude_unset=True) for one in asked.changes],
        totals=answers.stored_totals(effect, result),
        items=answers.stored_items(effect, result, measure, numbers[: asked.limit]),
        changed=len(numbers),
        subject=caller.subject,
        created_at=utc_now(),
    )
    if asked.keep:
        repository.add_simulation(session, simulation)
        details = {"run": str(run.id), "changes": simulation.changes, "name": asked.name}
        trail.record(
            session, caller, SERVICE, "keep", "simulation", str(simulation.id), details=details
        )
    return simulation, run


def _run(session: Session, asked: SimulationRequest) -> AllocationRun:
    try:
        return runs.get_run(session, asked.run)
    except NotFound:
        message = f"there is no run {asked.run}"
        errors = [FieldError("/run", "unknown_code", message)]
        raise RuleBroken(message, code="unknown_code", errors=errors) from None


def effect_on(
    session: Session, run: AllocationRun, warm: WarmRun, changes: Sequence[Change]
) -> Effect:
    """The effect of changes on a run.

    What changed mappings look at and the run did not is read as it was when the run looked: lines
    in finer groups, quantities of other drivers.
    """
    taken = warm.taken
    if not any(isinstance(change, MappingChange) for change in changes):
        return warm.simulate(changes)
    mappings = change_mappings(taken.mappings, changes)
    keys = group_keys(mappings, taken.period)
    wide = widened(session, run, taken, keys, used_drivers(mappings, taken.objects))
    if wide.groups is not taken.groups:
        finer = replace(wide, groups=coarser(wide.groups, keys))
        return simulate_whole(finer, warm.result, changes)
    more = {code: table for code, table in wide.drivers.items() if code not in taken.drivers}
    return warm.simulate(changes, more)
