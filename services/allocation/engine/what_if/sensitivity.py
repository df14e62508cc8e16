"""Which driver quantities and pools an object's amount hangs on: candidates to be tried exactly.

Estimates to first order, in floating point: they only choose and rank what a simulation then
answers exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.model import MappingSpec
from services.allocation.engine.result import RunResult

Floats = NDArray[np.float64]
ROUNDS_INSIDE = 40
"""So often money may circle inside a layer before the rest of it is left out of an estimate."""
PER_MAPPING = 50
NOISE = 10.0
"""A gain of fewer units comes from rounding alone."""


@dataclass(frozen=True)
class Candidate:
    """A driver's quantities for a target, or a pool; `gain` is the estimated gain if it doubled."""

    gain: float
    pool: str | None = None
    driver: str | None = None
    target: str | None = None


def candidates(result: RunResult, number: int, measure: int, limit: int) -> list[Candidate]:
    """What an object's amount hangs on most, the strongest first."""
    reach = np.zeros(result.numbering.count + 1)
    reach[number] = 1.0
    gains: dict[tuple[str, str], float] = {}
    found: list[Candidate] = []
    for leg in reversed(result.legs):
        for driver, target, gain in _gains(result, leg, measure, reach):
            gains[driver, target] = gains.get((driver, target), 0.0) + gain
        shares = _shares_of_sources(result, leg, measure, reach)
        if leg.layer == "pool":
            found += _pools(result, leg, measure, number, shares)
        else:
            reach[leg.object_of] += np.where(leg.object_of == number, 0.0, shares)
    found += [Candidate(gain, driver=one[0], target=one[1]) for one, gain in gains.items()]
    found = [one for one in found if abs(one.gain) >= NOISE]
    found.sort(key=lambda one: (-abs(one.gain), one.pool or "", one.driver or "", one.target or ""))
    return found[:limit]


def _gains(
    result: RunResult, leg: Leg, measure: int, reach: Floats
) -> Iterator[tuple[str, str, float]]:
    """What the object would gain by each driver and target of a leg, the strongest of each."""
    from services.allocation.engine.what_if.incremental_kernels import weigh_targets

    count = result.numbering.count
    order = np.argsort(leg.mapping, kind="stable")
    ends = np.searchsorted(leg.mapping[order], np.arange(len(leg.mappings) + 1))
    for place, spec in enumerate(leg.mappings):
        rows = order[ends[place] : ends[place + 1]]
        if spec.driver is None or not len(rows):
            continue
        out = np.zeros(count)
        weigh_targets(
            rows,
            leg.parts[measure],
            leg.rows.firsts,
            leg.rows.lasts,
            leg.rows.outs,
            leg.patterns.targets,
            count,
            reach,
            _is_priced(spec),
            out,
        )
        strongest = np.argsort(-np.abs(out), kind="stable")[:PER_MAPPING]
        for target in strongest[out[strongest] != 0.0].tolist():
            yield spec.driver, result.numbering.objects[target].code, float(out[target])


def _is_priced(spec: MappingSpec) -> bool:
    return spec.method == "rate"


def _shares_of_sources(result: RunResult, leg: Leg, measure: int, reach: Floats) -> Floats:
    """Per source of a leg, the share of its holding that ends in the goal by this leg."""
    held = leg.holding[measure]
    if not leg.within:
        return _shares_once(result, leg, measure, reach)
    first = reach[leg.object_of].copy()
    kept = _kept_shares(result, leg, measure, held)
    now = reach.copy()
    for _ in range(ROUNDS_INSIDE):
        shares = kept * first + _shares_once(result, leg, measure, now)
        if np.allclose(now[leg.object_of], shares, rtol=1e-6, atol=1e-12):
            break
        now[leg.object_of] = np.where(first == 1.0, 1.0, shares)
    return np.asarray(now[leg.object_of] - first, dtype=np.float64)


def _kept_shares(result: RunResult, leg: Leg, measure: int, held: NDArray[np.int64]) -> Floats:
    """The share of each source that does not move inside the layer."""
    everywhere = np.ones(result.numbering.count + 1)
    moved = _shares_once(result, leg, measure, everywhere)
    stayed = leg.retained[measure] + leg.unallocated[measure]
    lost = np.divide(stayed, held, out=np.zeros(len(held)), where=held != 0)
    return np.asarray(1.0 - moved - lost, dtype=np.float64)


def _shares_once(result: RunResult, leg: Leg, measure: int, reach: Floats) -> Floats:
    from services.allocation.engine.what_if.incremental_kernels import reach_goal

    out = np.zeros(leg.holding.shape[1])
    reach_goal(
        leg.parts[measure],
        leg.rows.firsts,
        leg.rows.lasts,
        leg.rows.outs,
        leg.patterns.targets,
        leg.source,
        leg.holding[measure],
        result.numbering.count,
        reach,
        out,
    )
    return out


def _pools(
    result: RunResult, leg: Leg, measure: int, number: int, shares: Floats
) -> Iterator[Candidate]:
    """What each pool brings to the object; only cost comes from pools' lines."""
    if measure:
        return
    layer = result.numbering.layers["pool"]
    brought = np.zeros(len(layer))
    reaching = np.where(leg.object_of == number, 1.0, shares)
    np.add.at(brought, leg.object_of - layer.first, leg.holding[measure] * reaching)
    for place in np.flatnonzero(brought).tolist():
        yield Candidate(float(brought[place]), pool=layer.objects[place].code)
