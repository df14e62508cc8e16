"""Selectors mean what API.md says, in every operator, and refuse what is not well formed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.allocation.engine.columns import Column, Table, Tree
from services.allocation.engine.rules.selectors import parse_selector
from shared.errors import RuleBroken

TABLE = Table(
    4,
    {
        "account": Column.of(["a", "b", None, "ab"]),
        "amount": Column.of(["1", "2.5", "x", None]),
        "posted_on": Column.of(["2026-01-03", "2026-02-01", "2026-01-31", "soon"]),
    },
)
TREE = Tree({"A": None, "A/1": "A", "A/1/x": "A/1", "B": None})
OBJECTS = Table(
    4,
    {"code": Column.of(["A", "A/1", "A/1/x", "B"])},
    TREE,
    np.array([TREE.position(code) for code in ("A", "A/1", "A/1/x", "B")], dtype=np.int32),
)


@pytest.mark.parametrize(
    ("selector", "rows"),
    [
        ({}, [0, 1, 2, 3]),
        ({"account": "a"}, [0]),
        ({"account": ["a", "b"]}, [0, 1]),
        ({"account": {"ne": "a"}}, [1, 2, 3]),
        ({"account": {"not_in": ["a", "b"]}}, [2, 3]),
        ({"not": {"account": "a"}}, [1, 2, 3]),
        ({"account": {"starts_with": "a"}}, [0, 3]),
        ({"account": {"contains": "b"}}, [1, 3]),
        ({"account": {"matches": "^a?b$"}}, [1, 3]),
        ({"account": {"exists": True}}, [0, 1, 3]),
        ({"account": {"exists": False}}, [2]),
        ({"amount": {"gt": "1.0"}}, [1]),
        ({"amount": {"gte": "1.0", "lt": "2.50"}}, [0]),
        ({"amount": {"lte": "2.50"}}, [0, 1]),
        ({"posted_on": {"gte": "2026-01-15"}}, [1, 2]),
        ({"posted_on": {"lte": "2026-01"}}, [0, 2]),
        ({"any": [{"account": "a"}, {"amount": "2.5"}]}, [0, 1]),
        ({"all": [{"account": ["a", "b"]}, {"amount": "1"}]}, [0]),
        ({"account": ["a", "b"], "any": [{"amount": "1"}, {"amount": "9"}]}, [0]),
        ({"tags.none": "x"}, []),
        ({"tags.none": {"ne": "x"}}, [0, 1, 2, 3]),
        ({"tags.none": {"exists": False}}, [0, 1, 2, 3]),
        ({"tags.none": {"gt": "1"}}, []),
    ],
)
def test_a_selector_means_these_rows(selector: dict[str, Any], rows: list[int]) -> None:
    assert np.flatnonzero(parse_selector(selector).mask(TABLE)).tolist() == rows


@pytest.mark.parametrize(
    ("selector", "rows"),
    [
        ({"under": "A"}, [0, 1, 2]),
        ({"under": ["A/1", "B"]}, [1, 2, 3]),
        ({"under": {"ne": "A"}}, [3]),
        ({"under": "nowhere"}, []),
        ({"code": "A", "under": "A"}, [0]),
    ],
)
def test_under_means_an_object_and_all_below(selector: dict[str, Any], rows: list[int]) -> None:
    assert np.flatnonzero(parse_selector(selector).mask(OBJECTS)).tolist() == rows


@pytest.mark.parametrize(
    ("selector", "pointer"),
    [
        ([], "/source"),
        ("account", "/source"),
        ({"account": {}}, "/source/account"),
        ({"account": None}, "/source/account"),
        ({"account": []}, "/source/account"),
        ({"account": {"like": "a"}}, "/source/account/like"),
        ({"account": {"matches": "("}}, "/source/account/matches"),
        ({"account": {"matches": "(?=a)"}}, "/source/account/matches"),
        ({"account": {"exists": "yes"}}, "/source/account/exists"),
        ({"amount": {"gt": "1e3"}}, "/source/amount/gt"),
        ({"under": {"contains": "a"}}, "/source/under/contains"),
        ({"any": []}, "/source/any"),
        ({"any": {"account": "a"}}, "/source/any"),
        ({"not": []}, "/source/not"),
        ({"a/b": "x"}, "/source/a~1b"),
        ({"account": "\ud800"}, "/source/account"),
        ({"all": [{"account": "a"}, {"account": {"like": "b"}}]}, "/source/all/1/account/like"),
    ],
)
def test_what_is_not_well_formed_is_refused_where_it_stands(selector: Any, pointer: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        parse_selector(selector, pointer="/source")
    assert refused.value.code == "bad_selector"
    assert refused.value.errors[0].pointer == pointer


def test_depth_and_size_are_bounded() -> None:
    deep: dict[str, Any] = {"account": "a"}
    for _ in range(20):
        deep = {"not": deep}
    wide = {"account": [str(place) for place in range(20_000)]}
    many = {"any": [{"account": {"ne": "a"}}] * 2_000}
    for selector in (deep, wide, many):
        with pytest.raises(RuleBroken):
            parse_selector(selector)


def test_keys_are_told() -> None:
    raw = {"account": "a", "any": [{"tags.x": "1"}, {"not": {"under": "P"}}]}
    assert parse_selector(raw).keys() == {"account", "tags.x", "under"}


leaves = st.dictionaries(
    st.sampled_from(["account", "amount", "tags.none"]),
    st.one_of(
        st.sampled_from(["a", "b", "2.5"]),
        st.lists(st.sampled_from(["a", "ab", "1"]), min_size=1, max_size=2),
        st.fixed_dictionaries({"ne": st.sampled_from(["a", "x"])}),
    ),
    max_size=2,
)
selectors = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
    ),
    max_leaves=6,
)


@given(selectors, selectors)
def test_combinations_follow_logic(one: dict[str, Any], other: dict[str, Any]) -> None:
    def mask(raw: dict[str, Any]) -> np.ndarray[Any, Any]:
        return parse_selector(raw).mask(TABLE)

    assert (mask({"not": one}) == ~mask(one)).all()
    assert (mask({"any": [one, other]}) == (mask(one) | mask(other))).all()
    neither = {"not": {"all": [{"not": one}, {"not": other}]}}
    assert (mask({"any": [one, other]}) == mask(neither)).all()
