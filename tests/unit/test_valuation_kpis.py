"""Attainment, verdicts, series and formulas: the rules of a value KPI."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.valuation.measures.value_kpis.domain import (
    Attainment,
    adjust_for_season,
    aggregate,
    draw_trend,
    judge,
    measure_attainment,
)
from services.valuation.measures.value_kpis.formulas import (
    Name,
    Outcome,
    compute_formula,
    parse_formula,
)
from services.valuation.measures.value_kpis.formulas.unit_check import find_mismatch
from services.valuation.measures.value_kpis.library import PACKS
from shared.errors import RuleBroken

D = Decimal


def compute(text: str, values: dict[str, Decimal]) -> Outcome:
    return compute_formula(
        parse_formula(text), {Name(code): value for code, value in values.items()}
    )


numbers = st.decimals(-(10**12), 10**12, places=6)


@given(numbers, numbers)
def test_attainment_is_one_at_the_target_and_zero_at_the_baseline(
    baseline: Decimal, target: Decimal
) -> None:
    if baseline == target:
        found = measure_attainment(baseline, target, target)
        assert found == Attainment(None, "target_equals_baseline")
        return
    assert measure_attainment(baseline, target, target).share == 1
    assert measure_attainment(baseline, target, baseline).share == 0


def test_attainment_of_a_kpi_that_should_fall_needs_no_other_formula() -> None:
    assert measure_attainment(D(45), D(30), D(28)).share == D("1.133333333333")


@pytest.mark.parametrize(
    ("share", "verdict"),
    [
        ("1.1", "exceeded"),
        ("1", "met"),
        ("0.9", "nearly_met"),
        ("0.5", "partly_met"),
        ("0", "not_met"),
        ("-0.01", "worse"),
    ],
)
def test_a_verdict_follows_the_stated_thresholds(share: str, verdict: str) -> None:
    assert judge(Attainment(D(share)), D(1), D(1), "up") == verdict


def test_a_level_to_be_kept_is_judged_by_direction() -> None:
    kept = measure_attainment(D("99.9"), D("99.9"), D("99.95"))
    assert judge(kept, D("99.9"), D("99.95"), "up") == "met"
    assert judge(kept, D("99.9"), D("99.95"), "down") == "worse"


def test_what_was_not_measured_says_so() -> None:
    missing = measure_attainment(D(1), D(2), None)
    assert (missing.reason, judge(missing, D(2), None, "up")) == ("no_actual", "not_measured")


def test_observations_of_a_period_are_aggregated_exactly() -> None:
    values = [D("0.1"), D("0.2"), D("0.4")]
    assert aggregate(values, "sum") == D("0.7")
    assert aggregate(values, "mean") == D("0.233333333333333333")
    assert aggregate(values, "last") == D("0.4")


@given(st.lists(st.one_of(st.none(), numbers), min_size=3, max_size=30), numbers)
def test_a_straight_line_is_its_own_trend(gaps: list[Decimal | None], step: Decimal) -> None:
    line = [None if gap is None else step * at + 7 for at, gap in enumerate(gaps)]
    if sum(value is not None for value in line) >= 3:
        assert draw_trend(line) == [step * at + 7 for at in range(len(line))]
    else:
        assert draw_trend(line) == [None] * len(line)


def test_a_yearly_pattern_is_taken_off() -> None:
    pattern = [D(month) - D("5.5") for month in range(12)]
    series: list[Decimal | None] = [100 + at + pattern[at % 12] for at in range(36)]
    assert adjust_for_season(series) == [D(100 + at) for at in range(36)]


def test_under_two_years_there_is_no_season() -> None:
    assert adjust_for_season([D(1)] * 23) == [None] * 23


def test_a_formula_is_computed_exactly() -> None:
    formula = parse_formula('it_cost / "rev/2026" * 100 - max(0.1, 0.2)')
    assert formula.names == ("it_cost", "rev/2026")
    values = {"it_cost": D("0.3"), "rev/2026": D("1.2")}
    assert compute(formula.text, values).value == D("24.8")


def test_a_formula_speaks_chinese() -> None:
    assert compute("成本 / 收入", {"成本": D(1), "收入": D(4)}).value == D("0.25")


def test_division_by_zero_is_a_reasoned_null() -> None:
    found = compute("a / (b - b)", {"a": D(1), "b": D(2)})
    assert found == Outcome(None, "division_by_zero")


def test_a_missing_value_is_named() -> None:
    assert compute("a + b", {"a": D(1)}) == Outcome(None, "missing_value", (Name("b"),))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "__import__('os').system('id')",
        "a._b",
        "a ** b",
        "a if b else c",
        "[a for a in b]",
        "lambda: 1",
        "a; b",
        "a\nb",
        "1e5",
        "0x10",
        "1_000",
        "True",
        "f'{a}'",
        "b'a'",
        "a == b",
        "open('x')",
        "min()",
        "abs(a, b)",
        "min(*a)",
        "(" * 300 + "a" + ")" * 300,
        "-" * 1500 + "a",
        "+".join(["a"] * 1500),
        "a := 1",
        "''",
    ],
)
def test_anything_but_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        parse_formula(text)
    assert refused.value.code == "formula_invalid"


leaves = st.sampled_from(["a", "b", "0", "1.5", '"c/d"', "-2"])
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda part: f"abs({part})"),
        st.tuples(inner, inner).map(lambda p: f"min({p[0]}, {p[1]})"),
    ),
    max_leaves=12,
)


@given(formulas, numbers, numbers)
@settings(max_examples=200, deadline=None)
def test_every_formula_has_a_value_or_a_reason(text: str, a: Decimal, b: Decimal) -> None:
    outcome = compute(text, {"a": a, "b": b, "c/d": D(0)})
    assert (outcome.value is None) == (outcome.reason is not None)


@given(st.text(alphabet="ab01.+-*/()'\" ,[]{}:_=<>%&|^~!@\\成", max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_the_parser_fail(text: str) -> None:
    try:
        parse_formula(text)
    except RuleBroken as refused:
        assert refused.code == "formula_invalid"  # noqa: PT017 - either outcome is right


def test_every_shipped_formula_speaks_of_shipped_kpis() -> None:
    shipped = {kpi.code: kpi for pack in PACKS.values() for kpi in pack.kpis}
    assert len(shipped) == sum(len(pack.kpis) for pack in PACKS.values())
    for kpi in shipped.values():
        if kpi.formula is not None:
            formula = parse_formula(kpi.formula)
            assert set(formula.names) <= set(shipped)
            units = {Name(name): shipped[name].unit for name in formula.names}
            assert find_mismatch(formula, kpi.unit, units) is None


def test_the_five_classes_each_have_a_pack() -> None:
    classes = {pack.kpi_class for pack in PACKS.values()} - {None}
    assert classes == {"cost", "efficiency", "benefit", "quality", "innovation"}
