"""A layer between its receipts and what leaves it: its same-layer stage, settled as a whole."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Mask
from services.allocation.engine.flows.layers import Sources, with_stand_in
from services.allocation.engine.flows.leg import Leg
from services.allocation.engine.flows.weights import UnknownCodes
from services.allocation.engine.model import Int64s, RunInput, StageSetting
from services.allocation.engine.result import RunResult
from services.allocation.engine.rules.order import within
from services.allocation.engine.same_layer.stage import StageRun, run_stage
from services.allocation.engine.what_if.incremental_sums import Sums


@dataclass(frozen=True)
class _Arrived:
    """What a layer's objects hold before their stage, and which of them money came to at all."""

    held: Int64s
    touched: NDArray[np.bool_]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Arrived)
            and np.array_equal(self.held, other.held)
            and np.array_equal(self.touched, other.touched)
        )

    __hash__ = None  # type: ignore[assignment]


class WarmStage:
    """One layer of a finished run; `sums` and `touched` are the run's own."""

    def __init__(
        self,
        taken: RunInput,
        result: RunResult,
        unknown: UnknownCodes,
        layer: str,
        sums: Sums,
        touched: NDArray[np.bool_],
    ) -> None:
        self._taken, self._result, self._unknown = taken, result, unknown
        self._members = result.numbering.layers[layer]
        first = self._members.first
        self._stretch = slice(first, first + len(self._members))
        legs = [leg for leg in result.legs if leg.layer == layer]
        self._main = next(leg for leg in legs if not leg.within)
        self._leg = next((leg for leg in legs if leg.within), None)
        self._arrived_before = self._arrived(sums, touched)

    @cached_property
    def _inside(self) -> Int64s:
        """What each object received inside the layer in the run, per measure."""
        nothing = np.zeros_like(self._result.balances.received)
        if self._leg is None:
            return nothing[:, self._stretch]
        sums = Sums(nothing, np.stack([nothing, nothing]), nothing.copy(), nothing)
        self._book(sums, self._leg, 1)
        received: Int64s = sums.moved[0]
        return received[:, self._stretch]

    def _arrived(self, sums: Sums, touched: NDArray[np.bool_]) -> _Arrived:
        """What came to the layer, by sums in which the run's own stage still stands."""
        held = (sums.own + sums.moved[0])[:, self._stretch] - self._inside
        return _Arrived(held, touched[:, self._stretch])

    @cached_property
    def before(self) -> Sources:
        """What left the layer in the run."""
        amounts = self._main.holding
        has_cost = self._result.balances.touched[0, self._stretch] | (amounts[0] != 0)
        moves_on = np.ones(len(self._members), dtype=np.bool_)
        if self._leg is not None:
            moves_on = self._settled(self._arrived_before, self._taken, self._unknown).moves_on
        return self._sources(amounts, has_cost & moves_on)

    def after(
        self,
        sums: Sums,
        touched: NDArray[np.bool_],
        taken: RunInput,
        unknown: UnknownCodes,
        codes: Collection[str],
    ) -> Sources:
        """What leaves the layer after changes; where that differs, the sums take the new stage.

        `codes` are mappings that may do something else now. Raises RuleBroken `closed_loop`,
        `near_singular`; GrossTooLarge.
        """
        arrived = self._arrived(sums, touched)
        name = self._members.name
        mappings = within(name, taken.mappings, taken.period)
        concerned = [*(self._leg.mappings if self._leg else ()), *mappings]
        if arrived == self._arrived_before and not any(one.code in codes for one in concerned):
            return self.before
        if self._leg is not None:
            self._book(sums, self._leg, -1)
        left, reached = arrived.held, arrived.touched
        moves_on = np.ones(len(self._members), dtype=np.bool_)
        if mappings and len(self._members):
            stage = self._settled(arrived, taken, unknown)
            left, inside = self._left(sums, stage.leg)
            reached, moves_on = reached | stage.touched | inside, stage.moves_on
        amounts = np.zeros((len(left) + 1, len(self._members)), dtype=np.int64)
        amounts[:-1] = left
        has_cost = (reached[0] | (amounts[0] != 0)) & moves_on
        return self._sources(with_stand_in(amounts, reached & moves_on), has_cost)

    def _settled(self, arrived: _Arrived, taken: RunInput, unknown: UnknownCodes) -> StageRun:
        name = self._members.name
        return run_stage(
            self._result.numbering,
            name,
            taken.drivers,
            unknown,
            within(name, taken.mappings, taken.period),
            taken.stages.get(f"{name}_to_{name}", StageSetting()),
            arrived.held,
            arrived.touched,
        )

    def _left(self, sums: Sums, leg: Leg) -> tuple[Int64s, NDArray[np.bool_]]:
        """Book a stage; gives what is left to move on, and what parts came to inside."""
        passed_before = sums.moved[1][:, self._stretch].copy()
        reached = self._book(sums, leg, 1)
        passed = sums.moved[1][:, self._stretch] - passed_before
        left = leg.holding[:-1] - passed - leg.retained[:-1] - leg.unallocated[:-1]
        return left, reached[:, self._stretch] > 0

    def _book(self, sums: Sums, leg: Leg, sign: int) -> Int64s:
        """Add a whole stage to the sums or take it away; gives how many parts came to whom."""
        reached = np.zeros_like(sums.reached)
        sums.book(leg, np.arange(len(leg.source)), self._result.numbering.count, sign, reached)
        sums.retain(leg, np.arange(leg.retained.shape[1]), sign)
        return reached

    def _sources(self, amounts: Int64s, has_cost: Mask) -> Sources:
        return Sources(self._members.table, self._main.object_of, amounts, has_cost)
