"""A whole run: lines to segments, then layer by layer down to the consumers."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.accuracy import judge_accuracy
from services.allocation.engine.fingerprint import fingerprint, hash_arrays
from services.allocation.engine.flows.layers import Sources, Work, leave, leave_layer, with_stand_in
from services.allocation.engine.flows.prices import PriceBook, refuse_missing_prices
from services.allocation.engine.flows.unknown import find_unknown_codes
from services.allocation.engine.lines.classification import (
    NO_MAPPING,
    OUT_OF_SCOPE,
    UNKNOWN_TARGET,
    Classified,
    Segments,
    classify,
    make_segments,
    segment_keys,
)
from services.allocation.engine.lines.conversion import (
    choose_precision,
    convert_lines,
    convert_own,
    currency_rates,
)
from services.allocation.engine.lines.grouping import canonical_groups, keep_groups
from services.allocation.engine.model import (
    Int32s,
    Int64s,
    LineGroups,
    RunInput,
)
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.result import Balances, RunResult, UnallocatedEntry
from services.allocation.engine.same_layer.settling import GrossTooLarge
from services.allocation.engine.splitting.split import LIMIT
from services.allocation.engine.totals import (
    OwnTotal,
    exact_sum,
    exact_total,
    line_entries,
    out_of_scope_units,
    sum_up,
)
from shared.errors import FieldError, RuleBroken


def run_allocation(taken: RunInput) -> RunResult:
    """Run the model over the lines and own amounts of one period.

    For every object and measure own + received = passed on + retained + unallocated, to the last
    unit, and the same inputs give the same result whatever their order. Raises RuleBroken
    `missing_rate`, `amount_too_large`, `too_many_flows`, `closed_loop`, `near_singular`.
    """
    _check(taken)
    asked, found = taken, None
    while found is None:
        try:
            found = _run(taken)
        except GrossTooLarge as error:
            taken = _with_fewer_decimals(asked, taken, error)
    return found


def _with_fewer_decimals(asked: RunInput, taken: RunInput, error: GrossTooLarge) -> RunInput:
    """The same run counted more coarsely, where amounts grew too large on their way."""
    measure = asked.measures[error.measure]
    fewest = asked.minor_digits if measure == "cost" else 0
    digits = _precisions(taken, canonical_groups(taken.groups))[measure]
    if measure in asked.precision or digits <= fewest:
        message = "amounts of this run grow too large on their way to be counted exactly"
        raise RuleBroken(message, code="amount_too_large") from None
    fewer = max(1, math.ceil(math.log10(error.units / LIMIT)))
    return replace(taken, precision={**taken.precision, measure: max(fewest, digits - fewer)})


def _run(taken: RunInput) -> RunResult:
    """One attempt; raises GrossTooLarge."""
    clock = _Clock()
    numbering = Numbering(taken.objects, taken.period)
    rates = currency_rates(taken)
    refuse_missing_prices(taken, rates)
    groups = canonical_groups(taken.groups)
    mark = fingerprint(taken, groups)
    clock.lap("fingerprint")
    precision = _precisions(taken, groups)
    lines = convert_lines(groups, rates, precision["cost"], taken.on_missing_rate)
    groups = keep_groups(groups, lines.kept)
    units = lines.units[lines.kept]
    classified = classify(groups, numbering, taken.mappings, taken.period)
    keys = segment_keys(taken.mappings, taken.period)
    balances = Balances.empty(len(taken.measures), numbering.count)
    prices = PriceBook(rates, precision["cost"])
    work = Work(taken, numbering, balances, prices, findings=[*classified.findings])
    own = _enter_own(work, precision)
    with_own = _pools_with_own(work)
    segments = make_segments(groups, classified.pool, numbering, keys, with_own)
    unknown = find_unknown_codes(taken, numbering, segments)
    clock.lap("classify")
    _enter_lines(work, classified, units)
    leave(work, "pool", unknown, _segment_sources(work, segments, units, groups.gross))
    for layer in ("resource", "solution"):
        leave_layer(work, layer, unknown)
    consumers = numbering.layers["consumer"]
    stretch = slice(consumers.first, consumers.first + len(consumers))
    balances.retained[:, stretch] = balances.holding[:, stretch]
    clock.lap("legs")
    left_out = out_of_scope_units(classified, units)
    totals = sum_up(numbering, balances, precision, lines, own, left_out)
    accuracy = judge_accuracy(numbering, work.legs, balances)
    clock.lap("accuracy")
    digest = _output_hash(work, units, classified)
    clock.lap("output_hash")
    return RunResult(
        period=taken.period,
        scenario=taken.scenario,
        currency=taken.currency,
        measures=tuple(taken.measures),
        rates=dict(taken.rates),
        precision=precision,
        numbering=numbering,
        groups=groups,
        group_units=units,
        classified=classified,
        segments=segments,
        legs=work.legs,
        balances=balances,
        entries=work.entries,
        totals=totals,
        accuracy=accuracy,
        findings=work.findings,
        unconverted=lines.unconverted,
        fingerprint=mark,
        output_hash=digest,
        timings_ms=clock.laps,
    )


class _Clock:
    """Times the laps of a run in milliseconds."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.laps: dict[str, int] = {}

    def lap(self, name: str) -> None:
        """End a lap."""
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000)
        self._last = now


