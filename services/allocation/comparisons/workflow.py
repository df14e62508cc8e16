"""Comparing two runs: at once, or as a job whose result is stored."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from uuid import UUID, uuid5

import numpy as np
from sqlmodel import Session

from services.allocation.comparisons import repository
from services.allocation.comparisons.domain import RunComparison, names_of
from services.allocation.comparisons.storage import chunks_of, load_comparison, summary_of
from services.allocation.engine.comparing.comparison import (
    TOTALS,
    Evaluation,
    Figures,
    Places,
    RunFigures,
    run_count,
    split_differences,
)
from services.allocation.engine.comparing.factors import MixedInputs
from services.allocation.engine.model import RunInput
from services.allocation.engine.rules.used_drivers import used_drivers
from services.allocation.runs import repository as runs
from services.allocation.runs.loaded import BoundedCache
from services.allocation.runs.replays import widened
from services.allocation.simulations.warm import input_of
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.allocation.comparisons import ComparisonRequest
from shared.errors import Conflict, RuleBroken
from shared.http.links import href
from shared.jobs.queue import defer_job
from shared.jobs.running import JobContext, register
from shared.tables.allocation.runs import AllocationRun
from shared.tables.allocation.what_if import Comparison
from shared.tables.platform import Job

SERVICE = "allocation"
KIND = "comparison"
BYTES_PER_FIGURE = 1_500

_held: BoundedCache[RunComparison] = BoundedCache(
    200_000_000, lambda found: BYTES_PER_FIGURE * len(found.places) * len(found.measures)
)


def check_pair(run: AllocationRun, base: AllocationRun | None, pointer: str) -> AllocationRun:
    """The base of a run if the two can be compared; `pointer` says where the base was named.

    RuleBroken `unknown_code`, `other_currency`, `other_scenario`; Conflict `run_not_finished`.
    """
    if base is None:
        raise RuleBroken.at(pointer, "unknown_code", "there is no such base run")
    for one in (run, base):
        if one.status != "succeeded":
            message = f"the run {one.id} is {one.status}; it has no figures"
            raise Conflict(message, code="run_not_finished")
    if run.currency != base.currency:
        message = f"the run is in {run.currency} and its base in {base.currency}"
        raise RuleBroken.at(pointer, "other_currency", message)
    if run.scenario != base.scenario:
        message = f"the run is of the scenario {run.scenario} and its base of {base.scenario}"
        raise RuleBroken.at(pointer, "other_scenario", message)
    return base


def compare_at_once(session: Session, run: AllocationRun, base: AllocationRun) -> RunComparison:
    """The comparison in sequence, from memory or a stored one where it was made before."""

    def load() -> RunComparison:
        stored = repository.find_finished(session, run.id, base.id, "sequence")
        return compare(session, run, base, "sequence") if stored is None else _load(session, stored)

    return _held.get(uuid5(run.id, str(base.id)), load)


def load_stored(session: Session, row: Comparison) -> RunComparison:
    """The figures of a comparison that has succeeded."""
    return _held.get(row.id, lambda: _load(session, row))


def _load(session: Session, row: Comparison) -> RunComparison:
    return load_comparison(row.summary, repository.read_chunks_of(session, row.id))


def compare(
    session: Session,
    run: AllocationRun,
    base: AllocationRun,
    method: str,
    progress: Callable[[float], None] = lambda _: None,
) -> RunComparison:
    """Split the difference of every figure over the factors, from the runs' stored inputs.

    Raises RuleBroken `mixed_run_refused` when a mixture of the two cannot be run.
    """
    from services.allocation.engine.run import run_allocation  # loads the compiled kernels

    inputs = _mixed(session, run, base)
    places = Places(*inputs.objects)
    ends = (
        _figures(session, base, inputs.measures, places),
        _figures(session, run, inputs.measures, places),
    )
    wanted = run_count(len(inputs.changed), method)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done / (wanted + 1))

    evaluation = Evaluation(inputs, ends, places, run_allocation, count)
    found = split_differences(evaluation, method)
    return RunComparison(
        places.all, names_of(places.all, *inputs.objects), evaluation.changed, found
    )


def _mixed(session: Session, run: AllocationRun, base: AllocationRun) -> MixedInputs:
    """Both runs' inputs, each with what the other's mappings look at."""
    sides = (input_of(session, base), input_of(session, run))
    keys = {key for side in sides for key in side.groups.columns}
    mappings = [spec for side in sides for spec in side.mappings]
    drivers = used_drivers(mappings, [one for side in sides for one in side.objects])

    def wide(row: AllocationRun, side: RunInput) -> RunInput:
        return widened(session, row, side, keys, drivers)

    return MixedInputs(wide(base, sides[0]), wide(run, sides[1]))


def _figures(
    session: Session, run: AllocationRun, measures: Sequence[str], places: Places
) -> RunFigures:
    """What a finished run gave, from its stored balances and totals."""
    holdings = {measure: np.zeros(len(places), dtype=np.int64) for measure in measures}
    for measure, layer, code, units in repository.list_holdings(session, run.id, measures):
        holdings[measure][places.row((layer, code))] = units
    return {
        measure: Figures(
            run.precision[measure],
            holdings[measure],
            {name: Decimal(run.totals[measure][name]) for name in TOTALS},
        )
        for measure in measures
    }


def ask_for_comparison(session: Session, caller: Caller, asked: ComparisonRequest) -> Job:
    """Write a comparison down and queue its job; both commit with the request."""
    run = repository.find_run(session, asked.run)
    if run is None:
        raise RuleBroken.at("/run", "unknown_code", f"there is no run {asked.run}")
    base = check_pair(run, repository.find_run(session, asked.base), "/base")
    row = Comparison(
        run_id=run.id,
        base_id=base.id,
        method=asked.method,
        subject=caller.subject,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    details = asked.model_dump(mode="json")
    trail.record(session, caller, SERVICE, "create", "comparison", str(row.id), details=details)
    return defer_job(
        session,
        service=SERVICE,
        kind=KIND,
        subject=caller.subject,
        resource_id=row.id,
        resource_href=href(f"/v1/comparisons/{row.id}"),
    )


def comparison_body(context: JobContext) -> None:
    """The job: the figures are stored in the one transaction that makes it succeed."""
    repository.mark_running(context.resource_id)
    session = context.session
    row = repository.get_comparison(session, context.resource_id)
    run, base = runs.get_run(session, row.run_id), runs.get_run(session, row.base_id)
    found = compare(session, run, base, row.method, context.progress)
    repository.replace_chunks(session, row.id, chunks_of(found))
    session.refresh(row, with_for_update=True)
    row.summary = summary_of(found)
    _finish(session, row, "succeeded")


def comparison_failed(
    session: Session, comparison_id: UUID, problem: dict[str, object], status: str
) -> None:
    """Mark a comparison whose job failed or was cancelled."""
    row = repository.get_comparison(session, comparison_id)
    row.problem = problem or None
    _finish(session, row, status)


def _finish(session: Session, row: Comparison, status: str) -> None:
    row.status, row.finished_at = status, utc_now()
    row.version += 1
    session.add(row)


register(KIND, comparison_body, comparison_failed)
