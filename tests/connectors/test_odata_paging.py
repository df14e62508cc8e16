"""The law of paging by number: what was there all the time is fetched, whatever else moves."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.ingest.sources.connector import whole_number_in
from services.ingest.sources.kinds.odata_paging import (
    Found,
    first_row,
    following,
    key_of,
    new_entities,
)

MOST_PAGES = 400
numbers = st.integers(0, 60)
change: st.SearchStrategy[tuple[str, set[int]]] = st.one_of(
    st.tuples(st.just("delete"), st.sets(numbers, max_size=30)),
    st.tuples(st.just("insert"), st.sets(numbers, max_size=30)),
    st.tuples(st.just("repeat"), st.just(set())),
    st.tuples(st.just("shorten"), st.just(set())),
    st.tuples(st.just("nothing"), st.just(set())),
)


@settings(max_examples=60, deadline=None)
@given(rows=st.sets(numbers), page_size=st.integers(2, 9), changes=st.lists(change, max_size=12))
def test_what_is_there_from_first_to_last_is_fetched(
    rows: set[int], page_size: int, changes: list[tuple[str, set[int]]]
) -> None:
    names = [name for name, _ in changes]
    # The table may change as it likes, or the service may answer wrongly at times; where it does
    # both at once, a page sent again can look like the end.
    wrong = 2 * names.count("shorten") + names.count("repeat")
    assume(wrong == 0 or (wrong <= 2 and "delete" not in names))
    stable = set(rows)
    fetched: set[int] = set()
    before: list[dict[str, Any]] = []
    cursor: dict[str, Any] | None = {
        "mode": "client", "key": ["id"], "url": None, "skip": 0, "last": None, "page": None,
        "idle": 0,
    }  # fmt: skip
    pages = 0
    while cursor is not None:
        pages += 1
        assert pages < MOST_PAGES, "it does not come to an end"
        known = 0 if cursor["last"] is None else 1
        begin = first_row(cursor)
        page = [{"id": n} for n in sorted(rows)[begin : begin + page_size + known]]
        name, which = changes[pages - 1] if pages <= len(changes) else ("nothing", set())
        if name == "repeat":
            page = before or page
        elif name == "shorten":
            page = page[: len(page) // 2 + 1]
        found = Found(page, None, None)
        fetched |= {int(key_of(row, ["id"])) for row in new_entities(found, cursor)}
        cursor = following(cursor, found, page_size)
        before = page
        if name == "delete":
            rows -= which
            stable -= which
        elif name == "insert":
            rows |= which
    assert fetched >= stable


@pytest.mark.parametrize("said", ["²", "٣", "9" * 5_000, "-1", "1.0", True, None, ""])
def test_a_count_that_is_no_count_is_passed_over(said: object) -> None:
    assert whole_number_in(said) is None


def test_a_count_comes_as_a_number_or_as_its_digits() -> None:
    assert whole_number_in("12") == whole_number_in(12) == 12
