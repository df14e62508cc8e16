"""Views add up: to the run's units, at every level of the tree, by tag, and however bounded."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.allocation.engine.model import ObjectSpec
from services.allocation.views.budgeting import Entry, LineBudgets, add_entries
from services.allocation.views.domain import Line, merge, per_unit, share_of, total_of
from services.allocation.views.figures import (
    LAYERS,
    Edges,
    LayerFigures,
    parents_of,
    subtree_sums,
)
from services.allocation.views.flow import FlowPicture, FlowRun, flow_picture
from services.allocation.views.gathering import Gathered, Grouping, gather, group
from services.allocation.views.parts import RunFlows, parts_of

OBJECTS = [
    ObjectSpec("pool", "software", None, {"en": "Software"}),
    ObjectSpec("pool", "software/licences", "software", {"en": "Licences"}, {"ai": "yes"}),
    ObjectSpec("resource", "compute", None, {"en": "Compute"}),
    ObjectSpec("resource", "network", None, {"en": "Network"}),
    ObjectSpec("solution", "erp", None, {"en": "ERP"}),
    ObjectSpec("consumer", "company", None, {"en": "Company"}),
    ObjectSpec("consumer", "north", "company", {"en": "North"}, {"kind": "shop"}),
    ObjectSpec("consumer", "south", "company", {"en": "South"}),
]
# Lines bring 10.00 into software and 5.00 into its licences; 2.00 find no pool. Licences go
# straight to north; software runs compute and the network, which serves compute with 3.00 of its
# 4.00 and keeps the rest; compute runs the ERP, which north and south share, and 1.00 is left.
ENTERED = {0: 1000, 1: 500}
FLOWS = [(0, 2, 600), (0, 3, 400), (3, 2, 300), (1, 6, 500), (2, 4, 800), (4, 6, 300), (4, 7, 500)]
RETAINED = {3: 100, 6: 800, 7: 500}


def layer(name: str, period: str = "2026-01", precision: int = 2, scale: int = 1) -> LayerFigures:
    numbers = [number for number, one in enumerate(OBJECTS) if one.layer == name]
    members = [OBJECTS[number] for number in numbers]
    into = [
        scale * (ENTERED.get(n, 0) + sum(units for _, target, units in FLOWS if target == n))
        for n in numbers
    ]
    inside = [
        scale * sum(u for source, target, u in FLOWS if source == n and target in numbers)
        for n in numbers
    ]
    out = [scale * sum(u for source, _, u in FLOWS if source == n) for n in numbers]
    kept = [scale * RETAINED.get(n, 0) for n in numbers]
    codes = [one.code for one in members]
    received = np.array(into, dtype=np.int64)
    retained = np.array(kept, dtype=np.int64)
    amounts = received - np.array(inside, dtype=np.int64)
    is_pool = name == "pool"
    return LayerFigures(
        layer=name,
        period=period,
        precision=precision,
        first=numbers[0],
        codes=codes,
        parents=parents_of(codes, [one.parent for one in members]),
        own=np.zeros(len(codes), dtype=np.int64),
        retained=retained,
        unallocated=received - np.array(out, dtype=np.int64) - retained,
        amounts=amounts,
        touched=received != 0,
        at=np.array([0, 0, 1]) if is_pool else np.arange(len(codes)),
        units=scale * np.array([700, 300, 500]) if is_pool else amounts,
        kinds=["opex", "capex", "opex"] if is_pool else None,
        read_objects=lambda: members,
    )


def edges(scale: int = 1) -> list[Edges]:
    found = []
    for name in LAYERS:
        flows = [flow for flow in FLOWS if OBJECTS[flow[0]].layer == name]
        columns = np.array(flows, dtype=np.int64).reshape(-1, 3).T
        sources, targets = columns[0].astype(np.int32), columns[1].astype(np.int32)
        found.append(Edges(name, sources, targets, columns[2] * scale))
    return found


def lines(name: str, **grouping: Any) -> list[Line]:
    return merge([gather(layer(name), Grouping(**grouping))])


def amounts(found: Sequence[Line]) -> dict[str, Decimal]:
    return {line.key: line.amount for line in found}


def picture(limit: int = 100, **grouping: Any) -> FlowPicture:
    layers = {name: group(layer(name), Grouping(**grouping)) for name in LAYERS}
    return flow_picture([FlowRun(layers, edges(), 200, 2)], limit)


def test_the_finance_view_is_pools_by_cost_type() -> None:
    found = lines("pool", level=1)
    assert amounts(found) == {"software|opex": Decimal(12), "software|capex": Decimal(3)}
    assert total_of(found) == Decimal(15)


def test_levels_gather_what_lies_deeper() -> None:
    assert amounts(lines("consumer")) == {"north": Decimal(8), "south": Decimal(5)}
    assert amounts(lines("consumer", level=1)) == {"company": Decimal(13)}


def test_tags_gather_whatever_the_tree_says() -> None:
    assert amounts(lines("consumer", by="tags.kind")) == {"shop": Decimal(8), "": Decimal(5)}


def test_what_went_to_others_of_the_layer_is_their_cost() -> None:
    assert amounts(lines("resource")) == {"compute": Decimal(9), "network": Decimal(1)}
    assert total_of(lines("resource")) == Decimal(10)


def test_nothing_above_and_beside_what_may_be_seen_shows() -> None:
    own = (frozenset({"north"}),)
    assert amounts(lines("consumer", within=own)) == {"north": Decimal(8)}
    assert amounts(lines("consumer", level=1, within=own)) == {"north": Decimal(8)}
    assert amounts(lines("consumer", within=(*own, frozenset({"south"})))) == {}


def test_two_months_of_different_precision_add_up() -> None:
    months = [
        gather(layer("solution"), Grouping()),
        gather(layer("solution", "2026-02", precision=5, scale=1001), Grouping()),
    ]
    (erp,) = merge(months)
    assert erp.amount == Decimal(8) + Decimal("8.008")
    huge = [gather(layer("solution", scale=10**15), Grouping())] * 30
    assert merge(huge)[0].amount == 30 * 8 * Decimal(10) ** 15


def flows_of(gathered: Gathered) -> RunFlows:
    return RunFlows(gathered, edges(), {name: layer(name) for name in LAYERS})


def test_a_consumers_parts_add_up_to_its_bill() -> None:
    gathered = gather(layer("consumer"), Grouping())
    found = merge([gathered])
    north, south = parts_of([flows_of(gathered)], found, incoming=True, limit=9)
    assert {(part.layer, part.code): part.amount for part in north.listed} == {
        ("pool", "software/licences"): Decimal(5),
        ("solution", "erp"): Decimal(3),
    }
    assert (north.rest, [part.amount for part in south.listed]) == (Decimal(0), [Decimal(5)])
    (short, _) = parts_of([flows_of(gathered)] * 2, found, incoming=True, limit=1)
    assert ([part.code for part in short.listed], short.rest) == (
        ["software/licences"],
        Decimal(6),
    )


@pytest.mark.parametrize(("name", "incoming"), [("consumer", True), ("resource", False)])
def test_without_any_part_listed_the_rest_is_all_of_them(name: str, incoming: bool) -> None:
    gathered = gather(layer(name), Grouping())
    found, flows = merge([gathered]), [flows_of(gathered)] * 2
    listed = parts_of(flows, found, incoming=incoming, limit=9)
    unlisted = parts_of(flows, found, incoming=incoming, limit=0)
    assert [parts.rest for parts in unlisted] == [
        sum((part.amount for part in parts.listed), parts.rest) for parts in listed
    ]
    assert any(parts.rest for parts in unlisted)
    assert not any(parts.listed for parts in unlisted)


def test_a_layers_parts_go_to_later_layers_only() -> None:
    gathered = gather(layer("resource"), Grouping())
    found = merge([gathered])
    compute, network = parts_of([flows_of(gathered)], found, incoming=False, limit=9)
    assert [(part.code, part.amount) for part in compute.listed] == [("erp", Decimal(8))]
    assert (network.listed, network.rest) == ([], Decimal(0))


def test_the_flow_shows_what_stays_behind() -> None:
    seen = picture(level=1)
    assert seen.links[("resource:compute", "unallocated")] == Decimal(1)
    assert seen.links[("resource:network", "retained")] == Decimal(1)
    assert seen.links[("line:", "unallocated")] == Decimal(2)
    assert seen.links[("pool:software", "consumer:company")] == Decimal(5)
    assert ("resource:network", "resource:compute") not in seen.links


@given(limit=st.integers(1, 4), level=st.sampled_from([None, 1, 2]), by_tag=st.booleans())
def test_every_picture_of_the_flow_balances(limit: int, level: int | None, by_tag: bool) -> None:
    seen = picture(limit, level=level, by="tags.kind" if by_tag else None)
    inner = {name: Decimal(0) for name in LAYERS}
    for key, node in seen.nodes.items():
        out = sum(amount for (source, _), amount in seen.links.items() if source == key)
        into = sum(amount for (_, target), amount in seen.links.items() if target == key)
        if node.layer in {"pool", "solution"}:
            assert out == node.amount, key
        if node.layer in {"solution", "consumer", "unallocated", "retained"}:
            assert into == node.amount, key
        if node.layer in LAYERS:
            inner[node.layer] += node.amount
    assert list(inner.values()) == [15, 10, 8, 13]


def entry(code: str, amount: int, **fields: Any) -> Entry:
    usual: dict[str, Any] = {"cost_type": None, "currency": "GBP"}
    return Entry(object=code, amount=Decimal(amount), **(usual | fields))


def budgeted(name: str, entries: Sequence[Entry], **grouping: Any) -> LineBudgets:
    budgets = LineBudgets()
    add_entries(budgets, entries, gather(layer(name), Grouping(**grouping)), "GBP")
    return budgets


def test_a_budget_covers_what_stands_below_its_object() -> None:
    entries = [entry("company", 20), entry("north", 9), entry("south", 4)]
    assert budgeted("consumer", entries, level=1).amounts == {"company": Decimal(20)}
    assert budgeted("consumer", entries[1:], level=1).amounts == {"company": Decimal(13)}
    singles = budgeted("consumer", entries)
    assert singles.amounts == {"north": Decimal(9), "south": Decimal(4)}
    assert singles.left_out == 1
    tagged = budgeted("consumer", entries, by="tags.kind")
    assert tagged.amounts == {"shop": Decimal(9), "": Decimal(4)}


def test_budgets_of_other_currencies_and_unknown_objects_are_counted() -> None:
    entries = [entry("north", 9, currency="EUR"), entry("west", 1), entry("south", 2)]
    found = budgeted("consumer", entries)
    assert (found.amounts, found.left_out) == ({"south": Decimal(2)}, 2)
    own = budgeted("consumer", entries, within=(frozenset({"north"}),))
    assert (own.amounts, own.left_out) == ({}, 1)


def test_a_pools_budget_stands_by_cost_type_or_on_its_only_line() -> None:
    both = [entry("software", 9), entry("software", 3, cost_type="capex")]
    assert budgeted("pool", both).amounts == {}, "for all below it"
    assert budgeted("pool", both, level=1).amounts == {"software|capex": Decimal(3)}
    assert budgeted("pool", both[:1], level=1).amounts == {"software|": Decimal(9)}
    only = budgeted("pool", [entry("software/licences", 6)])
    assert only.amounts == {"software/licences|opex": Decimal(6)}


trees = st.lists(st.integers(-1, 30), min_size=1, max_size=30).map(
    lambda above: [min(parent, place - 1) for place, parent in enumerate(above)]
)


@given(tree=trees, seed=st.integers(0, 2**32), level=st.integers(1, 5))
def test_gathering_and_rolling_up_lose_nothing(tree: list[int], seed: int, level: int) -> None:
    units = np.random.default_rng(seed).integers(-(2**50), 2**50, len(tree))
    codes = [f"{place:02d}" for place in range(len(tree))]
    parents = {code: codes[tree[n]] if tree[n] >= 0 else None for n, code in enumerate(codes)}
    figures = a_layer(codes, parents, units)
    gathered = gather(figures, Grouping(level=level))
    assert int(sum(gathered.units.tolist())) == int(sum(units.tolist()))
    assert max(figures.depths[gathered.heads]) <= level
    sums = subtree_sums(figures, units)
    for place, total in enumerate(sums):
        assert total == int(units[figures.under({codes[place]})].sum())


def a_layer(codes: Sequence[str], parents: Mapping[str, str | None], units: Any) -> LayerFigures:
    nothing = np.zeros(len(codes), dtype=np.int64)
    return LayerFigures(
        layer="consumer", period="2026-01", precision=6, first=0, codes=codes,
        parents=parents_of(codes, [parents[code] for code in codes]), own=nothing,
        retained=nothing, unallocated=nothing, amounts=units, touched=units != 0,
        at=np.arange(len(codes)), units=units, kinds=None,
        read_objects=lambda: [ObjectSpec("consumer", code) for code in codes],
    )  # fmt: skip


def test_shares_and_unit_costs_of_nothing_are_nothing() -> None:
    assert share_of(Decimal(1), Decimal(0)) is None
    assert per_unit(Decimal(1), None) is None
    assert per_unit(Decimal(1), Decimal(0)) is None
    assert share_of(Decimal(1), Decimal(3)) == Decimal("0.333333333333")
    assert per_unit(Decimal(10) ** 19, Decimal("1e-18")) == Decimal(10) ** 37
