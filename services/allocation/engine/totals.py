"""Adding a run up: totals per measure, and the list of what stayed unallocated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from services.allocation.engine.flows.kept import Kept
from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.lines.classification import OUT_OF_SCOPE, Classified
from services.allocation.engine.lines.conversion import ConvertedLines
from services.allocation.engine.model import Int64s, MappingSpec, OwnAmount
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.result import Balances, Totals, UnallocatedEntry
from shared.money import EXACT, from_units


@dataclass(frozen=True)
class OwnTotal:
    """The exact sum of a measure's own amounts, and what rounding them to units left of it."""

    amount: Decimal
    residual: Decimal


def exact_total(own: Sequence[OwnAmount]) -> Decimal:
    """The exact sum of own amounts."""
    total = Decimal(0)
    for one in own:
        total = EXACT.add(total, one.amount)
    return total


def sum_up(
    numbering: Numbering,
    balances: Balances,
    precision: Mapping[str, int],
    lines: ConvertedLines,
    own: Mapping[str, OwnTotal],
    out_of_scope_units: int,
) -> dict[str, Totals]:
    """The totals of every measure; lines enter the first measure, cost.

    lines and own are exact; what rounding them to units left is the residual.
    """
    totals: dict[str, Totals] = {}
    consumers = numbering.layers["consumer"]
    stretch = slice(consumers.first, consumers.first + len(consumers))
    for place, (measure, digits) in enumerate(precision.items()):
        from_lines = place == 0
        at_consumers = exact_sum(balances.retained[place, stretch])
        elsewhere = exact_sum(balances.retained[place]) - at_consumers
        line_total = lines.total if from_lines else Decimal(0)
        left_out = from_units(out_of_scope_units, digits) if from_lines else Decimal(0)
        residual = EXACT.add(own[measure].residual, lines.residual if from_lines else Decimal(0))
        totals[measure] = Totals(
            lines=line_total,
            out_of_scope=left_out,
            own=own[measure].amount,
            input=EXACT.add(EXACT.subtract(line_total, left_out), own[measure].amount),
            consumers=from_units(at_consumers, digits),
            retained=from_units(elsewhere, digits),
            unallocated=from_units(exact_sum(balances.unallocated[place]), digits),
            residual=residual,
        )
    return totals


def exact_sum(units: Int64s) -> int:
    """The sum of many units as a Python integer, free of overflow."""
    high = int((units >> 32).sum())
    return (high << 32) + int((units & 0xFFFFFFFF).sum())


def out_of_scope_units(classified: Classified, units: Int64s) -> int:
    """The units of all groups that are not IT."""
    return exact_sum(units[classified.pool == OUT_OF_SCOPE])


def collect_entries(
    leg: Leg, kept: Sequence[Kept], unknown: UnknownCodes
) -> list[UnallocatedEntry]:
    """What a leg could not move, per object, reason, mapping and unknown code.

    An entry whose amounts cancel out to zero is kept: its source had something to give.
    """
    sums: dict[tuple[int, str, int, int], list[int]] = {}
    for one in kept:
        numbers = leg.object_of[one.source].tolist()
        for row, (number, mapping) in enumerate(zip(numbers, one.mapping.tolist(), strict=True)):
            amounts = one.amounts[:-1, row].tolist()
            key = (number, one.reason, mapping, one.unknown)
            before = sums.get(key, [0] * len(amounts))
            sums[key] = [a + b for a, b in zip(before, amounts, strict=True)]
    return [_entry(key, amounts, leg.mappings, unknown) for key, amounts in sorted(sums.items())]


def _entry(
    key: tuple[int, str, int, int],
    amounts: Sequence[int],
    mappings: Sequence[MappingSpec],
    unknown: UnknownCodes,
) -> UnallocatedEntry:
    number, reason, mapping, stranger = key
    return UnallocatedEntry(
        object_number=number,
        reason=reason,
        mapping=mappings[mapping].code if mapping >= 0 else None,
        unknown_code=unknown.code_of(stranger) if stranger >= 0 else None,
        units=amounts,
    )


def line_entries(
    classified: Classified, units: Int64s, line_number: int, reasons: Mapping[int, str], width: int
) -> list[UnallocatedEntry]:
    """The lines that found no pool, per reason and mapping; only cost comes from lines."""
    entries = []
    for code, reason in reasons.items():
        rows = classified.pool == code
        for place in np.unique(classified.mapping[rows]).tolist():
            mine = rows & (classified.mapping == place)
            amount = exact_sum(units[mine])
            mapping = classified.mappings[place].code if place >= 0 else None
            padded = [amount, *[0] * (width - 1)]
            entries.append(UnallocatedEntry(line_number, reason, mapping, None, padded))
    return entries
