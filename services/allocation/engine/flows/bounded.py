"""Rates, floors and caps: parts that do not follow from weights alone, per source object."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from services.allocation.engine.columns import Mask
from services.allocation.engine.flows.kept import Kept
from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.flows.patterns import PatternStore
from services.allocation.engine.flows.prices import PriceBook, PriceList
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.model import Finding, Int64s, MappingSpec
from services.allocation.engine.numbering import Numbering
from services.allocation.engine.same_layer.settling import GrossTooLarge
from services.allocation.engine.splitting.clamping import clamp_parts
from services.allocation.engine.splitting.split import LIMIT, Rows, fit_weights, split, split_big
from shared.money import from_units, plain, round_ratio


def is_bounded(spec: MappingSpec) -> bool:
    """Whether the parts of a mapping do not follow from its weights alone."""
    return spec.method == "rate" or bool(spec.floor) or bool(spec.cap)


@dataclass
class BoundedParts:
    """Gives the rows of rates, floors and caps of a leg their parts.

    `store` has the patterns' own weights, before any were made smaller; `has_cost` tells the
    sources that hold cost, even if it cancels out. Only these are charged a rate.
    """

    numbering: Numbering
    unknown: UnknownCodes
    store: PatternStore
    prices: PriceBook
    has_cost: Mask
    findings: list[Finding] = field(default_factory=list)
    unmet: list[Kept] = field(default_factory=list)
    _charged: int = 0

    def settle(self, leg: Leg, moved: Int64s) -> None:
        """Replace the parts of all such rows; moved[line, row] is what each row took."""
        for place, spec in enumerate(leg.mappings):
            if not is_bounded(spec):
                continue
            rows = np.flatnonzero(leg.mapping == place)
            groups = list(_by_object(leg, rows))
            if spec.method == "rate":
                self._rates(spec, leg, moved, groups)
            else:
                limits = (self.prices.read(spec.floor), self.prices.read(spec.cap))
                for group in groups:
                    self._bounds(spec, limits, leg, moved, group)

    def _rates(self, spec: MappingSpec, leg: Leg, moved: Int64s, groups: list[Int64s]) -> None:
        """Charge each source object quantity x rate; the rest is the difference."""
        prices, difference = self.prices.read(spec.rates), self.unknown.kept_back("rate_difference")
        charges: dict[int, list[int]] = {}
        users: dict[int, list[int]] = {}
        for group in groups:
            pattern = int(leg.pattern[group[0]])
            if int(self.store.targets_of(pattern)[-1]) != difference:
                continue
            if pattern not in charges:
                charges[pattern] = self._charges(pattern, prices)
            if self.has_cost[leg.source[group]].any():
                self._note_charges(charges[pattern])
                users.setdefault(pattern, []).append(int(leg.object_of[leg.source[group[0]]]))
            self._charge(leg, moved, group, charges[pattern])
        for pattern, objects in users.items():
            if len(objects) > 1 and any(charges[pattern]):
                self.findings.append(self._charged_twice(spec, objects))

    def _charges(self, pattern: int, prices: PriceList) -> list[int]:
        """Quantity x rate per target, rounded to units; nothing where there is no rate."""
        charges = []
        targets = self.store.targets_of(pattern)[:-1].tolist()
        scale = 10 ** self.store.decimals_of(pattern)
        for target, quantity in zip(targets, self._weights(pattern), strict=False):
            price = prices.of(self._code(target))
            exact = Fraction(0) if price is None else price * quantity / scale
            charges.append(round_ratio(exact.numerator, exact.denominator))
        return charges

    def _weights(self, pattern: int) -> list[int]:
        return [int(weight) for weight in self.store.weights_of(pattern)]

    def _note_charges(self, charges: list[int]) -> None:
        self._charged += sum(charges)
        if self._charged >= LIMIT:
            raise GrossTooLarge(0, float(self._charged))

    def _charge(self, leg: Leg, moved: Int64s, group: Int64s, charges: list[int]) -> None:
        amounts = moved[:, group]
        took, charged = int(amounts[0].sum()), sum(charges)
        rest = max(took - charged, 0) if took > 0 else 0
        _share_out(leg, moved, group, [*charges, rest if any(charges) else 1])
        if not self.has_cost[leg.source[group]].any():
            return
        table = _spread_charges(charges, np.abs(amounts[0]))
        _set_parts(leg, 0, group, np.column_stack([table, amounts[0] - table.sum(axis=1)]))

    def _charged_twice(self, spec: MappingSpec, objects: list[int]) -> Finding:
        codes = [self.numbering.code_of(number) for number in objects]
        return Finding(
            code="rate_charged_twice",
            stage=spec.stage,
            mapping=spec.code,
            message=f"{spec.code} charges the same quantities for {len(codes)} source objects",
            details={"objects": codes[:100]},
        )

    def _bounds(
        self,
        spec: MappingSpec,
        limits: tuple[PriceList, PriceList],
        leg: Leg,
        moved: Int64s,
        group: Int64s,
    ) -> None:
        """Keep each target of a source object between its floor and its cap."""
        pattern = int(leg.pattern[group[0]])
        every = self.store.targets_of(pattern)
        ends_capped = int(every[-1]) == self.unknown.kept_back("capped")
        targets = every[: len(every) - ends_capped].tolist()
        weights = self._weights(pattern)[: len(targets)]
        amounts = moved[0, group]
        took = int(amounts.sum())
        floors, caps = self._limits(*limits, targets)
        found = clamp_parts(abs(took), weights, floors, caps)
        tail = [found.capped] if ends_capped else []
        shares = [*found.parts, *tail] if took else [*weights, *[0 for _ in tail]]
        _share_out(leg, moved, group, shares)
        if len(group) == 1:
            sign = -1 if took < 0 else 1
            table = np.array([[*found.parts, *tail]], dtype=np.int64) * sign
        else:
            running = np.cumsum(amounts)
            table = np.diff(_split_rows(running[np.newaxis], shares)[0], axis=0, prepend=0)
        _set_parts(leg, 0, group, table)
        if found.lacking and self.has_cost[leg.source[group]].any():
            self._note_unmet(spec, leg, group, found.lacking)

    def _limits(
        self, floor: PriceList, cap: PriceList, targets: list[int]
    ) -> tuple[list[int], list[int | None]]:
        codes = [self._code(target) for target in targets]
        floors = [floor.units(code) or 0 for code in codes]
        caps = [cap.units(code) for code in codes]
        return floors, [
            limit if limit is None else max(limit, lowest)
            for limit, lowest in zip(caps, floors, strict=True)
        ]

    def _note_unmet(self, spec: MappingSpec, leg: Leg, group: Int64s, lacking: int) -> None:
        first = group[:1]
        nothing = np.zeros((len(leg.holding), 1), dtype=np.int64)
        self.unmet.append(Kept(leg.source[first], leg.mapping[first], "floor_unmet", -1, nothing))
        code = self.numbering.code_of(int(leg.object_of[leg.source[first[0]]]))
        missing = plain(from_units(lacking, self.prices.precision))
        self.findings.append(
            Finding(
                code="floor_unmet",
                stage=spec.stage,
                mapping=spec.code,
                message=f"{code} has {missing} less than the floors of {spec.code} ask for",
                details={"object": code, "missing": missing},
            )
        )

    def _code(self, number: int) -> str:
        code = self.numbering.code_of(number)
        return self.unknown.code_of(number) if code is None else code


def _by_object(leg: Leg, rows: Int64s) -> Iterator[Int64s]:
    """The rows of each source object: all segments of a pool together."""
    objects = leg.object_of[leg.source[rows]]
    ordered = rows[np.argsort(objects, kind="stable")]
    heads = np.flatnonzero(np.diff(np.sort(objects), prepend=-1))
    return (group for group in np.split(ordered, heads[1:]) if len(group))


def _spread_charges(charges: list[int], sizes: Int64s) -> Int64s:
    """Charges of a source object on its segments by their sizes: table[segment, target]."""
    row = np.array([charges], dtype=np.int64)
    if len(sizes) == 1:
        return row
    weights = sizes if sizes.any() else np.ones_like(sizes)
    columns = np.zeros(len(charges), dtype=np.int64)
    parts = split(row, Rows.sharing(columns, columns + len(sizes)), weights)
    return parts.reshape(len(charges), len(sizes)).T


def _share_out(leg: Leg, moved: Int64s, group: Int64s, shares: list[int]) -> None:
    """Give the other measures and the stand-ins of these rows the same shares as cost has."""
    if not moved[1:, group].any():
        return
    others = _split_rows(moved[1:, group], shares)
    for measure in range(1, len(leg.parts)):
        _set_parts(leg, measure, group, others[measure - 1])
    shaped = np.searchsorted(leg.shape_row, group)
    for place, at in enumerate(shaped.tolist()):
        if at < len(leg.shape_row) and leg.shape_row[at] == group[place]:
            out = int(leg.shape_rows.outs[at])
            leg.shape_parts[0, out : out + len(shares)] = others[-1][place]


def _split_rows(amounts: Int64s, shares: list[int]) -> Int64s:
    """Split amounts[line, row] all by the same shares into parts[line, row, target]."""
    weights = fit_weights(np.array(shares, dtype=object))
    lines, count = amounts.shape
    if weights.dtype == object:
        exact = [split_big(int(one), list(weights)) for one in amounts.reshape(-1)]
        return np.array(exact, dtype=np.int64).reshape(lines, count, len(shares))
    firsts = np.zeros(count, dtype=np.int64)
    parts = split(amounts, Rows.sharing(firsts, firsts + len(shares)), weights)
    return parts.reshape(lines, count, len(shares))


def _set_parts(leg: Leg, measure: int, group: Int64s, table: Int64s) -> None:
    """Write table[row, target] to the edges of these rows."""
    width = table.shape[1]
    edges = leg.rows.outs[group][:, np.newaxis] + np.arange(width)
    leg.parts[measure][edges] = table
