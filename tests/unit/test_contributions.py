"""The terms of a trace in order: only as many as are looked at, always the same ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.allocation.engine.tracing.contributions import Contribution, Contributions
from services.allocation.engine.tracing.pairs import largest

amounts = st.lists(st.integers(-50, 50).filter(bool), max_size=60)


def terms(units: list[int]) -> Contributions:
    count = len(units)
    kinds = np.zeros(count, dtype=np.int64)
    return Contributions([("object", "pool")], kinds, np.arange(count), np.array(units, dtype=int))


def in_order(units: list[int]) -> list[Contribution]:
    order = sorted(range(len(units)), key=lambda place: (-abs(units[place]), place))
    return [Contribution("object", "pool", place, units[place]) for place in order]


@given(amounts, st.integers(0, 70), st.integers(0, 70))
def test_any_stretch_is_that_of_the_whole_order(units: list[int], start: int, stop: int) -> None:
    shown = terms(units)[start:stop]
    assert list(shown) == in_order(units)[start:stop]
    assert list(shown[1:3]) == in_order(units)[start:stop][1:3]


@given(amounts)
def test_terms_come_one_by_one_as_in_a_stretch(units: list[int]) -> None:
    found = terms(units)
    assert [found[place] for place in range(len(units))] == list(found) == in_order(units)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40), st.integers(1, 45))
def test_the_largest_are_chosen_with_ties_to_the_earlier(values: list[int], count: int) -> None:
    order = sorted(range(len(values)), key=lambda place: (-values[place], place))
    assert largest(np.array(values), count).tolist() == sorted(order[:count])
