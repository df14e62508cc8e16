"""Line groups in one canonical order, whatever order the rows came in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.allocation.engine.columns import Column
from services.allocation.engine.model import Int64s, LineGroups


def canonical_groups(groups: LineGroups) -> LineGroups:
    """The groups in order of currency and field values, groups of equal values merged."""
    if not len(groups):
        return groups
    currency = groups.currency.in_order_of_values()
    columns = {key: groups.columns[key].in_order_of_values() for key in sorted(groups.columns)}
    order = np.lexsort(
        [*(columns[key].codes for key in sorted(columns, reverse=True)), currency.codes]
    )
    starts = _first_of_equals([currency, *columns.values()], order)
    heads = order[starts]
    ends = np.append(starts[1:], len(order))
    return LineGroups(
        currency=currency.take(heads),
        columns={key: column.take(heads) for key, column in columns.items()},
        amounts=_sums(groups.amounts, order, starts, ends),
        gross=_sums(groups.gross, order, starts, ends),
        line_counts=np.add.reduceat(groups.line_counts[order], starts),
        decimals=groups.decimals,
    )


def keep_groups(groups: LineGroups, rows: Int64s) -> LineGroups:
    """Only the groups at these rows, which stand in order."""
    if len(rows) == len(groups):
        return groups
    return LineGroups(
        currency=groups.currency.take(rows),
        columns={key: column.take(rows) for key, column in groups.columns.items()},
        amounts=[groups.amounts[row] for row in rows.tolist()],
        gross=[groups.gross[row] for row in rows.tolist()],
        line_counts=groups.line_counts[rows],
        decimals=groups.decimals,
    )


def number_combinations(codes: Sequence[NDArray[np.int32]], count: int) -> tuple[Int64s, Int64s]:
    """Number the distinct combinations of several code columns in their lexical order.

    Gives the number of each row and, per number, the first row that has it. Codes may be -1.
    """
    numbers = np.zeros(count, dtype=np.int64)
    for column in codes:
        width = int(column.max(initial=-1)) + 2
        combined = numbers * width + (column.astype(np.int64) + 1)
        numbers = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    _, heads = np.unique(numbers, return_index=True)
    return numbers, heads.astype(np.int64)


def _first_of_equals(columns: Sequence[Column], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where, in the sorted order, a new combination of values begins."""
    begins = np.zeros(len(order), dtype=np.bool_)
    begins[0] = True
    for column in columns:
        sorted_codes = column.codes[order]
        begins[1:] |= sorted_codes[1:] != sorted_codes[:-1]
    return np.flatnonzero(begins)


def _sums(
    values: Sequence[int], order: NDArray[np.int64], starts: Int64s, ends: Int64s
) -> list[int]:
    ordered = [values[row] for row in order.tolist()]
    if len(starts) == len(ordered):
        return ordered
    return [sum(ordered[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
