"""Units of single lines: they add up to their group, the largest fractions get what is left."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.allocation.engine.columns import Column
from services.allocation.engine.lines.conversion import settle
from services.allocation.runs.line_index import _floors, _with_spare

wide = st.integers(-(10**22), 10**22)


def divided(amounts: list[int], numerator: int, shift: int) -> list[tuple[int, int]]:
    return [
        divmod(amount * numerator * 10 ** max(0, -shift), 10 ** max(0, shift)) for amount in amounts
    ]


@given(st.lists(wide, min_size=1, max_size=30), st.integers(1, 10**12), st.integers(22, 30))
def test_floors_and_the_order_of_fractions_are_exact_beyond_64_bits(
    amounts: list[int], numerator: int, shift: int
) -> None:
    wholes, fractions = _floors(np.array(amounts, dtype=object), numerator, shift)
    exact = divided(amounts, numerator, shift)
    assert wholes.tolist() == [whole for whole, _ in exact]
    ranks = fractions.tolist()
    for one, (_, fraction) in zip(ranks, exact, strict=True):
        for other, (_, larger) in zip(ranks, exact, strict=True):
            assert (one < other) == (fraction < larger)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-(10**9), 10**9)), min_size=1, max_size=40),
    st.integers(0, 4),
)
def test_lines_share_out_their_groups_units_to_the_last(
    lines: list[tuple[int, int]], shift: int
) -> None:
    groups = np.array([group for group, _ in lines], dtype=np.int32)
    amounts = np.array([amount for _, amount in lines], dtype=np.int64)
    units, fractions = _floors(amounts, 1, shift)
    settled = {
        group: settle([amount for of, amount in lines if of == group], shift, 0)
        for group in range(4)
    }
    result: Any = SimpleNamespace(
        groups=range(4), group_units=np.array([sum(settled[group]) for group in range(4)])
    )
    found = _with_spare(result, groups, units, fractions)
    for group in range(4):
        assert found[groups == group].tolist() == settled[group]


def test_a_column_reads_another_ones_values_in_its_own_terms() -> None:
    ours, theirs = Column.of(["b", "a", None]), Column.of(["a", "c", None, "b"])
    assert theirs.in_terms_of(ours).tolist() == [1, 2, -1, 0]


def test_some_rows_keep_only_the_values_that_they_use_in_order() -> None:
    column = Column.of(["b", None, "a", "c"]).in_order_of_values()
    part = column.only(np.array([1, 3, 0]))
    assert (part.texts(), part.values, part.is_ordered) == ([None, "c", "b"], ("b", "c"), True)
