"""`/v1/runs/{id}/sensitivity`: what moves an object's amount most."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import Query

from services.allocation.engine.what_if.changes import Change, DriverChange, PoolChange
from services.allocation.engine.what_if.incremental import WarmRun
from services.allocation.engine.what_if.sensitivity import Candidate, candidates
from services.allocation.runs.answers import made
from services.allocation.runs.figures import name_of, share_of
from services.allocation.runs.seen_run import SeenRun, SeenRunDep
from services.allocation.simulations.warm import warm_run
from shared.auth import Needs
from shared.contracts.allocation.runs import TracedObject, TraceLayer
from shared.contracts.allocation.simulations import SensitivityAnswer, SensitivityItem
from shared.contracts.values import DecimalText, name_in
from shared.database import SessionDep
from shared.http.routing import new_router
from shared.money import EXACT, from_units

router = new_router("/v1/runs/{run_id}", "simulations", [Needs("allocation:read")])
ONE_PER_CENT = Decimal("0.01")
TRIED_BESIDE = 3
"""So many more candidates are simulated than asked for: estimates may rank neighbours wrongly."""


@router.get(
    "/sensitivity",
    summary="What moves an object's amount most",
    operation_id="get_run_sensitivity",
)
def get_sensitivity(
    seen: SeenRunDep,
    session: SessionDep,
    layer: TraceLayer,
    code: Annotated[str, Query(max_length=200)],
    change: Annotated[
        DecimalText, Query(description="By how much each cause goes up", gt=0, le=1)
    ] = ONE_PER_CENT,
    limit: Annotated[int, Query(ge=1, le=50, description="How many causes are shown")] = 10,
) -> SensitivityAnswer:
    """Driver quantities per target, and pools, each raised alone; the largest effect first.

    The strongest candidates are chosen by following the run's flows back from the object; each is
    then simulated exactly as `POST /v1/simulations` does.
    """
    number = seen.number(layer, code)
    warm = warm_run(session, seen.run)
    found = candidates(warm.result, number, seen.measure, limit + TRIED_BESIDE)
    items = [_tried(seen, warm, number, one, change) for one in found]
    items.sort(
        key=lambda one: (-abs(one.delta), one.pool or "", one.driver or "", one.target or "")
    )
    units = int(seen.result.balances.holding[seen.measure, number])
    name = name_of(seen.result.numbering, number, seen.language)
    return made(
        SensitivityAnswer,
        object=TracedObject(layer=layer, code=code, name=name),
        measure=seen.result.measures[seen.measure],
        currency=seen.run.currency,
        amount=from_units(units, seen.precision),
        change=change,
        items=_moving(items)[:limit],
    )


def _moving(items: Sequence[SensitivityItem]) -> list[SensitivityItem]:
    return [one for one in items if one.delta]


def _tried(
    seen: SeenRun, warm: WarmRun, number: int, candidate: Candidate, change: Decimal
) -> SensitivityItem:
    """The exact effect of one candidate."""
    effect = warm.simulate([_change(candidate, EXACT.add(Decimal(1), change))])
    before = int(effect.before[seen.measure, number])
    after = int(effect.after[seen.measure, number])
    relative = share_of(after - before, before)
    return made(
        SensitivityItem,
        driver=candidate.driver,
        target=candidate.target,
        pool=candidate.pool,
        name=_name(seen, candidate),
        basis=warm.taken.drivers[candidate.driver].basis if candidate.driver else None,
        before=from_units(before, seen.precision),
        after=from_units(after, seen.precision),
        delta=from_units(after - before, seen.precision),
        elasticity=None if relative is None else _rounded(EXACT.divide(relative, change)),
    )


def _change(candidate: Candidate, factor: Decimal) -> Change:
    if candidate.pool is not None:
        return PoolChange(candidate.pool, factor=factor)
    return DriverChange(candidate.driver or "", candidate.target, factor=factor)


def _rounded(value: Decimal) -> Decimal:
    return round(value, 6)


def _name(seen: SeenRun, candidate: Candidate) -> str:
    """What people read: the pool, or the driver's target."""
    code = candidate.pool or candidate.target or ""
    layers = ["pool"] if candidate.pool else ["resource", "solution", "consumer"]
    for layer in layers:
        number = seen.result.numbering.number(layer, code)
        if number is not None:
            return name_in(seen.result.numbering.objects[number].names, seen.language) or code
    return code
