"""The compiled split gives exactly what Python's big integers give, on both of its paths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.allocation.engine.splitting.split import (
    Rows,
    fit_weights,
    split,
    split_big,
    split_csr,
)

LIMIT = 2**62 - 1


@st.composite
def splits(draw: st.DrawFn, largest_weight: int) -> tuple[list[int], list[list[int]]]:
    rows = draw(
        st.lists(
            st.lists(st.integers(0, largest_weight), min_size=1, max_size=12).filter(any),
            min_size=1,
            max_size=4,
        )
    )
    bound = st.integers(-LIMIT, LIMIT) | st.integers(-100, 100)
    return [draw(bound) for _ in rows], rows


def check(amounts: list[int], rows: list[list[int]]) -> None:
    indptr = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    weights = np.array([weight for row in rows for weight in row], dtype=np.int64)
    parts = split_csr(np.array([amounts], dtype=np.int64), indptr, weights)[0]
    for place, (amount, row) in enumerate(zip(amounts, rows, strict=True)):
        found = parts[indptr[place] : indptr[place + 1]].tolist()
        assert found == split_big(amount, row)
        assert sum(found) == amount


@settings(deadline=None)
@given(splits(10))
def test_small_weights(case: tuple[list[int], list[list[int]]]) -> None:
    check(*case)


@settings(deadline=None)
@given(splits(2**40))
def test_weights_near_two_to_the_fortieth(case: tuple[list[int], list[list[int]]]) -> None:
    check(*case)


@settings(deadline=None)
@given(splits(2**58))
def test_weights_as_large_as_they_may_be(case: tuple[list[int], list[list[int]]]) -> None:
    check(*case)


@pytest.mark.parametrize("amount", [LIMIT, -LIMIT, 2**50, 2**50 - 1, 1, -1])
@pytest.mark.parametrize("heaviest", [1, 3, 2**40, 2**40 + 1, 2**55 + 1])
def test_the_edges_of_both_paths(amount: int, heaviest: int) -> None:
    check([amount], [[heaviest, 1, heaviest - 1 or 1, 7, heaviest]])


def test_ties_go_to_the_earlier_edge() -> None:
    parts = split_csr(np.array([[2, -2]]), np.array([0, 3, 6]), np.ones(6, dtype=np.int64))
    assert parts[0].tolist() == [1, 1, 0, -1, -1, 0]


def test_long_rows_with_many_ties_are_settled_exactly() -> None:
    weights = [1 + place % 3 for place in range(5_000)]
    check([12_345, -999, 4_999], [weights, weights[::-1], weights])


def test_rows_may_share_weights_and_several_measures_go_together() -> None:
    weights = np.array([1, 2, 3], dtype=np.int64)
    zeros = np.zeros(2, dtype=np.int64)
    rows = Rows.sharing(zeros, zeros + 3)
    parts = split(np.array([[6, 12], [-6, 0]]), rows, weights)
    assert parts.tolist() == [[1, 2, 3, 2, 4, 6], [-1, -2, -3, 0, 0, 0]]


@given(st.lists(st.integers(1, 10**30), min_size=1, max_size=5), st.integers(1, 10**12))
def test_dividing_weights_by_what_they_share_changes_no_split(by: list[int], amount: int) -> None:
    reduced = [int(weight) for weight in fit_weights(np.array(by, dtype=object))]
    assert split_big(amount, reduced) == split_big(amount, by)
