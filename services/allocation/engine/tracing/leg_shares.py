"""Shares of what left a layer for later ones, for traces: one step back or forward."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.model import Int32s, Int64s
from services.allocation.engine.splitting.split import Rows, stretches
from services.allocation.engine.tracing.pairs import Pairs, added, summed, weighed


@dataclass(frozen=True)
class OverRecovered:
    """Rows of a rate that charged more than they took, or charged on nothing.

    `taken` is what the row took of its source, `charged` what it sent, `nowhere` what of that led
    nowhere; the difference came from outside: it is a source of its own in a trace.
    """

    rows: Int64s
    taken: Int64s
    charged: Int64s
    nowhere: Int64s

    @property
    def difference(self) -> Int64s:
        """What was charged without having been there."""
        return self.charged - self.taken


@dataclass(frozen=True)
class LegShares:
    """The flows of a leg, in one measure, as shares of what its sources held.

    Where a source's amounts cancel out, its stand-in gives the proportions. `known` is the number
    of objects; targets from there on lead nowhere.
    """

    leg: Leg
    measure: int
    known: int

    def back(self, reached: Pairs) -> tuple[Pairs, Pairs]:
        """Per source the share of its holding that ends in the goal, and what rates added to that.

        `reached` holds the share of each target's holding that counts.
        """
        from services.allocation.engine.tracing.trace_kernels import reach_back

        leg = self.leg
        count = leg.holding.shape[1]
        shares, more = np.zeros((2, count)), np.zeros((2, count))
        for parts, rows, source, held in self._flows():
            ends = (rows.firsts, rows.lasts, rows.outs, leg.patterns.targets, source, held)
            reach_back(parts, *ends, self.known, reached, shares)
        over = self.over_recovered
        if len(over.rows):
            source = leg.source[over.rows].astype(np.int64)
            ending = np.zeros((2, len(over.rows)))
            reach_back(*self._over_rows(), self.known, reached, ending)
            mine = _share(ending, over.taken, leg.holding[self.measure][source])
            shares = added(shares, summed(mine, source, count))
            more = summed(weighed(over.difference, ending), source, count)
        return shares, more

    def forward(self, here: Pairs, given: Pairs) -> None:
        """Pass on what is here (per source) to what targets are given."""
        from services.allocation.engine.tracing.trace_kernels import flow_on

        for parts, rows, source, held in self._flows():
            ends = (rows.firsts, rows.lasts, rows.outs, self.leg.patterns.targets, source, held)
            flow_on(parts, *ends, self.known, here, given)
        if len(self.over_recovered.rows):
            flow_on(*self._over_rows(), self.known, self._taken(here), given)

    def retained(self, here: Pairs) -> Pairs:
        """The part of what is here that stays as retained."""
        return self._stayed(here, self.leg.retained)

    def unallocated(self, here: Pairs) -> Pairs:
        """The part of what is here that stays unallocated; what rates added is no part of it."""
        over, kept = self.over_recovered, self.leg.unallocated
        if not len(over.rows):
            return self._stayed(here, kept)
        source, kept = self.leg.source[over.rows].astype(np.int64), kept.copy()
        np.subtract.at(kept[self.measure], source, over.nowhere - over.difference)
        lost = _share(self._taken(here), over.nowhere, over.charged)
        return added(self._stayed(here, kept), summed(lost, source, here.shape[1]))

    def _stayed(self, here: Pairs, kept: Int64s) -> Pairs:
        plain = _share(here, kept[self.measure], self.leg.holding[self.measure])
        return added(plain, _share(here, kept[-1], self._stand_ins))

    def _taken(self, here: Pairs) -> Pairs:
        """What each over-recovered row takes of what is here."""
        source = self.leg.source[self.over_recovered.rows]
        held = self.leg.holding[self.measure][source]
        return _share(np.ascontiguousarray(here[:, source]), self.over_recovered.taken, held)

    @property
    def _stand_ins(self) -> Int64s:
        """The stand-in of every source that has no net amount of the measure, else zero."""
        holding = self.leg.holding
        return np.where(holding[self.measure] == 0, holding[-1], 0)

    def _flows(self) -> list[tuple[Int64s, Rows, Int32s, Int64s]]:
        """Parts, rows, sources and holdings: the usual rows and those of stand-ins."""
        leg, rows, source = self.leg, self.leg.rows, self.leg.source
        if len(self.over_recovered.rows):
            usual = np.ones(len(source), dtype=np.bool_)
            usual[self.over_recovered.rows] = False
            rows = Rows(rows.firsts[usual], rows.lasts[usual], rows.outs[usual], rows.edge_count)
            source = source[usual]
        found = [(leg.parts[self.measure], rows, source, leg.holding[self.measure])]
        if len(leg.shape_row):
            shaped = leg.source[leg.shape_row]
            found.append((leg.shape_parts[0], leg.shape_rows, shaped, self._stand_ins))
        return found

    def _over_rows(self) -> tuple[Int64s, Int64s, Int64s, Int64s, Int32s, Int32s, Int64s]:
        """The over-recovered rows as sources of their own, which hold what they charged."""
        leg, over = self.leg, self.over_recovered
        itself = np.arange(len(over.rows), dtype=np.int32)
        ends = (leg.rows.firsts[over.rows], leg.rows.lasts[over.rows], leg.rows.outs[over.rows])
        return (leg.parts[self.measure], *ends, leg.patterns.targets, itself, over.charged)

    @cached_property
    def over_recovered(self) -> OverRecovered:
        """Rows whose difference runs against what they charged."""
        leg, none = self.leg, np.empty(0, dtype=np.int64)
        rated = [place for place, spec in enumerate(leg.mappings) if spec.method == "rate"]
        if not rated or leg.within:
            return OverRecovered(none, none, none, none)
        rows = np.flatnonzero(np.isin(leg.mapping, rated) & (leg.rows.widths > 0))
        widths = leg.rows.widths[rows]
        edges = stretches(leg.rows.outs[rows], widths)
        heads = np.cumsum(widths) - widths
        parts = leg.parts[self.measure][edges]
        targets = leg.patterns.targets[stretches(leg.rows.firsts[rows], widths)]
        lost = np.where(targets >= self.known, parts, 0)
        if not len(rows):
            return OverRecovered(none, none, none, none)
        taken, nowhere = np.add.reduceat(parts, heads), np.add.reduceat(lost, heads)
        difference = parts[heads + widths - 1]
        charged = taken - difference
        over = np.sign(difference) * np.sign(charged) < 0
        return OverRecovered(rows[over], taken[over], charged[over], (nowhere - difference)[over])


def _share(pairs: Pairs, part: Int64s, whole: Int64s) -> Pairs:
    """pairs x part / whole; nothing where the whole is nothing."""
    from services.allocation.engine.tracing.trace_kernels import take_share

    out = np.zeros(pairs.shape)
    take_share(np.ascontiguousarray(pairs), part, np.ascontiguousarray(whole), out)
    return out
