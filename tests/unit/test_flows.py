"""Flows of a run as a list: every flow once, in order, whatever the pages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.allocation.engine.flows.leg import edge_places
from services.allocation.engine.model import STAGES, RunInput
from services.allocation.engine.result import RunResult
from services.allocation.engine.run import run_allocation
from services.allocation.runs import flows
from services.allocation.runs.flow_pages import WantedFlows, all_flows, stretch_of_flows
from services.allocation.runs.flows import FlowFilter, FlowRow
from shared.errors import RuleBroken
from tests.unit.engine_builders import a_run, driver, lines, mapping, objects
from tests.unit.engine_models import runs

NOTHING_LEFT_OUT = FlowFilter()
QUIET = [HealthCheck.filter_too_much, HealthCheck.too_slow]


def gathered(result: RunResult) -> list[tuple[str, int, int, str, int]]:
    """All flows the slow way: edge by edge into a dictionary."""
    sums: dict[tuple[int, int, int, str], int] = defaultdict(int)
    order = list(STAGES)
    line, classified = result.numbering.line, result.classified
    for pool, place, units in zip(
        classified.pool, classified.mapping, result.group_units, strict=True
    ):
        if pool >= 0:
            sums[0, line, int(pool), classified.mappings[place].code] += int(units)
    for leg in result.legs:
        targets = leg.patterns.targets[edge_places(leg.rows)]
        for row, (out, width) in enumerate(zip(leg.rows.outs, leg.rows.widths, strict=True)):
            spec = leg.mappings[leg.mapping[row]]
            source = int(leg.object_of[leg.source[row]])
            for edge in range(int(out), int(out + width)):
                if targets[edge] < result.numbering.count:
                    key = (order.index(spec.stage), source, int(targets[edge]), spec.code)
                    sums[key] += int(leg.parts[0, edge])
    return [(order[s], a, b, code, units) for (s, a, b, code), units in sorted(sums.items())]


def short(row: FlowRow) -> tuple[str, int, int, str, int]:
    return row.stage, row.source, row.target, row.mapping, row.units


def in_pages(asked: WantedFlows, limit: int) -> list[FlowRow]:
    found: list[FlowRow] = []
    begin: Sequence[int] = ()
    while True:
        rows, following = stretch_of_flows(asked, begin, limit)
        found += rows
        if following is None:
            return found
        assert len(rows) == limit
        begin = following


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(runs(), st.integers(1, 7), st.sampled_from([None, "amount", "-amount"]))
def test_pages_of_any_length_show_every_flow_once(
    taken: RunInput, limit: int, sort: str | None
) -> None:
    result = run_allocation(taken)
    expected = gathered(result)
    if sort:
        expected.sort(key=lambda row: row[-1], reverse=sort == "-amount")
    asked = WantedFlows(result, 0, NOTHING_LEFT_OUT, sort)
    assert [short(row) for row in all_flows(asked)] == expected
    assert [short(row) for row in in_pages(asked, limit)] == expected


@settings(max_examples=20, deadline=None, suppress_health_check=QUIET)
@given(runs(), st.data())
def test_filters_leave_out_exactly_what_does_not_fit(taken: RunInput, data: st.DataObject) -> None:
    result = run_allocation(taken)
    numbers = st.none() | st.frozensets(st.integers(0, result.numbering.line), max_size=4)
    codes = [spec.code for spec in taken.mappings]
    wanted = FlowFilter(
        stage=data.draw(st.none() | st.sampled_from(list(STAGES))),
        mapping=data.draw(st.none() | st.sampled_from(codes)) if codes else None,
        sources=data.draw(numbers),
        targets=data.draw(numbers),
    )
    found = [short(row) for row in all_flows(WantedFlows(result, 0, wanted, None))]
    assert found == [
        row
        for row in gathered(result)
        if wanted.stage in {None, row[0]}
        and (wanted.sources is None or row[1] in wanted.sources)
        and (wanted.targets is None or row[2] in wanted.targets)
        and wanted.mapping in {None, row[3]}
    ]


def test_blocks_of_few_edges_give_the_same_list(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [f"R{number}" for number in range(40)]
    targets = {f"S{number}": str(number + 1) for number in range(9)}
    taken = a_run(
        objects("P1", *sources, *targets),
        [
            mapping("to-pool", "line_to_pool", target={"object": "P1"}),
            mapping("pool", "pool_to_resource", target={"code": sources}),
            mapping("resource", "resource_to_solution", driver="weight"),
        ],
        lines(({}, "1000.01")),
        driver("weight", targets),
    )
    asked = WantedFlows(run_allocation(taken), 0, NOTHING_LEFT_OUT, None)
    whole = [astuple(row) for row in all_flows(asked)]
    assert len(whole) == 1 + 40 + 40 * 9
    monkeypatch.setattr(flows, "FIRST_EDGES", 3)
    monkeypatch.setattr(flows, "MOST_EDGES", 20)
    assert [astuple(row) for row in all_flows(asked)] == whole
    assert [astuple(row) for row in in_pages(asked, 7)] == whole


def test_flows_are_sorted_by_amount_only() -> None:
    result = run_allocation(a_run(objects("P1"), [], lines()))
    with pytest.raises(RuleBroken, match="cannot sort by 'share'"):
        WantedFlows(result, 0, NOTHING_LEFT_OUT, "-share")
