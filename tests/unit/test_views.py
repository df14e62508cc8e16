"""Views add up: to the run's units, at every level of the tree, and by tag."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from services.allocation.views.domain import (
    Grouping,
    finance_lines,
    flow_picture,
    layer_lines,
    per_unit,
    share_of,
    total_of,
)
from services.allocation.views.figures import RunFigures, ViewObject

OBJECTS = [
    ViewObject("pool", "software", None, {"en": "Software"}),
    ViewObject("pool", "software/licences", "software", {"en": "Licences"}, {"ai": "yes"}),
    ViewObject("resource", "compute", None, {"en": "Compute"}),
    ViewObject("solution", "erp", None, {"en": "ERP"}),
    ViewObject("consumer", "company", None, {"en": "Company"}),
    ViewObject("consumer", "north", "company", {"en": "North"}, {"kind": "shop"}),
    ViewObject("consumer", "south", "company", {"en": "South"}),
]
# Lines bring 10.00 into software and 5.00 into its licences; 2.00 find no pool. Licences go
# straight to north; software runs compute, compute runs the ERP, which north and south share.
FLOWS = [(0, 2, 1000), (1, 5, 500), (2, 3, 900), (3, 5, 300), (3, 6, 600)]


def figures(period: str = "2026-01", flows: Sequence[tuple[int, int, int]] = FLOWS) -> RunFigures:
    count = len(OBJECTS)
    received = np.zeros(count + 1, dtype=np.int64)
    received[0], received[1] = 1000, 500
    passed = np.zeros(count + 1, dtype=np.int64)
    for source, target, units in flows:
        received[target] += units
        passed[source] += units
    own = np.zeros(count + 1, dtype=np.int64)
    own[count], passed[count] = 1700, 1500
    retained = np.where(np.arange(count + 1) >= 4, received, 0)
    retained[count] = 0
    return RunFigures(
        run_id="r",
        period=period,
        currency="GBP",
        precision=2,
        objects=OBJECTS,
        own=own,
        received=received,
        unallocated=own + received - passed - retained,
        retained=retained,
        sources=np.array([flow[0] for flow in flows], dtype=np.int32),
        targets=np.array([flow[1] for flow in flows], dtype=np.int32),
        moved=np.array([flow[2] for flow in flows], dtype=np.int64),
        pool_costs={(0, "opex"): 700, (0, "capex"): 300, (1, "opex"): 500},
    )


def amounts(lines: Sequence[object]) -> dict[str, Decimal]:
    return {line.key: line.amount for line in lines}  # type: ignore[attr-defined]


def test_the_finance_view_is_pools_by_cost_type() -> None:
    lines = finance_lines([figures()], Grouping(level=1))
    assert amounts(lines) == {"software|opex": Decimal(12), "software|capex": Decimal(3)}
    assert total_of(lines) == Decimal(15)


def test_levels_gather_what_lies_deeper() -> None:
    deep = layer_lines([figures()], "consumer", Grouping())
    assert amounts(deep) == {"north": Decimal(8), "south": Decimal(6)}
    roots = layer_lines([figures()], "consumer", Grouping(level=1))
    assert amounts(roots) == {"company": Decimal(14)}


def test_tags_gather_whatever_the_tree_says() -> None:
    lines = layer_lines([figures()], "consumer", Grouping(tag="kind"))
    assert amounts(lines) == {"shop": Decimal(8), "": Decimal(6)}


def test_a_consumers_parts_add_up_to_its_bill() -> None:
    north = layer_lines([figures()], "consumer", Grouping())[0]
    assert north.parts == {
        ("pool", "software/licences"): Decimal(5),
        ("solution", "erp"): Decimal(3),
    }
    assert sum(north.parts.values()) == north.amount


def test_two_periods_add_up_and_keep_their_trend() -> None:
    (erp,) = layer_lines([figures(), figures("2026-02")], "solution", Grouping())
    assert erp.amount == Decimal(18)
    assert erp.by_period == {"2026-01": Decimal(9), "2026-02": Decimal(9)}


def test_only_kept_objects_are_seen() -> None:
    north_only = frozenset({"north"})
    lines = layer_lines(
        [figures()], "consumer", Grouping(), lambda tree, number: tree.is_under(number, north_only)
    )
    assert amounts(lines) == {"north": Decimal(8)}


def test_the_flow_shows_what_stays_behind() -> None:
    picture = flow_picture([figures()], level=1)
    assert picture.links[("resource:compute", "unallocated")] == Decimal(1)
    assert picture.links[("line:", "unallocated")] == Decimal(2)
    assert picture.links[("pool:software", "consumer:company")] == Decimal(5)
    for key, node in picture.nodes.items():
        out = sum(amount for (source, _), amount in picture.links.items() if source == key)
        into = sum(amount for (_, target), amount in picture.links.items() if target == key)
        if node.layer in {"pool", "resource", "solution"}:
            assert out == node.amount, key
        if node.layer in {"resource", "solution", "consumer", "unallocated"}:
            assert into == node.amount, key


def test_shares_and_unit_costs_of_nothing_are_nothing() -> None:
    assert share_of(Decimal(1), Decimal(0)) is None
    assert per_unit(Decimal(1), None) is None
    assert per_unit(Decimal(1), Decimal(0)) is None
    assert share_of(Decimal(1), Decimal(3)) == Decimal("0.333333")
