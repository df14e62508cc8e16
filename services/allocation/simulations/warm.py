"""Finished runs in memory with their inputs, for those who try changes on them."""

from sqlmodel import Session

from services.allocation.engine.model import RunInput
from services.allocation.engine.storing.storage import load_input
from services.allocation.engine.what_if.incremental import WarmRun, size_of_input
from services.allocation.runs.loaded import BoundedCache, loaded_runs
from services.allocation.simulations import repository
from shared.tables.allocation.runs import AllocationRun

MAX_BYTES_OF_INPUTS, MAX_BYTES_OF_RUNS = 500_000_000, 1_000_000_000


def input_of(session: Session, run: AllocationRun) -> RunInput:
    """What a finished run took, as it was stored with it."""

    def load() -> RunInput:
        return load_input(repository.read_input_chunks(session, run.id))

    return _inputs.get((run.id, run.rewritten), load)


def warm_run(session: Session, run: AllocationRun) -> WarmRun:
    """A finished run, ready for changes. Conflict `run_not_finished` when it has no figures."""
    result = loaded_runs.get(session, run)
    return _warm.get((run.id, run.rewritten), lambda: WarmRun(input_of(session, run), result))


_inputs: BoundedCache[RunInput] = BoundedCache(MAX_BYTES_OF_INPUTS, size_of_input)
_warm: BoundedCache[WarmRun] = BoundedCache(MAX_BYTES_OF_RUNS, lambda warm: warm.size_in_bytes)
