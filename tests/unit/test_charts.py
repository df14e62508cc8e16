"""Pictures of value: sums are kept, labels keep apart, both languages have every word."""

import json
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.valuation.reporting.charts.drawings.attainment_panels import (
    Attained,
    Panel,
    attainment_panels,
)
from services.valuation.reporting.charts.drawings.axes import month_axis, pixels_of
from services.valuation.reporting.charts.drawings.cash_flow_chart import (
    Course,
    accumulate,
    cash_flow_chart,
    payback_month,
)
from services.valuation.reporting.charts.drawings.label_places import Dot, box_of, place_labels
from services.valuation.reporting.charts.drawings.paired_bars import Pair, realisation_bars
from services.valuation.reporting.charts.drawings.scatter_charts import Judged, solution_value_chart
from services.valuation.reporting.charts.drawings.series_chart import SeriesMonth, series_chart
from services.valuation.reporting.charts.drawings.stacked_bars import (
    Look,
    StackedRow,
    merged_rows,
    stacked_bars,
)
from services.valuation.reporting.charts.drawings.tornado_chart import Moved, tornado_chart
from services.valuation.reporting.charts.drawings.trend_chart import (
    Stream,
    merged_streams,
    trend_chart,
)
from services.valuation.reporting.charts.of_costs import age_of
from services.valuation.reporting.charts.of_kpis import short_number
from services.valuation.reporting.charts.render import render_svg
from services.valuation.reporting.charts.style import Spec
from services.valuation.reporting.charts.wording import WORDS
from services.valuation.reporting.reports.content.inputs import UnallocatedRow
from shared.money import add_exactly
from shared.periods import next_period

amounts = st.decimals(
    min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False
)
LONG = "北方区域配送中心仓储管理与自动分拣一体化系统"


def months(count: int) -> list[str]:
    return [next_period("2024-01", number) for number in range(count)]


def dec(value: float) -> Decimal:
    return Decimal(str(value))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("甲乙ab"), st.lists(amounts, min_size=3, max_size=3)), max_size=40
    )
)
def test_merging_streams_keeps_the_sum_of_each_month(
    found: list[tuple[str, list[Decimal]]],
) -> None:
    streams = [Stream(name, tuple(parts)) for name, parts in found]
    merged = merged_streams(streams, "Other")
    assert len(merged) <= 10
    for at in range(3):
        before = add_exactly([stream.amounts[at] for stream in streams])
        assert add_exactly([stream.amounts[at] for stream in merged]) == before


@given(
    st.lists(
        st.builds(StackedRow, st.text(max_size=4), st.dictionaries(st.sampled_from("ab"), amounts)),
        max_size=60,
    )
)
def test_merging_bars_of_parts_keeps_the_sum_of_each_part(rows: list[StackedRow]) -> None:
    merged = merged_rows(rows, "Other")
    assert len(merged) <= 25
    for kind in "ab":
        before = add_exactly([row.parts[kind] for row in rows if kind in row.parts])
        assert add_exactly([row.parts[kind] for row in merged if kind in row.parts]) == before


@given(st.lists(st.tuples(st.sampled_from(months(30)), amounts), max_size=20))
def test_a_cumulative_course_ends_with_the_sum_and_has_no_gap(
    flows: list[tuple[str, Decimal]],
) -> None:
    sums = accumulate(Course("plan", flows))
    if flows:
        assert sums[-1][1] == add_exactly([amount for _, amount in flows])
        assert [period for period, _ in sums] == [
            period for period in months(30) if sums[0][0] <= period <= sums[-1][0]
        ]


@pytest.mark.parametrize(
    ("sums", "month"),
    [
        ([("2024-01", -5), ("2024-02", 0)], "2024-02"),
        ([("2024-01", -5), ("2024-02", 1), ("2024-03", -1), ("2024-04", 2)], "2024-04"),
        ([("2024-01", -5), ("2024-02", 1), ("2024-03", -1)], None),
        ([("2024-01", 5), ("2024-02", 9)], None),
        ([], None),
    ],
)
def test_payback_is_the_month_that_ends_the_debt_for_good(
    sums: list[tuple[str, int]], month: str | None
) -> None:
    assert payback_month([(period, Decimal(total)) for period, total in sums]) == month


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Dot,
            st.floats(0, 640),
            st.floats(0, 380),
            st.just(6.0),
            st.text("仓储CRMabc ", min_size=1, max_size=16),
        ),
        max_size=60,
    )
)
def test_labels_of_points_never_overlap_and_stay_inside(dots: list[Dot]) -> None:
    places = place_labels(dots, 640, 380)
    boxes = [
        box_of(place, dot.label)
        for place, dot in zip(places, dots, strict=True)
        if place is not None
    ]
    for one, other in combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart
    assert all(box[0] >= 0 and box[2] <= 640 and box[1] >= 0 and box[3] <= 380 for box in boxes)


