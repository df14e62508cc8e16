"""Turns the lines of a view into the shapes on the wire.

Plain mappings with the fields of the contract: a view may hold a hundred thousand parts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

from services.allocation.views.domain import Line, add_up, per_unit, share_of, total_of
from services.allocation.views.flow import FlowPicture
from services.allocation.views.parts import Parts
from services.allocation.views.quantities import Quantities
from services.allocation.views.workflow import ViewData
from shared.contracts.values import name_in
from shared.money import EXACT, from_units

Item = dict[str, Any]
NOTHING = Decimal(0)
FLOW_COLUMNS = ("source", "source_name", "target", "target_name", "amount")


@dataclass(frozen=True)
class Presenter:
    """Everything the items of one answer share."""

    data: ViewData
    language: str
    used: Quantities
    capacities: Quantities

    @cached_property
    def total(self) -> Decimal:
        """The sum of all lines."""
        return total_of(self.data.lines)

    @cached_property
    def budget(self) -> Decimal | None:
        """The sum of the lines' budgets."""
        found = [self.data.budgets.of(line.key) for line in self.data.lines]
        known = [amount for amount in found if amount is not None]
        return add_up(known) if known else None

    def read(self, line: Line, field: str) -> Decimal | str | None:
        """A value by which lines are sorted."""
        if field in {"key", "code", "amount"}:
            return cast(Decimal | str | None, getattr(line, field))
        if field == "name":
            return name_in(line.names, self.language)
        if field == "share":
            return share_of(line.amount, self.total)
        if field == "utilisation":
            return self.utilisation(line)
        known = self.use(line) if field in {"quantity", "unit_cost"} else self._planned(line)
        return cast(Decimal | None, known[field])

    def common(self, line: Line) -> dict[str, Any]:
        """What the items of all views have."""
        return {
            "key": line.key,
            "code": line.code,
            "name": name_in(line.names, self.language),
            "amount": line.amount,
            "share": share_of(line.amount, self.total),
            **self._planned(line),
            "trend": [
                {"period": run.figures.period, "amount": amount_in(run, line.key)}
                for run in (*self.data.past, *self.data.gathered)
            ],
        }

    def _planned(self, line: Line) -> dict[str, Any]:
        budget = self.data.budgets.of(line.key)
        variance = None if budget is None else EXACT.subtract(line.amount, budget)
        share = share_of(variance, budget) if variance is not None and budget else None
        return {"budget": budget, "variance": variance, "variance_share": share}

    def use(self, line: Line) -> dict[str, Any]:
        """Unit, quantity and unit cost."""
        used = self.used.of(line)
        is_whole = used is not None and used.is_whole
        return {
            "unit": self.used.unit_of(used.driver) if used else None,
            "quantity": used.amount if used else None,
            "unit_cost": per_unit(line.amount, used.amount if used and is_whole else None),
        }

    def utilisation(self, line: Line) -> Decimal | None:
        """Used units by those that could be."""
        used, capacity = self.used.of(line), self.capacities.of(line)
        return share_of(used.amount, capacity.amount) if used and capacity else None

    def stays(self, line: Line) -> dict[str, Decimal]:
        """What of the line was retained, and what could not move."""
        found = {"retained": NOTHING, "unallocated": NOTHING}
        for run in self.data.gathered:
            place = run.index.get(line.key)
            if place is None:
                continue
            members = run.groups.members(int(run.heads[place]))
            for name, before in found.items():
                units = sum(getattr(run.figures, name)[members].tolist())
                amount = from_units(units, run.figures.precision)
                found[name] = EXACT.add(before, amount)
        return found

    def own(self, line: Line) -> Decimal:
        """What entered at the line's objects themselves."""
        amounts = []
        for run in self.data.gathered:
            place = run.index.get(line.key)
            if place is not None:
                members = run.groups.members(int(run.heads[place]))
                units = sum(run.figures.own[members].tolist())
                amounts.append(from_units(units, run.figures.precision))
        return add_up(amounts)


def amount_in(run: Any, key: str) -> Decimal:
    """The amount of a line in one run."""
    place = run.index.get(key)
    return NOTHING if place is None else from_units(run.units[place], run.figures.precision)


def finance_item(present: Presenter, line: Line) -> Item:
    """A pool in one cost type."""
    return dict(**present.common(line), cost_type=line.kind)


def technology_item(present: Presenter, line: Line, benchmarks: Mapping[str, Any]) -> Item:
    """A tower or asset with its use, and what others pay."""
    use, capacity = present.use(line), present.capacities.of(line)
    return dict(
        **present.common(line),
        **use,
        capacity=capacity.amount if capacity else None,
        utilisation=present.utilisation(line),
        benchmark=_gap(benchmarks, line, use["unit_cost"]),
        **present.stays(line),
    )


def solution_item(
    present: Presenter, line: Line, parts: Parts, benchmarks: Mapping[str, Any]
) -> Item:
    """A solution and its consumers."""
    use = present.use(line)
    return dict(
        **present.common(line),
        **use,
        tco=line.amount,
        benchmark=_gap(benchmarks, line, use["unit_cost"]),
        consumers=[
            {
                "code": part.code,
                "name": name_in(part.names, present.language) or part.code,
                "amount": part.amount,
            }
            for part in parts.listed
        ],
        consumers_rest=parts.rest,
        **present.stays(line),
    )


def consumer_item(present: Presenter, line: Line, parts: Parts) -> Item:
    """A consumer and what it gets."""
    return dict(
        **present.common(line),
        **present.use(line),
        solutions=[
            {
                "layer": part.layer,
                "code": part.code,
                "name": name_in(part.names, present.language) or part.code,
                "amount": part.amount,
            }
            for part in parts.listed
        ],
        solutions_rest=parts.rest,
        own=present.own(line),
    )


def _gap(benchmarks: Mapping[str, Any], line: Line, unit_cost: Decimal | None) -> Item | None:
    found = benchmarks.get(line.code or "")
    if found is None:
        return None
    gap = None
    if unit_cost is not None:
        gap = share_of(EXACT.subtract(unit_cost, found.median), found.median)
    return {
        "p25": found.p25,
        "median": found.median,
        "p75": found.p75,
        "gap": gap,
        "source": found.source,
        "as_of": found.as_of,
    }


def flow_nodes(picture: FlowPicture, language: str) -> list[Item]:
    """The nodes of a picture, layer by layer, the largest first."""
    return [
        {
            "id": node.key,
            "layer": node.layer,
            "code": node.code,
            "name": name_in(node.names, language),
            "amount": node.amount,
            "count": node.count,
        }
        for node in picture.nodes.values()
    ]


def flow_links(picture: FlowPicture) -> list[Item]:
    """The links of a picture."""
    return [
        {"source": source, "target": target, "amount": amount}
        for (source, target), amount in picture.links.items()
    ]


def flow_rows(picture: FlowPicture, language: str) -> Iterator[tuple[Any, ...]]:
    """The links of a picture as rows of FLOW_COLUMNS."""
    names = {key: name_in(node.names, language) for key, node in picture.nodes.items()}
    for (source, target), amount in picture.links.items():
        yield source, names[source], target, names[target], amount
