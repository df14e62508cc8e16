"""What if: a run's figures beside those of the same run with some of its inputs changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from services.allocation.engine.columns import Column
from services.allocation.engine.lines.classification import classify
from services.allocation.engine.lines.conversion import convert_lines, convert_own, currency_rates
from services.allocation.engine.lines.grouping import canonical_groups, keep_groups
from services.allocation.engine.model import (
    EXACT_DECIMALS,
    Int32s,
    Int64s,
    LineGroups,
    OwnAmount,
    RunInput,
)
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.result import Balances, RunResult
from services.allocation.engine.splitting.split import LIMIT
from services.allocation.engine.totals import exact_sum
from services.allocation.engine.what_if.changes import (
    Change,
    PoolChange,
    change_drivers,
    change_mappings,
    changed_pools,
    in_proportion,
    unknown_code,
)
from shared.errors import RuleBroken
from shared.money import decimals_of, from_units, to_units


@dataclass(frozen=True)
class Sums:
    """What a measure of a run comes to, in units."""

    input: int
    consumers: int
    retained: int
    unallocated: int


@dataclass(frozen=True)
class Effect:
    """What objects have (own + received) before and after, per measure and object number."""

    before: Int64s
    after: Int64s
    sums_before: Sequence[Sums]
    sums_after: Sequence[Sums]


def effect_of(numbering: Numbering, before: Balances, after: Balances) -> Effect:
    """The effect of changes between the balances of two runs over the same objects."""
    count = numbering.count
    return Effect(
        before.holding[:, :count],
        after.holding[:, :count],
        [_sums(numbering, before, measure) for measure in range(len(before.own))],
        [_sums(numbering, after, measure) for measure in range(len(after.own))],
    )


def _sums(numbering: Numbering, balances: Balances, measure: int) -> Sums:
    consumers = numbering.layers["consumer"]
    retained = balances.retained[measure]
    bills = exact_sum(retained[consumers.first : consumers.first + len(consumers)])
    return Sums(
        input=exact_sum(balances.own[measure]),
        consumers=bills,
        retained=exact_sum(retained) - bills,
        unallocated=exact_sum(balances.unallocated[measure]),
    )


def simulate_whole(taken: RunInput, base: RunResult, changes: Sequence[Change]) -> Effect:
    """Run the changed input as a whole and compare. Slow and beyond doubt."""
    from services.allocation.engine.run import run_allocation

    after = run_allocation(changed_input(taken, base, changes))
    return effect_of(base.numbering, base.balances, after.balances)


def changed_input(taken: RunInput, base: RunResult, changes: Sequence[Change]) -> RunInput:
    """A run's input after the changes, counted in the units of the run.

    The line groups must be told apart by the fields that the changed mappings look at.
    """
    after = replace(
        taken,
        mappings=change_mappings(taken.mappings, changes),
        precision=dict(base.precision),
    )
    drivers = change_drivers(after, base.numbering, changes)
    after = replace(after, drivers={**taken.drivers, **drivers})
    if not changed_pools(changes):
        return after
    groups = canonical_groups(after.groups)
    digits = base.precision["cost"]
    lines = convert_lines(groups, currency_rates(after), digits, after.on_missing_rate)
    groups, units = keep_groups(groups, lines.kept), lines.units[lines.kept]
    classified = classify(groups, base.numbering, after.mappings, after.period)
    held = PoolMoney(units, classified.pool, after.own_amounts, digits)
    held = change_pools(held, base.numbering, changes)
    in_units = _in_run_currency(groups, held.units, after.currency, digits)
    return replace(after, groups=in_units, own_amounts=held.own)


@dataclass(frozen=True)
class PoolMoney:
    """What pools hold: units and pool of each line group, own amounts; 10^-digits is a unit."""

    units: Int64s
    pool: Int32s
    own: Sequence[OwnAmount]
    digits: int


def change_pools(held: PoolMoney, numbering: Numbering, changes: Sequence[Change]) -> PoolMoney:
    """What the pools hold after the changes, to whole units, each group in proportion.

    A pool that holds nothing in all takes a new amount as an amount of its own. Raises RuleBroken
    `unknown_code`, `amount_too_large`.
    """
    for place, change in changed_pools(changes):
        if numbering.number("pool", change.pool) is None:
            raise unknown_code(place, "pool", f"the run has no pool {change.pool}")
        held = _changed_pool(held, numbering, change)
    own, _ = convert_own(held.own, held.digits)
    if sum(abs(one) for one in held.units.tolist()) + sum(map(abs, own)) >= LIMIT:
        message = "the amounts of this simulation are too large to be counted exactly"
        raise RuleBroken(message, code="amount_too_large")
    return held


def _changed_pool(held: PoolMoney, numbering: Numbering, change: PoolChange) -> PoolMoney:
    layer = numbering.layers["pool"]
    inside = layer.table.under([change.pool])
    codes = {layer.objects[place].code for place in np.flatnonzero(inside).tolist()}
    members = np.append(inside, False)
    rows = np.flatnonzero(members[np.where(held.pool >= 0, held.pool - layer.first, -1)])
    owned = [
        place
        for place, one in enumerate(held.own)
        if (one.measure, one.layer) == ("cost", "pool") and one.code in codes
    ]
    units, _ = convert_own([held.own[place] for place in owned], held.digits)
    before = [*held.units[rows].tolist(), *units]
    after = _changed_parts(before, change, held.digits)
    own = list(held.own)
    if after is None:
        own.append(OwnAmount("cost", "pool", change.pool, change.amount or Decimal(0)))
        return replace(held, own=own)
    if any(abs(one) >= LIMIT for one in after):
        raise RuleBroken("a pool of that size cannot be counted exactly", code="amount_too_large")
    changed = held.units.copy()
    changed[rows] = after[: len(rows)]
    for place, one in zip(owned, after[len(rows) :], strict=True):
        own[place] = replace(own[place], amount=from_units(one, held.digits))
    return replace(held, units=changed, own=own)


def _changed_parts(before: Sequence[int], change: PoolChange, digits: int) -> list[int] | None:
    """The parts of a pool afterwards; None when there is nothing to be in proportion to."""
    if change.factor is not None:
        decimals = decimals_of(change.factor)
        return in_proportion(before, to_units(change.factor, decimals), 10**decimals)
    total, amount = sum(before), change.amount or Decimal(0)
    if not total:
        return None
    decimals = max(digits, decimals_of(amount))
    return in_proportion(before, to_units(amount, decimals), total * 10 ** (decimals - digits))


def _in_run_currency(groups: LineGroups, units: Int64s, currency: str, digits: int) -> LineGroups:
    """The same groups with whole units of the run's own currency as their amounts."""
    step = 10 ** (EXACT_DECIMALS - digits)
    amounts = [unit * step for unit in units.tolist()]
    return replace(
        groups,
        currency=Column(np.zeros(len(units), dtype=np.int32), (currency,)),
        amounts=amounts,
        gross=[
            max(abs(amount), min(gross, 1))
            for amount, gross in zip(amounts, groups.gross, strict=True)
        ],
    )
