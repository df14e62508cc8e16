"""Sums of a run's units into the lines of a view; exact, and adding up to the view's total."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from services.allocation.views.figures import LINES, RunFigures, Tree
from shared.money import EXACT, from_units

SHARE_DIGITS = 6
UNALLOCATED = "unallocated"


@dataclass(frozen=True)
class Grouping:
    """How a view gathers objects: by their ancestor at a level, or by the value of a tag."""

    level: int | None = None
    tag: str | None = None


@dataclass
class Line:
    """One line of a view: what it stands for, its amount in all and per period, its parts."""

    key: str
    layer: str
    code: str | None
    names: Mapping[str, str]
    cost_type: str | None = None
    unit_driver: str | None = None
    capacity_driver: str | None = None
    amount: Decimal = Decimal(0)
    by_period: dict[str, Decimal] = field(default_factory=dict)
    parts: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    part_names: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)

    def add(self, period: str, amount: Decimal) -> None:
        """Count an amount of a period."""
        self.amount = EXACT.add(self.amount, amount)
        self.by_period[period] = EXACT.add(self.by_period.get(period, Decimal(0)), amount)


class Gatherer:
    """Finds or makes the line that an object of a run belongs to."""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping
        self.lines: dict[str, Line] = {}

    def line(
        self, figures: RunFigures, tree: Tree, number: int, cost_type: str | None = None
    ) -> Line:
        """The line of an object (within a cost type, in the finance view)."""
        if self._grouping.tag is not None:
            line = self._tagged(figures, number, cost_type)
        else:
            line = self._placed(figures, tree, number, cost_type)
        line.members.add(figures.objects[number].code)
        return line

    def _tagged(self, figures: RunFigures, number: int, cost_type: str | None) -> Line:
        one = figures.objects[number]
        value = one.tags.get(self._grouping.tag or "")
        key = _key(value or "", cost_type)
        names = {"en": value, "zh-CN": value} if value else {"en": "(none)", "zh-CN": "(无)"}
        return self.lines.setdefault(key, Line(key, one.layer, None, names, cost_type))

    def _placed(self, figures: RunFigures, tree: Tree, number: int, cost_type: str | None) -> Line:
        one = figures.objects[tree.at_level(number, self._grouping.level)]
        key = _key(one.code, cost_type)
        made = Line(
            key, one.layer, one.code, one.names, cost_type, one.unit_driver, one.capacity_driver
        )
        return self.lines.setdefault(key, made)


def _key(first: str, cost_type: str | None) -> str:
    return first if cost_type is None else f"{first}|{cost_type}"


def finance_lines(runs: Iterable[RunFigures], grouping: Grouping) -> list[Line]:
    """What entered each pool, by cost type."""
    gatherer = Gatherer(grouping)
    for figures in runs:
        tree = Tree(figures.objects)
        for (number, cost_type), units in figures.pool_costs.items():
            if units:
                line = gatherer.line(figures, tree, number, cost_type or "")
                line.cost_type = cost_type
                line.add(figures.period, from_units(units, figures.precision))
    return ordered(gatherer.lines.values())


def layer_lines(
    runs: Iterable[RunFigures],
    layer: str,
    grouping: Grouping,
    keep: Callable[[Tree, int], bool] = lambda _, __: True,
) -> list[Line]:
    """What each object of a layer cost; with the parts that go to, or come from, other layers."""
    gatherer = Gatherer(grouping)
    for figures in runs:
        tree = Tree(figures.objects)
        lines: dict[int, Line] = {}
        for number, one in enumerate(figures.objects):
            if one.layer != layer or not keep(tree, number):
                continue
            if figures.amounts[number] or figures.received[number] or figures.own[number]:
                lines[number] = gatherer.line(figures, tree, number)
                amount = from_units(figures.amounts[number], figures.precision)
                lines[number].add(figures.period, amount)
        _add_parts(figures, lines, incoming=layer == "consumer")
    return ordered(gatherer.lines.values())


def _add_parts(figures: RunFigures, lines: Mapping[int, Line], *, incoming: bool) -> None:
    """Break lines down by where a consumer's money comes from, or where an object's goes."""
    mine, other = figures.sources, figures.targets
    if incoming:
        mine, other = other, mine
    sums: dict[tuple[int, int], int] = defaultdict(int)
    for here, there, units in zip(
        mine.tolist(), other.tolist(), figures.moved.tolist(), strict=True
    ):
        if here in lines:
            sums[(here, there)] += units
    for (here, there), units in sums.items():
        one = figures.objects[there]
        if one.layer == figures.objects[here].layer:
            continue
        part = (one.layer, one.code)
        line = lines[here]
        amount = from_units(units, figures.precision)
        line.parts[part] = EXACT.add(line.parts.get(part, Decimal(0)), amount)
        line.part_names[part] = one.names


def ordered(lines: Iterable[Line]) -> list[Line]:
    """The largest amount first, whatever its sign; ties by key."""
    return sorted(lines, key=lambda line: (-abs(line.amount), line.key.encode()))


def total_of(lines: Iterable[Line]) -> Decimal:
    """The exact sum of lines."""
    total = Decimal(0)
    for line in lines:
        total = EXACT.add(total, line.amount)
    return total


def share_of(amount: Decimal, total: Decimal) -> Decimal | None:
    """A share, rounded to six decimals; none of nothing."""
    if not total:
        return None
    return round(Decimal(amount / total), SHARE_DIGITS)


def per_unit(amount: Decimal, quantity: Decimal | None) -> Decimal | None:
    """The cost of one unit, rounded to six decimals; none without units."""
    return round(Decimal(amount / quantity), SHARE_DIGITS) if quantity else None


@dataclass(frozen=True)
class FlowPicture:
    """Nodes (id -> layer, code, names, amount) and links ((from, to) -> amount)."""

    nodes: Mapping[str, Line]
    links: Mapping[tuple[str, str], Decimal]


def flow_picture(runs: Sequence[RunFigures], level: int | None) -> FlowPicture:
    """Everything that moves between objects at a level, and what stays unallocated on them."""
    nodes: dict[str, Line] = {}
    links: dict[tuple[str, str], Decimal] = {}
    for figures in runs:
        _draw(figures, level, nodes, links)
    return FlowPicture(
        {line.key: line for line in sorted(nodes.values(), key=_node_order) if line.key},
        {pair: amount for pair, amount in sorted(links.items()) if amount},
    )


def _node_order(line: Line) -> tuple[int, Decimal, bytes]:
    layers = (LINES, "pool", "resource", "solution", "consumer", UNALLOCATED)
    return layers.index(line.layer), -abs(line.amount), line.key.encode()


def _draw(
    figures: RunFigures,
    level: int | None,
    nodes: dict[str, Line],
    links: dict[tuple[str, str], Decimal],
) -> None:
    tree = Tree(figures.objects)
    at = [tree.at_level(number, level) for number in range(len(figures.objects))]

    def node(number: int) -> Line:
        if number >= len(at):
            names = {"en": "Lines without a pool", "zh-CN": "未归池的明细"}
            return nodes.setdefault("line:", Line("line:", LINES, None, names))
        one = figures.objects[at[number]]
        key = f"{one.layer}:{one.code}"
        return nodes.setdefault(key, Line(key, one.layer, one.code, one.names))

    def link(source: str, target: str, units: int) -> None:
        amount = from_units(units, figures.precision)
        links[(source, target)] = EXACT.add(links.get((source, target), Decimal(0)), amount)

    for number, units in enumerate(figures.amounts[: len(at)]):
        if units or figures.unallocated[number]:
            node(number).add(figures.period, from_units(units, figures.precision))
    flows = zip(
        figures.sources.tolist(), figures.targets.tolist(), figures.moved.tolist(), strict=True
    )
    for source, target, units in flows:
        if units and figures.layer_of[source] != figures.layer_of[target]:
            link(node(source).key, node(target).key, units)
    names = {"en": "Unallocated", "zh-CN": "未分摊"}
    for number, units in enumerate(figures.unallocated.tolist()):
        if not units:
            continue
        end = nodes.setdefault(UNALLOCATED, Line(UNALLOCATED, UNALLOCATED, None, names))
        end.add(figures.period, from_units(units, figures.precision))
        if number >= len(at):
            node(number).add(figures.period, from_units(units, figures.precision))
        link(node(number).key, end.key, units)