@pytest.mark.parametrize("count", [1, 3, 12, 13, 60, 600])
def test_months_are_written_only_as_many_as_fit(count: int) -> None:
    values = month_axis(months(count), 640).to_dict()["values"]
    assert len(values) * (pixels_of("2024-01") * 0.9) <= 640


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_word_is_there_in_both_languages(language: str) -> None:
    assert all(entry.get(language) for entry in WORDS.values())


@pytest.mark.parametrize(
    ("since", "age"),
    [("2026-03", "new"), ("2026-02", "short"), ("2025-09", "long"), ("2025-02", "old"),
     ("", "unknown"), (None, "unknown")],
)  # fmt: skip
def test_how_long_money_stays_unallocated(since: str | None, age: str) -> None:
    row = UnallocatedRow("pool", "a", "a", "no_mapping", Decimal(1), since=since)
    assert age_of(row, "2026-03") == age


@pytest.mark.parametrize(
    ("value", "text"),
    [("6.80", "6.8"), ("1234567.8", "1,234,568"), ("0.15", "0.15"), ("28", "28"), ("100", "100")],
)
def test_figures_beside_a_bar_are_short(value: str, text: str) -> None:
    assert short_number(Decimal(value)) == text


def the_specs(count: int) -> dict[str, Spec]:
    """Every drawing with so many things, all with one long Chinese name."""
    names = [LONG] * count
    looks = [Look("a", "甲", "#0072B2"), Look("b", "乙", "#E69F00")]
    attained = [Attained(name, dec(0.3), "4.2 次", "near") for name in names]
    periods = months(count)
    series = [SeriesMonth(month, dec(n), dec(9), dec(1)) for n, month in enumerate(periods)]
    course = Course("plan", [(month, dec(n - 5)) for n, month in enumerate(periods)])
    judged = [Judged(name, dec(n + 1), dec(n * n), n % 5 == 0) for n, name in enumerate(names)]
    pairs = [Pair(name, dec(n + 1), dec(n), None) for n, name in enumerate(names)]
    rows = [StackedRow(name, {"a": dec(n + 1), "b": dec(-n)}) for n, name in enumerate(names)]
    streams = [Stream(name, tuple(dec(n + 1) for _ in periods)) for n, name in enumerate(names)]
    moved = [Moved(name, "80%", "120%", dec(-n), dec(n)) for n, name in enumerate(names)]
    zh = "zh-CN"
    return {
        "series": series_chart(series, LONG, "次", zh, ""),
        "cash": cash_flow_chart([course], "CNY", zh, ""),
        "panels": attainment_panels([Panel(LONG, attained)], LONG, "", zh),
        "solutions": solution_value_chart(judged, "CNY", zh, ""),
        "realisation": realisation_bars(pairs, "CNY", zh, ""),
        "stacked": stacked_bars(rows, looks, LONG, "kg", zh, "", lambda row: str(row.total)),
        "trend": trend_chart(periods, streams, "CNY", zh, "pool", ""),
        "tornado": tornado_chart(moved, Decimal(0), "npv", "CNY", zh, ""),
    }


@pytest.mark.parametrize("count", [0, 1, 60])
def test_every_drawing_takes_none_one_and_many(count: int) -> None:
    specs = the_specs(count)
    assert json.dumps(specs) == json.dumps(the_specs(count))
    for name, spec in specs.items():
        assert "vega-lite/v6" in spec["$schema"], name
        assert ("本期无数据" in json.dumps(spec, ensure_ascii=False)) is (count == 0), name


def test_equal_names_stay_apart_and_are_shortened_in_the_picture() -> None:
    svg = render_svg(the_specs(3)["realisation"])
    assert LONG not in svg
    assert [f"[{number}]" in svg for number in (2, 3, 4)] == [True, True, False]
    assert svg == render_svg(the_specs(3)["realisation"])
