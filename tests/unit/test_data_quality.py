"""When a figure changed suddenly, and which selectors a rule may have."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.data_quality.domain import median, share_of, worst
from services.ingest.data_quality.figures.sudden import judge
from services.ingest.data_quality.rules.selectors import Combination, Condition, read_selector
from shared.errors import RuleBroken

amounts = st.decimals(-(10**9), 10**9, places=2)
histories = st.lists(amounts, min_size=1, max_size=6)


@given(amounts, histories, st.integers(1, 1000))
def test_a_change_does_not_depend_on_the_unit_or_the_sign(
    now: Decimal, history: list[Decimal], factor: int
) -> None:
    judged = judge(now, history)
    for by in (factor, -factor):
        scaled = judge(now * by, [one * by for one in history])
        assert (scaled is None) == (judged is None)
        if judged is not None and scaled is not None:
            assert (scaled.before, scaled.reason) == (judged.before * by, judged.reason)


@given(histories)
def test_what_stays_at_its_median_never_changed(history: list[Decimal]) -> None:
    assert judge(median(history), history) is None


@given(st.decimals(1, 10**9, places=2), st.integers(3, 6))
def test_a_steady_figure_may_move_by_a_quarter(usual: Decimal, length: int) -> None:
    history = [usual] * length
    assert judge(usual * Decimal("1.25"), history) is None
    assert judge(usual * Decimal("0.75"), history) is None
    for factor in ("1.26", "0.74", "-1"):
        judged = judge(usual * Decimal(factor), history)
        assert judged is not None
        assert judged.reason == "outside_spread"


def test_a_restless_figure_is_held_against_its_own_spread() -> None:
    history = [Decimal(one) for one in (100, 60, 140, 90, 120, 80)]
    assert judge(Decimal(200), history) is None
    judged = judge(Decimal(300), history)
    assert judged is not None
    assert (judged.before, judged.spread) == (Decimal(95), Decimal("1.4826") * 20)


def test_a_thin_history_shows_only_what_tripled_appeared_or_ended() -> None:
    thin = [Decimal(10), Decimal(10)]
    assert judge(Decimal(29), thin) is None
    found = [judge(Decimal(now), thin) for now in (30, 3, 0, -10)]
    assert [one.reason if one else None for one in found] == [
        "tripled", "tripled", "ended", "tripled",
    ]  # fmt: skip
    new = judge(Decimal(5), [Decimal(0), Decimal(0), Decimal(0)])
    assert new is not None
    assert new.reason == "appeared"
    assert judge(Decimal(5), []) is None


def test_shares_and_statuses_know_nothing_of_nothing() -> None:
    assert share_of(1, 0) is None
    assert share_of(1, 3) == Decimal("0.333333")
    assert worst([None, "good", "bad", "warning"]) == "bad"
    assert worst([None]) == "good"


def test_a_selector_is_read_as_it_was_written() -> None:
    read = read_selector({"account": ["1", 2], "not": {"tags.a": {"exists": False}}})
    assert read == Combination(
        "all",
        (
            Condition("account", "in", ("1", "2")),
            Combination("not", (Combination("all", (Condition("tags.a", "exists", False),)),)),
        ),
    )


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ([], "/selector"),
        ({"colour": "red"}, "/selector/colour"),
        ({"tags.": "x"}, "/selector/tags."),
        ({"account": {"like": "4%"}}, "/selector/account/like"),
        ({"account": {}}, "/selector/account"),
        ({"account": None}, "/selector/account"),
        ({"account": 1.5}, "/selector/account"),
        ({"account": {"in": []}}, "/selector/account/in"),
        ({"account": {"matches": "(?=x)"}}, "/selector/account/matches"),
        ({"account": {"gt": "many"}}, "/selector/account/gt"),
        ({"account": {"exists": "yes"}}, "/selector/account/exists"),
        ({"account": "a\x00"}, "/selector/account"),
        ({"any": []}, "/selector/any"),
        ({"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {}}}}}}}}}, None),
    ],
)
def test_what_no_line_can_be_asked_is_refused(raw: Any, pointer: str | None) -> None:
    with pytest.raises(RuleBroken) as refused:
        read_selector(raw)
    assert refused.value.code == "bad_selector"
    assert pointer in {None, refused.value.errors[0].pointer}