def _check(taken: RunInput) -> None:
    if not taken.measures or taken.measures[0] != "cost":
        message = "a run's first measure is `cost`; the others take its weights"
        errors = [FieldError("/measures", "cost_missing", message)]
        raise RuleBroken(message, code="cost_missing", errors=errors)


def _precisions(taken: RunInput, groups: LineGroups) -> dict[str, int]:
    rates = currency_rates(taken)
    precision: dict[str, int] = {}
    for measure in taken.measures:
        own = [one for one in taken.own_amounts if one.measure == measure]
        fixed = taken.precision.get(measure)
        if measure == "cost":
            precision[measure] = choose_precision(groups, rates, own, taken.minor_digits, fixed)
        else:
            precision[measure] = choose_precision(None, rates, own, 0, fixed)
    return precision


def _enter_own(work: Work, precision: Mapping[str, int]) -> dict[str, OwnTotal]:
    """Put own amounts on their objects; gives their exact sum and what rounding left of it.

    One for an object that no layer has in the period is unallocated on the lines' own account.
    """
    totals: dict[str, OwnTotal] = {}
    balances, line = work.balances, work.numbering.line
    for place, (measure, digits) in enumerate(precision.items()):
        own = [one for one in work.taken.own_amounts if one.measure == measure]
        units, residual = convert_own(own, digits)
        totals[measure] = OwnTotal(exact_total(own), residual)
        for one, unit in zip(own, units, strict=True):
            number = work.numbering.number(one.layer, one.code)
            if number is None:
                number = line
                balances.unallocated[place, line] += unit
                amounts = [unit if at == place else 0 for at in range(len(precision))]
                entry = UnallocatedEntry(line, "unknown_target", None, one.code, amounts)
                work.entries.append(entry)
            balances.own[place, number] += unit
            balances.touched[place, number] |= unit != 0
    return totals


def _pools_with_own(work: Work) -> Int32s:
    pools = work.numbering.layers["pool"]
    touched = work.balances.touched[:, pools.first : pools.first + len(pools)].any(axis=0)
    return (np.flatnonzero(touched) + pools.first).astype(np.int32)


def _enter_lines(work: Work, classified: Classified, units: Int64s) -> None:
    """Put the lines' money on their own account and pass on to pools what has one."""
    balances, line = work.balances, work.numbering.line
    in_pool = classified.pool >= 0
    passed = exact_sum(units[in_pool])
    entering = exact_sum(units[classified.pool != OUT_OF_SCOPE])
    balances.own[0, line] += entering
    balances.passed_on[0, line] += passed
    balances.unallocated[0, line] += entering - passed
    np.add.at(balances.received[0], classified.pool[in_pool], units[in_pool])
    reasons = {NO_MAPPING: "no_mapping", UNKNOWN_TARGET: "unknown_target"}
    width = len(work.taken.measures)
    work.entries += line_entries(classified, units, line, reasons, width)


def _segment_sources(
    work: Work, segments: Segments, units: Int64s, gross: Sequence[int]
) -> Sources:
    """What each segment holds, with a stand-in where its lines cancel out."""
    balances, measures = work.balances, len(work.taken.measures)
    amounts = np.zeros((measures + 1, len(segments)), dtype=np.int64)
    touched = np.zeros((measures, len(segments)), dtype=np.bool_)
    rows = segments.of_group >= 0
    np.add.at(amounts[0], segments.of_group[rows], units[rows])
    has_gross = np.array([one != 0 for one in gross], dtype=np.bool_)[rows]
    np.logical_or.at(touched[0], segments.of_group[rows], has_gross)
    count = int(segments.of_group.max(initial=-1)) + 1
    amounts[:-1, count:] = balances.own[:, segments.pool[count:]]
    touched[:, count:] = balances.touched[:, segments.pool[count:]]
    np.logical_or.at(balances.touched[0], segments.pool, touched[0])
    has_cost = touched[0] | (amounts[0] != 0)
    return Sources(segments.table, segments.pool, with_stand_in(amounts, touched), has_cost)


def _output_hash(work: Work, units: Int64s, classified: Classified) -> str:
    """The hash of every flow and balance, in the canonical order in which they are made."""
    balances = work.balances
    arrays: list[NDArray[Any]] = [units, classified.pool, classified.mapping]
    arrays += [balances.own, balances.received, balances.passed_on]
    arrays += [balances.retained, balances.unallocated]
    for leg in work.legs:
        arrays += [leg.patterns.firsts, leg.patterns.targets, leg.patterns.weights]
        arrays += [leg.source, leg.mapping, leg.pattern, leg.parts]
    return hash_arrays(arrays)
