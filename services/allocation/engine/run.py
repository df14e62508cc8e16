"""A whole run: lines to segments, then layer by layer down to the consumers."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.accuracy import judge_accuracy
from services.allocation.engine.classification import (
    NO_MAPPING,
    OUT_OF_SCOPE,
    UNKNOWN_TARGET,
    Classified,
    Segments,
    classify,
    make_segments,
    segment_keys,
)
from services.allocation.engine.columns import Table
from services.allocation.engine.conversion import (
    choose_precision,
    convert_lines,
    convert_own,
    currency_rates,
)
from services.allocation.engine.fingerprint import fingerprint, hash_arrays
from services.allocation.engine.grouping import canonical_groups, keep_groups
from services.allocation.engine.leg import STAND_IN, Leg, add_at, edge_places, run_leg
from services.allocation.engine.model import (
    Finding,
    Int32s,
    Int64s,
    LineGroups,
    RunInput,
)
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.order import leaving
from services.allocation.engine.outcomes import Resolver
from services.allocation.engine.result import Balances, RunResult, UnallocatedEntry
from services.allocation.engine.totals import (
    OwnTotal,
    collect_entries,
    exact_sum,
    exact_total,
    line_entries,
    out_of_scope_units,
    sum_up,
)
from services.allocation.engine.unknown import find_unknown_codes
from services.allocation.engine.weights import UnknownCodes
from shared.errors import FieldError, RuleBroken


@dataclass
class _Work:
    """A run on its way."""

    taken: RunInput
    numbering: Numbering
    balances: Balances
    legs: list[Leg] = field(default_factory=list)
    entries: list[UnallocatedEntry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def run_allocation(taken: RunInput) -> RunResult:
    """Run the model over the lines and own amounts of one period.

    For every object and measure own + received = passed on + retained + unallocated, to the last
    unit, and the same inputs give the same result whatever their order. Raises RuleBroken
    `missing_rate`, `amount_too_large`.
    """
    clock = _Clock()
    _check(taken)
    numbering = Numbering(taken.objects, taken.period)
    rates = currency_rates(taken)
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
    work = _Work(taken, numbering, balances, findings=[*classified.findings])
    own = _enter_own(work, precision)
    with_own = _pools_with_own(work)
    segments = make_segments(groups, classified.pool, numbering, keys, with_own)
    unknown = find_unknown_codes(taken, numbering, segments)
    clock.lap("classify")
    _enter_lines(work, classified, units)
    amounts = _segment_amounts(work, segments, units, groups.gross)
    _leave(work, "pool", unknown, segments.table, segments.pool, amounts)
    for layer in ("resource", "solution"):
        _leave_layer(work, layer, unknown)
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
        if measure == "cost":
            precision[measure] = choose_precision(groups, rates, own, taken.minor_digits)
        else:
            precision[measure] = choose_precision(None, rates, own, 0)
    return precision


def _enter_own(work: _Work, precision: Mapping[str, int]) -> dict[str, OwnTotal]:
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


def _pools_with_own(work: _Work) -> Int32s:
    pools = work.numbering.layers["pool"]
    touched = work.balances.touched[:, pools.first : pools.first + len(pools)].any(axis=0)
    return (np.flatnonzero(touched) + pools.first).astype(np.int32)


def _enter_lines(work: _Work, classified: Classified, units: Int64s) -> None:
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


def _segment_amounts(
    work: _Work, segments: Segments, units: Int64s, gross: Sequence[int]
) -> Int64s:
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
    return _with_stand_in(amounts, touched)


def _with_stand_in(amounts: Int64s, touched: NDArray[np.bool_]) -> Int64s:
    """Fill the last line: a source whose amounts cancel out in some measure gets a stand-in."""
    cancelled = (touched & (amounts[:-1] == 0)).any(axis=0)
    amounts[-1] = np.where(cancelled, STAND_IN, 0)
    return amounts


def _leave_layer(work: _Work, layer: str, unknown: UnknownCodes) -> None:
    members = work.numbering.layers[layer]
    numbers = np.arange(members.first, members.first + len(members), dtype=np.int32)
    balances = work.balances
    amounts = np.zeros((len(balances.own) + 1, len(members)), dtype=np.int64)
    amounts[:-1] = balances.holding[:, numbers]
    amounts = _with_stand_in(amounts, balances.touched[:, numbers])
    _leave(work, layer, unknown, members.table, numbers, amounts)


def _leave(
    work: _Work,
    layer: str,
    unknown: UnknownCodes,
    sources: Table,
    object_of: Int32s,
    amounts: Int64s,
) -> None:
    """Run a leg and book what it moved."""
    taken = work.taken
    mappings = leaving(layer, taken.mappings, taken.period)
    resolver = Resolver(work.numbering, taken.drivers, unknown, sources, object_of)
    leg, kept, findings = run_leg(layer, resolver, amounts, mappings)
    work.legs.append(leg)
    work.findings += findings
    work.entries += collect_entries(leg, kept, unknown)
    add_at(work.balances.retained, object_of, leg.retained[:-1])
    add_at(work.balances.unallocated, object_of, leg.unallocated[:-1])
    _book(work.balances, leg, work.numbering.count)


def _book(balances: Balances, leg: Leg, known: int) -> None:
    """Add a leg's parts to its targets' receipts and to what its sources passed on."""
    from services.allocation.engine.flow_kernels import add_receipts

    add_receipts(
        leg.parts,
        leg.rows.firsts,
        leg.rows.lasts,
        leg.rows.outs,
        leg.patterns.targets,
        leg.object_of[leg.source],
        known,
        balances.received,
        balances.passed_on,
        balances.touched,
    )
    if not len(leg.shape_row):
        return
    targets = leg.patterns.targets[edge_places(leg.shape_rows)]
    sources = np.repeat(leg.source[leg.shape_row], leg.shape_rows.widths)
    reached = (leg.shape_parts[0] > 0) & (targets < known)
    for measure, held in enumerate(leg.holding[:-1]):
        edges = reached & (held[sources] == 0) & (leg.holding[-1][sources] != 0)
        balances.touched[measure, targets[edges]] = True


def _output_hash(work: _Work, units: Int64s, classified: Classified) -> str:
    """The hash of every flow and balance, in the canonical order in which they are made."""
    balances = work.balances
    arrays: list[NDArray[Any]] = [units, classified.pool, classified.mapping]
    arrays += [balances.own, balances.received, balances.passed_on]
    arrays += [balances.retained, balances.unallocated]
    for leg in work.legs:
        arrays += [leg.patterns.firsts, leg.patterns.targets, leg.patterns.weights]
        arrays += [leg.source, leg.mapping, leg.pattern, leg.parts]
    return hash_arrays(arrays)
