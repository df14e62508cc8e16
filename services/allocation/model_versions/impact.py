"""What a run would give with the mappings of another model version; nothing is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from sqlmodel import Session

from services.allocation.engine.comparing.comparison import TOTALS, Place
from services.allocation.engine.comparing.factors import coarser
from services.allocation.engine.lines.classification import group_keys
from services.allocation.engine.model import LAYERS, Finding, ObjectSpec, RunInput, StageSetting
from services.allocation.engine.result import RunResult
from services.allocation.engine.rules.used_drivers import used_drivers
from services.allocation.mappings.repository import specs_of
from services.allocation.runs.input_repository import list_objects
from services.allocation.runs.loaded import loaded_runs
from services.allocation.runs.replays import widened
from services.allocation.simulations.warm import input_of
from shared.money import EXACT, from_units
from shared.periods import covers
from shared.tables.allocation.model import ModelVersion
from shared.tables.allocation.runs import AllocationRun

KeyT = TypeVar("KeyT", Place, tuple[str, str | None, str])
Reason = tuple[str, str | None, str]
"""What stays unallocated: layer and code of the object, and why."""


@dataclass(frozen=True)
class Moved:
    """An exact amount before and after."""

    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """How much more it would be."""
        return EXACT.subtract(self.after, self.before)


@dataclass(frozen=True)
class Impact:
    """What would change, in one measure: places and reasons by size, and all measures' totals."""

    totals: Mapping[str, Mapping[str, Moved]]
    places: Sequence[tuple[Place, Moved]]
    unallocated: Sequence[tuple[Reason, Moved]]
    findings: Sequence[Finding]
    objects: Mapping[Place, ObjectSpec]


def impact_of(session: Session, version: ModelVersion, run: AllocationRun, measure: str) -> Impact:
    """Run the version's mappings on the run's stored inputs and take the difference.

    Raises RuleBroken when the engine refuses the version (`closed_loop`, `missing_rate`).
    """
    from services.allocation.engine.run import run_allocation  # loads the compiled kernels

    before = loaded_runs.get(session, run)
    after = run_allocation(_with_version(session, version, run))
    known = [*before.numbering.objects, *after.numbering.objects]
    return Impact(
        totals={name: _totals(before, after, name) for name in before.measures},
        places=_largest_first(_moved(_holdings(before, measure), _holdings(after, measure))),
        unallocated=_largest_first(_moved(_reasons(before, measure), _reasons(after, measure))),
        findings=after.findings,
        objects={(one.layer, one.code): one for one in known},
    )


def _with_version(session: Session, version: ModelVersion, run: AllocationRun) -> RunInput:
    """The run's input with the version's mappings instead of its own, and what they look at.

    Objects that were made since count, so that a draft may send money to them.
    """
    taken = input_of(session, run)
    every = specs_of(session, version.id)
    mappings = [one for one in every if covers(one.valid_from, one.valid_to, run.period)]
    objects = _with_new(taken.objects, list_objects(session, run.period))
    keys = group_keys(mappings, run.period)
    wide = widened(session, run, taken, keys, used_drivers(mappings, objects))
    return replace(
        wide,
        objects=objects,
        mappings=mappings,
        stages={stage: StageSetting(**setting) for stage, setting in version.stages.items()},
        groups=coarser(wide.groups, keys),
        precision=dict(run.precision),
    )


def _with_new(then: Sequence[ObjectSpec], now: Iterable[ObjectSpec]) -> list[ObjectSpec]:
    known = {(one.layer, one.code) for one in then}
    return [*then, *(one for one in now if (one.layer, one.code) not in known)]


def _totals(before: RunResult, after: RunResult, measure: str) -> dict[str, Moved]:
    first, second = before.totals[measure], after.totals[measure]
    return {name: Moved(getattr(first, name), getattr(second, name)) for name in TOTALS}


def _holdings(result: RunResult, measure: str) -> dict[Place, Decimal]:
    """What every object had (own + received); the lines' own account stands without a code."""
    numbering, digits = result.numbering, result.precision[measure]
    units = result.balances.holding[result.measures.index(measure)].tolist()
    return {
        (numbering.layer_of(number), numbering.code_of(number)): from_units(unit, digits)
        for number, unit in enumerate(units)
        if unit
    }


def _reasons(result: RunResult, measure: str) -> dict[Reason, Decimal]:
    numbering, digits = result.numbering, result.precision[measure]
    place = result.measures.index(measure)
    found: dict[Reason, Decimal] = {}
    for entry in result.entries:
        number = entry.object_number
        key = (numbering.layer_of(number), numbering.code_of(number), entry.reason)
        units = from_units(entry.units[place], digits)
        found[key] = EXACT.add(found.get(key, Decimal(0)), units)
    return found


def _moved(before: Mapping[KeyT, Decimal], after: Mapping[KeyT, Decimal]) -> dict[KeyT, Moved]:
    """What is not the same before and after; what is missing is nothing."""
    nothing = Decimal(0)
    keys = {**before, **after}
    both = {key: Moved(before.get(key, nothing), after.get(key, nothing)) for key in keys}
    return {key: moved for key, moved in both.items() if moved.delta}


def _largest_first(moved: Mapping[KeyT, Moved]) -> list[tuple[KeyT, Moved]]:
    """By size of the difference, then by layer and code."""

    def rank(item: tuple[KeyT, Moved]) -> tuple[Decimal, int, str]:
        (layer, code, *_), change = item
        return -abs(change.delta), LAYERS.index(str(layer)), code or ""

    return sorted(moved.items(), key=rank)
