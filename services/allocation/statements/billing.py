"""Reduces a run to bills: what each consumer got from each object, and by what quantity."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import numpy as np

from services.allocation.engine.flows.leg import Leg, edge_places
from services.allocation.engine.model import Int64s
from services.allocation.engine.result import RunResult
from services.allocation.statements.domain import round_bills, round_lines, unit_price
from shared.money import from_units

NO_DRIVER = -1
LAYER_RANK = {"solution": 0, "resource": 1, "pool": 2}


@dataclass(frozen=True)
class OwnLine:
    """An amount that a consumer got as its own: a correction, or one of unknown origin."""

    consumer: int
    kind: str
    units: int
    names: Mapping[str, str]
    dispute: UUID | None = None


@dataclass(frozen=True)
class BillLine:
    """One line of a bill, rounded."""

    kind: str
    layer: str
    code: str
    names: Mapping[str, str]
    driver: str | None
    quantity: Decimal | None
    unit_price: Decimal | None
    amount: Decimal
    dispute: UUID | None


@dataclass(frozen=True)
class Bill:
    """What one consumer is billed; its lines are made while they are read."""

    consumer: str
    path: Sequence[str]
    names: Mapping[str, str]
    amount: Decimal
    run_amount: Decimal
    lines: Iterator[BillLine]


@dataclass(frozen=True)
class Charges:
    """What consumers got from objects, one row per pair; the quantity is -1 where none is known.

    Quantity i is `quantities[i]` x 10^-decimals[i] of the driver `codes[drivers[i]]`.
    """

    consumers: Int64s
    sources: Int64s
    units: Int64s
    drivers: Int64s
    quantities: Int64s
    decimals: Int64s
    codes: Sequence[str]


def find_charges(result: RunResult) -> Charges:
    """Every pair of object and consumer between which cost flowed, in order of their numbers.

    A pair has a quantity when one driver's one quantity stands behind all that flowed.
    """
    codes: dict[str, int] = {}
    rows = [_to_consumers(result, leg, codes) for leg in result.legs]
    count = result.numbering.count
    joined = np.concatenate([np.empty((5, 0), dtype=np.int64), *rows], axis=1)
    order = np.argsort(joined[0], kind="stable")
    pairs, units, *behind = joined[:, order]
    heads = np.flatnonzero(np.append(True, pairs[1:] != pairs[:-1])) if len(pairs) else pairs
    sums = _reduced(np.add, units, heads)
    lows = [_reduced(np.minimum, one, heads) for one in behind]
    highs = [_reduced(np.maximum, one, heads) for one in behind]
    is_one = np.all([low == high for low, high in zip(lows, highs, strict=True)], axis=0)
    consumers, sources = np.divmod(pairs[heads], max(count, 1))
    drivers = np.where(is_one, lows[0], NO_DRIVER)
    kept = sums != 0
    return Charges(
        consumers[kept],
        sources[kept],
        sums[kept],
        drivers[kept],
        lows[1][kept],
        lows[2][kept],
        list(codes),
    )


def _reduced(how: np.ufunc, values: Int64s, heads: Int64s) -> Int64s:
    found: Int64s = how.reduceat(values, heads) if len(heads) else values
    return found


def _to_consumers(result: RunResult, leg: Leg, codes: dict[str, int]) -> Int64s:
    """Per edge to a consumer: pair, units, driver, quantity and its decimals."""
    members = result.numbering.layers["consumer"]
    places = edge_places(leg.rows)
    targets = leg.patterns.targets[places]
    there = np.flatnonzero((targets >= members.first) & (targets < members.first + len(members)))
    row = np.repeat(np.arange(len(leg.source)), leg.rows.widths)[there]
    places, targets = places[there], targets[there].astype(np.int64)
    numbers = [
        NO_DRIVER if one.driver is None else codes.setdefault(one.driver, len(codes))
        for one in leg.mappings
    ]
    pattern = leg.pattern[row]
    decimals = leg.patterns.decimals[pattern].astype(np.int64)
    decimals[np.isin(pattern, list(leg.patterns.big))] = -1
    drivers = np.array([*numbers, NO_DRIVER], dtype=np.int64)[leg.mapping[row]]
    drivers[decimals < 0] = NO_DRIVER
    pairs = targets * result.numbering.count + leg.object_of[leg.source[row]]
    quantities = leg.patterns.weights[places].astype(np.int64)
    return np.stack([pairs, leg.parts[0][there], drivers, quantities, decimals])


class Billing:
    """All bills of a run: rounded jointly to the rounded total, then their lines within each."""

    def __init__(self, result: RunResult, digits: int, own_lines: Sequence[OwnLine] = ()) -> None:
        self._result = result
        self._charges = find_charges(result)
        self._own = _complete(result, own_lines)
        precision = result.precision["cost"]
        self._precision, self._digits = precision, min(precision, digits)
        step = 10 ** (precision - self._digits)
        consumers = np.concatenate(
            [self._charges.consumers, np.array([one.consumer for one in self._own], np.int64)]
        )
        units = np.concatenate(
            [self._charges.units, np.array([one.units for one in self._own], np.int64)]
        )
        self._order = np.lexsort((*self._places(), consumers))
        self._consumers, bill = np.unique(consumers[self._order], return_inverse=True)
        self._ends = np.searchsorted(bill, np.arange(len(self._consumers) + 1))
        self._units = np.zeros(len(self._consumers), dtype=np.int64)
        np.add.at(self._units, bill, units[self._order])
        self._check()
        self._coins = round_bills(self._units, step)
        self._line_coins = round_lines(units[self._order], bill, self._coins, step)

    def _places(self) -> tuple[Int64s, Int64s]:
        """Where a line stands in its bill: solutions, resources, pools, then own amounts."""
        numbering = self._result.numbering
        ranks = np.zeros(numbering.count + 1, dtype=np.int64)
        for layer, rank in LAYER_RANK.items():
            members = numbering.layers[layer]
            ranks[members.first : members.first + len(members)] = rank
        sources = self._charges.sources
        count = len(self._own)
        within = np.concatenate([sources, np.arange(count)])
        return within, np.concatenate([ranks[sources], np.full(count, len(LAYER_RANK))])

    def _check(self) -> None:
        """Bills are what the run left with consumers, to the last unit."""
        retained = self._result.balances.retained[0]
        members = self._result.numbering.layers["consumer"]
        kept = np.zeros_like(retained)
        kept[self._consumers] = self._units
        stretch = slice(members.first, members.first + len(members))
        if not np.array_equal(kept[stretch], retained[stretch]):
            raise ArithmeticError("bills do not add up to what the run left with consumers")

    @property
    def total(self) -> Decimal:
        """What all bills add up to: the run's cost of all consumers, rounded once."""
        return from_units(sum(self._coins.tolist()), self._digits)

    @property
    def codes(self) -> list[str]:
        """The consumers that have a bill."""
        return [self._result.numbering.objects[number].code for number in self._consumers.tolist()]

    def bills(self) -> Iterator[Bill]:
        """Every bill in order of consumers' codes."""
        for place, number in enumerate(self._consumers.tolist()):
            found = self._result.numbering.objects[number]
            yield Bill(
                consumer=found.code,
                path=path_of(self._result, number),
                names=found.names,
                amount=from_units(int(self._coins[place]), self._digits),
                run_amount=from_units(int(self._units[place]), self._precision),
                lines=self._lines(int(self._ends[place]), int(self._ends[place + 1])),
            )

    def _lines(self, first: int, last: int) -> Iterator[BillLine]:
        for place in range(first, last):
            row = int(self._order[place])
            amount = from_units(int(self._line_coins[place]), self._digits)
            own = row - len(self._charges.units)
            yield self._own_line(self._own[own], amount) if own >= 0 else self._charge(row, amount)

    def _charge(self, row: int, amount: Decimal) -> BillLine:
        charges = self._charges
        source = self._result.numbering.objects[int(charges.sources[row])]
        driver, quantity = int(charges.drivers[row]), None
        if driver != NO_DRIVER:
            quantity = from_units(int(charges.quantities[row]), int(charges.decimals[row]))
        return BillLine(
            kind="charge",
            layer=source.layer,
            code=source.code,
            names=source.names,
            driver=None if driver == NO_DRIVER else charges.codes[driver],
            quantity=quantity,
            unit_price=unit_price(amount, quantity),
            amount=amount,
            dispute=None,
        )

    def _own_line(self, own: OwnLine, amount: Decimal) -> BillLine:
        code = self._result.numbering.objects[own.consumer].code
        return BillLine(
            own.kind, "consumer", code, own.names, None, None, None, amount, own.dispute
        )


def _complete(result: RunResult, known: Sequence[OwnLine]) -> list[OwnLine]:
    """The known lines of consumers' own amounts, and one more for what they do not explain."""
    members = result.numbering.layers["consumer"]
    left = result.balances.own[0].copy()
    for one in known:
        left[one.consumer] -= one.units
    names = {"en": "Own amounts", "zh-CN": "自有金额"}
    stretch = left[members.first : members.first + len(members)]
    rest = [
        OwnLine(members.first + place, "own", int(stretch[place]), names)
        for place in np.flatnonzero(stretch).tolist()
    ]
    return [*known, *rest]


def path_of(result: RunResult, number: int) -> list[str]:
    """The codes from the root of the consumers' tree down to one of them."""
    numbers = result.numbering.layers["consumer"].numbers
    path = [result.numbering.objects[number]]
    while path[-1].parent is not None and path[-1].parent in numbers:
        path.append(result.numbering.objects[numbers[path[-1].parent]])
    return [one.code for one in reversed(path)]
