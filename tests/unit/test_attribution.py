"""The statistics behind attribution: laws, textbook sets, and what they refuse to say."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress, pearsonr, rankdata

from services.valuation.measures.attribution.correlation import (
    correlate_changes,
    correlate_lags,
    find_best_lag,
    pearson,
    spearman,
)
from services.valuation.measures.attribution.domain import (
    Point,
    list_gaps,
    pair_months,
    scale,
    to_decimal,
)
from services.valuation.measures.attribution.findings import associate, cautions_of_association
from services.valuation.measures.attribution.regression import (
    find_influence,
    fit_line,
    measure_elasticity,
)
from services.valuation.measures.attribution.wording import (
    join_sentences,
    say_association,
)
from shared.errors import Conflict
from shared.money import EXACT
from shared.periods import next_period
from tests.unit.attribution_builders import (
    START,
    is_near,
    is_ordered,
    months,
    numbers,
    pairs,
    points_of,
)

ANSCOMBE_X = "10 8 13 9 11 14 6 4 12 7 5"
ANSCOMBE_1 = "8.04 6.95 7.58 8.81 8.33 9.96 7.24 4.26 10.84 4.82 5.68"
ANSCOMBE_4 = (
    "8 8 8 8 8 8 8 19 8 8 8",
    "6.58 5.76 7.71 8.84 8.47 7.04 5.25 12.5 5.56 7.91 6.89",
)
ANSCOMBE_3 = (ANSCOMBE_X, "7.46 6.77 12.74 7.11 7.81 8.84 6.08 5.39 8.15 6.42 5.73")


def anscombe(x: str, y: str) -> list[Point]:
    return pair_months(months(y.split()), months(x.split()))


def flip(points: Sequence[Point]) -> list[Point]:
    return [Point(each.period, each.explained_by, each.value) for each in points]


@given(pairs)
@settings(max_examples=60, deadline=None)
def test_correlations_are_the_same_both_ways_and_lie_within_their_intervals(
    pairs: list[tuple[Decimal, Decimal]],
) -> None:
    points = points_of(pairs)
    for measure in (pearson, spearman):
        found, turned = measure(points), measure(flip(points))
        assert is_ordered(found)
        assert is_near(found.value, turned.value)
        assert found.value is None or -1 <= found.value <= 1


@given(pairs, st.integers(1, 10**6), numbers)
@settings(max_examples=60, deadline=None)
def test_another_unit_changes_no_correlation_and_a_turned_sign_turns_it(
    pairs: list[tuple[Decimal, Decimal]], factor: int, shift: Decimal
) -> None:
    points = points_of(pairs)
    scaled = [Point(one.period, one.value * factor + shift, one.explained_by) for one in points]
    turned = [Point(one.period, -one.value, one.explained_by) for one in points]
    for measure in (pearson, spearman):
        found, opposite = measure(points), measure(turned)
        assert is_near(found.value, measure(scaled).value)
        assert is_near(found.value, None if opposite.value is None else -opposite.value)


@given(pairs)
@settings(max_examples=40, deadline=None)
def test_the_line_agrees_with_numpy_on_the_plain_values(
    pairs: list[tuple[Decimal, Decimal]],
) -> None:
    points = points_of(pairs)
    line = fit_line(points)
    x = np.array([float(one.explained_by) for one in points])
    y = np.array([float(one.value) for one in points])
    if line.slope.value is None or line.intercept.value is None:
        assert np.ptp(x) == 0 or np.ptp(y) == 0
        return
    assert is_ordered(line.slope)
    judge = linregress(x, y)
    assert is_near(line.slope.value, Decimal(float(judge.slope)), "1e-6")
    assert is_near(line.intercept.value, Decimal(float(judge.intercept)), "1e-6")


@given(pairs)
@settings(max_examples=6, deadline=None)
def test_nothing_makes_the_whole_answer_crash(pairs: list[tuple[Decimal, Decimal]]) -> None:
    points = points_of(pairs)
    values: dict[str, Decimal | None] = {one.period: one.value for one in points}
    others: dict[str, Decimal | None] = {one.period: one.explained_by for one in points}
    found = associate(values, others, 6)
    cautions_of_association(found)
    words = join_sentences([say_association(found)])
    assert "association" in words["en"]
    assert "相关" in words["zh-CN"]


def test_anscombe_one_is_as_published() -> None:
    points = anscombe(ANSCOMBE_X, ANSCOMBE_1)
    line = fit_line(points)
    answers = {
        pearson(points).value: 0.8164205163448399,
        spearman(points).value: 0.8181818181818182,
        line.slope.value: 0.5000909090909091,
        line.intercept.value: 3.0000909090909103,
        line.r_squared: 0.666542459508775,
    }
    for found, expected in answers.items():
        assert is_near(found, Decimal(expected))


def test_anscombe_three_and_four_hang_on_one_month() -> None:
    third, fourth = find_influence(anscombe(*ANSCOMBE_3)), find_influence(anscombe(*ANSCOMBE_4))
    assert third is not None
    assert fourth is not None
    assert (third.period, fourth.period) == ("2024-03", "2024-08")
    assert is_near(third.cooks_distance, Decimal("1.39284927"), "1e-6")
    assert fourth.pearson_without is None  # without that month x never changes
    assert find_influence(anscombe(ANSCOMBE_X, ANSCOMBE_1)) is None


def test_intervals_agree_with_scipy_and_with_the_known_factor_for_ranks() -> None:
    points = anscombe(*ANSCOMBE_3)
    x, y = [float(one.explained_by) for one in points], [float(one.value) for one in points]
    judge = pearsonr(x, y).confidence_interval(0.95)
    found = pearson(points)
    assert is_near(found.low, Decimal(float(judge.low)))
    assert is_near(found.high, Decimal(float(judge.high)))
    ranks = pearsonr(rankdata(x), rankdata(y)).statistic
    reach = 1.959963984540054 * (1.06 / (len(points) - 3)) ** 0.5
    assert is_near(spearman(points).low, Decimal(float(np.tanh(np.arctanh(ranks) - reach))))


def test_large_figures_with_small_changes_lose_nothing() -> None:
    base = Decimal("98765432109876543210")
    small = [Decimal(digit) / 10**18 for digit in (1, 5, 2, 8, 3, 9, 4, 7, 6)]
    huge = [
        Point(next_period(START, at), EXACT.add(base, each), each) for at, each in enumerate(small)
    ]
    assert pearson(huge).value == 1
    assert fit_line(huge).slope.value == 1
    assert scale([one.value for one in huge]).width < Fraction(1, 10**17)


def test_an_elasticity_is_the_power_of_a_power_law() -> None:
    points = [
        Point(next_period(START, at), Decimal(7) * x**2, x)
        for at, x in enumerate(map(Decimal, range(1, 10)))
    ]
    found = measure_elasticity(points)
    assert is_near(found.value, Decimal(2))
    assert found.reason is None
    sunk = measure_elasticity([*points, Point("2025-01", Decimal(0), Decimal(4))])
    assert (sunk.value, sunk.reason) == (None, "non_positive_values")


def test_what_never_changes_has_no_correlation_and_says_so() -> None:
    points = anscombe("3 3 3 3 3 3 3 3", "1 2 3 4 5 6 7 8")
    for found in (pearson(points), spearman(points), fit_line(points).slope):
        assert (found.value, found.reason) == (None, "no_variation")


def test_the_best_lag_is_the_one_that_was_built_in() -> None:
    cause = [3, 9, 1, 7, 4, 8, 2, 6, 5, 9, 1, 8, 3, 7, 2, 9, 4, 6]
    effect = [0, 0, *cause[:-2]]
    lags = correlate_lags(months(effect), months(cause), 6)
    best = find_best_lag(lags)
    assert best is not None
    assert (best.months, best.n, best.pearson.value) == (2, 16, 1)
    assert all(
        lag.adjusted_p is not None
        and lag.pearson.p_value is not None
        and lag.adjusted_p >= lag.pearson.p_value
        for lag in lags
    )
    short = correlate_lags(months(effect[:9]), months(cause[:9]), 3)
    assert [lag.pearson.reason for lag in short] == [
        None,
        None,
        "too_little_data",
        "too_little_data",
    ]


def test_a_shared_trend_is_named_and_vanishes_in_the_changes() -> None:
    wobble = [0, 2, 1, 3, 0, 1, 3, 2, 0, 3, 1, 2]
    other = [1, 0, 3, 3, 2, 0, 1, 3, 0, 0, 2, 1]
    ours = months([10 * at + each for at, each in enumerate(wobble)])
    theirs = months([5 * at + each for at, each in enumerate(other)])
    found = associate(ours, theirs, 0)
    assert found.pearson.value is not None
    assert found.pearson.value > Decimal("0.9")
    assert not found.changes.is_significant
    assert found.n_changes == 11
    assert "shared_trend" in cautions_of_association(found)


def test_a_shared_season_is_named_and_one_without_the_other_is_not() -> None:
    season = [0, 1, 3, 6, 9, 12, 13, 12, 9, 5, 2, 0]
    noise = np.random.default_rng(5)
    sales = months([round(each + noise.normal() * 0.5, 3) for each in season * 3])
    heat = months([round(30 - 2 * each + noise.normal() * 0.5, 3) for each in season * 3])
    plain = months([round(noise.normal(), 3) for _ in range(36)])
    assert "shared_season" in cautions_of_association(associate(sales, heat, 0))
    assert "shared_season" not in cautions_of_association(associate(sales, plain, 0))
    short = {month: value for month, value in sales.items() if month < "2025-12"}
    assert not associate(short, heat, 0).has_shared_season


def test_missing_months_are_left_out_pairwise_and_named() -> None:
    ours, theirs = months(range(12)), months([each * each for each in range(12)])
    ours["2024-04"], theirs["2024-07"] = None, None
    points = pair_months(ours, theirs)
    assert len(points) == 10
    assert list_gaps([one.period for one in points]) == ["2024-04", "2024-07"]
    assert correlate_changes(points)[1] == 7


def test_seven_months_are_too_few() -> None:
    with pytest.raises(Conflict, match=r"^7 months") as refused:
        associate(months(range(7)), months(range(7)), 0)
    assert refused.value.code == "too_little_data"


def test_rounding_keeps_twelve_digits_of_small_and_large_figures() -> None:
    assert to_decimal(1.5e-9) == Decimal("1.5E-9")
    assert to_decimal(0.1) == Decimal("0.1")
    assert to_decimal(0.5, Fraction(10**25)) == 5 * Decimal(10) ** 24
