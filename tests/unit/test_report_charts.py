"""Pictures: nothing vanishes in them, labels never overlap, both languages are legible."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.valuation.reporting.charts.distribution_chart import (
    Bar,
    distribution_chart,
    merged_bars,
)
from services.valuation.reporting.charts.figures import percent_text, short_money
from services.valuation.reporting.charts.flow_chart import FlowCaption, flow_chart
from services.valuation.reporting.charts.flow_graph import (
    UNALLOCATED,
    FlowLink,
    FlowNode,
    add_unallocated,
    thin_flow,
)
from services.valuation.reporting.charts.label_width import distinct_labels, em_width, shorten
from services.valuation.reporting.charts.render import render_png, render_svg
from services.valuation.reporting.charts.sankey import place_flow
from services.valuation.reporting.charts.value_chart import Attainment, SharePair
from services.valuation.reporting.charts.value_chart import attainment_chart as draw_attainment
from services.valuation.reporting.charts.value_chart import cost_value_chart as draw_cost_value
from services.valuation.reporting.charts.wording import WORDS
from shared.money import add_exactly

CAPTION = FlowCaption("2026-01", "CNY", Decimal(1000), "zh-CN", "0193a2f4")
amounts = st.decimals(
    min_value=-(10**12), max_value=10**12, places=6, allow_nan=False, allow_infinity=False
)


@st.composite
def flows(draw: st.DrawFn) -> tuple[list[FlowNode], list[FlowLink]]:
    counts = [draw(st.integers(1, 40)) for _ in range(4)]
    layers = ("pool", "resource", "solution", "consumer")
    nodes = [
        FlowNode(f"{layer}:{n}", layer, f"{layer} {n}", draw(st.decimals(0, 100, places=2)))
        for layer, count in zip(layers, counts, strict=True)
        for n in range(count)
    ]
    ids = [node.id for node in nodes]
    links = draw(
        st.lists(
            st.builds(FlowLink, st.sampled_from(ids), st.sampled_from(ids), amounts), max_size=60
        )
    )
    return nodes, links


@settings(max_examples=60, deadline=None)
@given(flows())
def test_thinning_a_flow_loses_no_money(flow: tuple[list[FlowNode], list[FlowLink]]) -> None:
    nodes, links = flow
    place = {"pool": 0, "resource": 1, "solution": 2, "consumer": 3}
    layer = {node.id: place[node.layer] for node in nodes}
    graph = thin_flow(nodes, links, "Other")
    forward = [link.amount for link in links if layer[link.source] < layer[link.target]]
    drawn = [link.amount for link in (*graph.links, *graph.credits)]
    assert add_exactly(drawn) == add_exactly(forward)


@settings(max_examples=40, deadline=None)
@given(flows())
def test_labels_of_a_column_never_overlap(flow: tuple[list[FlowNode], list[FlowLink]]) -> None:
    picture = place_flow(thin_flow(*flow, "Other"), 780.0)
    for column in range(len(picture.columns)):
        middles = sorted(item.middle for item in picture.nodes if item.column == column)
        assert all(below - above >= 18 for above, below in pairwise(middles))


@settings(max_examples=40, deadline=None)
@given(flows())
def test_equal_inputs_are_placed_equally(flow: tuple[list[FlowNode], list[FlowLink]]) -> None:
    nodes, links = flow
    again = place_flow(thin_flow(nodes, list(reversed(links)), "Other"), 780.0)
    assert place_flow(thin_flow(nodes, links, "Other"), 780.0) == again


def test_small_objects_are_merged_with_their_number() -> None:
    nodes = [FlowNode(f"consumer:{n}", "consumer", f"c{n}", Decimal(n)) for n in range(1, 31)]
    nodes.append(FlowNode("pool:a", "pool", "a", Decimal(465)))
    links = [FlowLink("pool:a", node.id, node.amount) for node in nodes[:30]]
    merged = [node for node in thin_flow(nodes, links, "Other").nodes if node.members > 1]
    assert [(node.name, node.amount) for node in merged] == [("Other (10)", Decimal(55))]


def test_a_credit_never_hides_in_a_charge_between_the_same_objects() -> None:
    nodes = [
        FlowNode("pool:a", "pool", "a", Decimal(7)),
        FlowNode("resource:b", "resource", "b", Decimal(7)),
    ]
    links = [
        FlowLink("pool:a", "resource:b", Decimal(10)),
        FlowLink("pool:a", "resource:b", Decimal(-3)),
    ]
    graph = thin_flow(nodes, links, "Other")
    assert [link.amount for link in graph.links] == [Decimal(10)]
    assert [link.amount for link in graph.credits] == [Decimal(-3)]


def test_unallocated_money_gets_a_node_of_its_own() -> None:
    nodes = [
        FlowNode("pool:a", "pool", "a", Decimal(10)),
        FlowNode("consumer:b", "consumer", "b", Decimal(7)),
    ]
    graph = thin_flow(nodes, [FlowLink("pool:a", "consumer:b", Decimal(7))], "Other")
    graph = add_unallocated(graph, [("pool:a", Decimal(3))], "Not allocated")
    assert FlowLink("pool:a", UNALLOCATED, Decimal(3)) in graph.links


@given(st.lists(st.builds(Bar, st.text(max_size=5), amounts), max_size=60))
def test_merging_bars_keeps_the_sum(bars: list[Bar]) -> None:
    merged = merged_bars(bars, "Other")
    assert add_exactly([bar.amount for bar in merged]) == add_exactly([bar.amount for bar in bars])
    assert len(merged) <= 13


def the_specs() -> dict[str, dict]:
    nodes = [
        FlowNode("pool:a", "pool", "软件 <&>", Decimal(1000)),
        FlowNode("consumer:b", "consumer", "门店", Decimal(1000)),
    ]
    graph = thin_flow(nodes, [FlowLink("pool:a", "consumer:b", Decimal(1000))], "其他")
    bars = {"pool": [Bar("软件", Decimal(1000), (("opex", Decimal(1000)),))]}
    return {
        "flow": flow_chart(graph, CAPTION),
        "cost-distribution": distribution_chart(bars, CAPTION),
        "cost-value": draw_cost_value(
            [SharePair("设计", Decimal("0.32"), Decimal("0.45"))], "2026-01", "zh-CN"
        ),
        "kpi-attainment": draw_attainment(
            [Attainment("恢复时长", Decimal("0.8"), "80.0%")], "2026-01", "zh-CN"
        ),
    }


@pytest.mark.parametrize("name", ["flow", "cost-distribution", "cost-value", "kpi-attainment"])
def test_each_chart_is_vega_lite_and_draws_the_same_every_time(name: str) -> None:
    spec = the_specs()[name]
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    svg = render_svg(spec)
    assert svg == render_svg(the_specs()[name])
    assert WORDS[name]["zh-CN"] in svg
    assert render_png(spec).startswith(b"\x89PNG")


def test_charts_of_nothing_are_drawn_and_say_so() -> None:
    empty = distribution_chart({}, CAPTION)
    assert "本期无数据" in render_svg(empty)
    assert "<svg" in render_svg(flow_chart(thin_flow([], [], "Other"), CAPTION))
    assert "<svg" in render_svg(draw_cost_value([], "2026-01", "en"))
    assert "<svg" in render_svg(draw_attainment([], "2026-01", "en"))


def test_exact_amounts_stand_beside_what_is_drawn() -> None:
    spec = the_specs()["cost-distribution"]
    rows = [row for rows in spec["datasets"].values() for row in rows] if "datasets" in spec else []
    assert any(row.get("amount") == "1000" for row in rows)


@pytest.mark.parametrize(
    ("amount", "language", "text"),
    [
        ("1284337", "en", "CNY 1.28M"),
        ("999960", "en", "CNY 1.00M"),
        ("1284337", "zh-CN", "128.4万元"),
        ("480000000", "zh-CN", "4.80亿元"),
        ("-3211.4", "en", "CNY -3.21K"),
        ("0", "en", "CNY 0.00"),
    ],
)
def test_short_money_reads_as_people_write_it(amount: str, language: str, text: str) -> None:
    assert short_money(Decimal(amount), "CNY", language) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("share", "text"),
    [("0.32", "32.0%"), ("0.0004", "<0.1%"), ("0", "0.0%"), ("-0.0004", ">-0.1%")],
)
def test_shares_too_small_to_show_are_not_shown_as_nothing(share: str, text: str) -> None:
    assert percent_text(Decimal(share)) == text


@given(st.text(max_size=80), st.floats(2, 30))
def test_shortened_labels_fit(text: str, most: float) -> None:
    assert em_width(shorten(text, most)) <= most + 0.01


def test_labels_that_would_read_alike_are_numbered() -> None:
    assert distinct_labels(["a", "a", "b"], 10) == ["a", "a [2]", "b"]
