"""What a preview looks at beside lines and objects: quantities, stage settings, a run's amounts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
from sqlmodel import Session

from services.allocation.engine.model import STAGES, DriverTable, MappingSpec, ObjectSpec
from services.allocation.engine.model import StageSetting as Setting
from services.allocation.engine.result import RunResult
from services.allocation.engine.rules.used_drivers import used_drivers
from services.allocation.mappings.preview import Held
from services.allocation.runs import input_repository as inputs
from services.allocation.runs.loaded import loaded_runs
from services.allocation.runs.rates import exchange_rates
from shared.derived_drivers import Facts, derive, is_derived
from shared.money import from_units
from shared.tables.allocation.model import ModelVersion
from shared.tables.allocation.runs import AllocationRun

ONE = Decimal(1)


def settings_of(version: ModelVersion | None) -> dict[str, Setting]:
    """The settings of a version's same-layer stages."""
    stages = {} if version is None else version.stages
    return {stage: Setting(**setting) for stage, setting in stages.items()}


def previewed_drivers(
    session: Session,
    spec: MappingSpec,
    objects: Sequence[ObjectSpec],
    facts: Facts,
    changed: Mapping[str, int],
    run: AllocationRun | None,
) -> dict[str, DriverTable]:
    """The quantities that a mapping looks at, as they are now.

    Amounts of lines are converted as the published run of the period converts them.
    """
    codes = used_drivers([spec], objects)
    known = inputs.list_drivers(session, codes)
    sent = {code: known[code].basis for code in codes if code in known and not is_derived(code)}
    tables = inputs.driver_tables(session, sent, facts.period, facts.scenario, changed)
    rates = {} if run is None else {**exchange_rates(session, run, changed), run.currency: ONE}
    for code in sorted(codes):
        if is_derived(code):
            tables[code] = inputs.derived_table(code, derive(session, code, facts, rates))
    return tables


def held_before(session: Session, run: AllocationRun, stage: str) -> Held:
    """What the objects that a stage leaves held in a run before any of its mappings took a part."""
    result = loaded_runs.get(session, run)
    layer, target = STAGES[stage]
    members, digits = result.numbering.layers[layer], result.precision["cost"]
    if layer == target:
        stretch = slice(members.first, members.first + len(members))
        units = result.balances.holding[0, stretch] - _received_inside(result, layer)[stretch]
    else:
        leg = next(one for one in result.legs if one.layer == layer and not one.within)
        units = leg.holding[0]
    amounts = {
        (layer, one.code): from_units(unit, digits)
        for one, unit in zip(members.objects, units.tolist(), strict=True)
    }
    return Held(run.currency, amounts)


def _received_inside(result: RunResult, layer: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """What each object of the run received from others of its own layer."""
    received = np.zeros(result.numbering.count, dtype=np.int64)
    for leg in result.legs:
        if leg.layer == layer and leg.within:
            targets = leg.edge_targets
            known = targets < len(received)
            np.add.at(received, targets[known], leg.parts[0][known])
    return received
