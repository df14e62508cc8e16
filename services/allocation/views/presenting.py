"""Turns the lines of a view into the shapes on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.allocation.views.domain import FlowPicture, Line, per_unit, share_of
from shared.contracts.allocation.views import (
    ConsumerItem,
    ConsumerShare,
    FinanceItem,
    FlowLink,
    FlowNode,
    SolutionItem,
    SolutionShare,
    TechnologyItem,
    TrendPoint,
)
from shared.contracts.values import name_in


@dataclass(frozen=True)
class Quantity:
    """How much of a driver's unit the members of a line used."""

    unit: str
    amount: Decimal


@dataclass(frozen=True)
class Presenter:
    """Everything the items of one answer share."""

    language: str
    periods: Sequence[str]
    total: Decimal
    budget: Mapping[str, Decimal] | None
    quantities: Mapping[str, Quantity]
    capacities: Mapping[str, Quantity]

    def _common(self, line: Line) -> dict[str, Any]:
        budget = None if self.budget is None else self.budget.get(line.key, Decimal(0))
        return {
            "key": line.key,
            "code": line.code,
            "name": name_in(line.names, self.language),
            "amount": line.amount,
            "share": share_of(line.amount, self.total),
            "budget": budget,
            "variance": None if budget is None else line.amount - budget,
            "trend": [
                TrendPoint(period=period, amount=line.by_period.get(period, Decimal(0)))
                for period in self.periods
            ],
        }

    def _use(self, line: Line) -> dict[str, Any]:
        used = self.quantities.get(line.key)
        return {
            "unit": used.unit if used else None,
            "quantity": used.amount if used else None,
            "unit_cost": per_unit(line.amount, used.amount if used else None),
        }

    def finance(self, line: Line) -> FinanceItem:
        """A pool in one cost type."""
        return FinanceItem(**self._common(line), cost_type=line.cost_type)

    def technology(self, line: Line) -> TechnologyItem:
        """A tower or asset with its use; a benchmark stands beside it once one is known."""
        used, capacity = self.quantities.get(line.key), self.capacities.get(line.key)
        utilisation = share_of(used.amount, capacity.amount) if used and capacity else None
        return TechnologyItem(
            **self._common(line),
            **self._use(line),
            capacity=capacity.amount if capacity else None,
            utilisation=utilisation,
            benchmark=None,
        )

    def solution(self, line: Line) -> SolutionItem:
        """A solution and its consumers, the largest first."""
        consumers = [
            ConsumerShare(code=code, name=self._part_name(line, (layer, code)), amount=amount)
            for (layer, code), amount in _largest_first(line.parts)
            if layer == "consumer"
        ]
        return SolutionItem(
            **self._common(line), **self._use(line), tco=line.amount, consumers=consumers
        )

    def consumer(self, line: Line) -> ConsumerItem:
        """A consumer and what it gets, the largest first."""
        solutions = [
            SolutionShare(
                layer=layer, code=code, name=self._part_name(line, (layer, code)), amount=amount
            )
            for (layer, code), amount in _largest_first(line.parts)
        ]
        return ConsumerItem(**self._common(line), **self._use(line), solutions=solutions)

    def _part_name(self, line: Line, part: tuple[str, str]) -> str:
        return name_in(line.part_names[part], self.language)


def _largest_first(
    parts: Mapping[tuple[str, str], Decimal],
) -> list[tuple[tuple[str, str], Decimal]]:
    return sorted(parts.items(), key=lambda part: (-abs(part[1]), part[0]))


def flow_nodes(picture: FlowPicture, language: str) -> list[FlowNode]:
    """The nodes of a picture, layer by layer, the largest first."""
    return [
        FlowNode(
            id=key,
            layer=line.layer,
            code=line.code,
            name=name_in(line.names, language),
            amount=line.amount,
        )
        for key, line in picture.nodes.items()
    ]


def flow_links(picture: FlowPicture) -> list[FlowLink]:
    """The links of a picture."""
    return [
        FlowLink(source=source, target=target, amount=amount)
        for (source, target), amount in picture.links.items()
    ]
