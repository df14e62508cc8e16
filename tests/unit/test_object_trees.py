"""Trees of cost objects stay trees, whatever a request asks for."""

from hypothesis import given
from hypothesis import strategies as st

from services.allocation.cost_objects.domain import (
    Placing,
    check_placings,
    codes_on_cycles,
    merged,
    periods_of_changed_validity,
    subtree_of,
)

codes = st.sampled_from("abcdefgh")
parents = st.none() | st.sampled_from("abcdefghx")


@st.composite
def forests(draw: st.DrawFn) -> dict[str, str | None]:
    """Sound trees: a parent always comes before its children."""
    names = draw(st.permutations("abcdefgh"))
    count = draw(st.integers(0, len(names)))
    return {
        name: draw(st.none() | st.sampled_from(names[:place])) if place else None
        for place, name in enumerate(names[:count])
    }


@given(forests(), st.lists(st.tuples(codes, parents), max_size=8))
def test_what_is_kept_leaves_a_forest_with_all_its_parents(
    known: dict[str, str | None], wanted: list[tuple[str, str | None]]
) -> None:
    placings = [Placing(i, code, parent) for i, (code, parent) in enumerate(wanted)]
    refused = check_placings(known, placings)
    kept = {p.code: p.parent for p in placings if p.index not in refused}
    tree = known | kept
    assert codes_on_cycles(tree) == set()
    assert all(parent is None or parent in tree for parent in tree.values())


@given(forests(), forests())
def test_a_request_that_leaves_a_forest_is_kept_whole(
    known: dict[str, str | None], wanted: dict[str, str | None]
) -> None:
    placings = [Placing(i, code, parent) for i, (code, parent) in enumerate(wanted.items())]
    if not codes_on_cycles(known | wanted):
        assert check_placings(known, placings) == {}


@given(st.dictionaries(codes, parents))
def test_a_code_is_on_a_cycle_if_it_is_its_own_ancestor(tree: dict[str, str | None]) -> None:
    def is_own_ancestor(code: str) -> bool:
        here = tree[code]
        for _ in range(len(tree)):
            if here == code:
                return True
            here = tree.get(here) if here is not None else None
        return False

    assert codes_on_cycles(tree) == {code for code in tree if is_own_ancestor(code)}


@given(forests(), st.sets(codes, max_size=3))
def test_a_subtree_holds_its_roots_and_the_children_of_what_it_holds(
    tree: dict[str, str | None], roots: set[str]
) -> None:
    inside = subtree_of(roots, tree)
    assert inside == {code for code in tree if code in roots or tree[code] in inside}


def test_a_long_chain_is_no_trouble() -> None:
    chain: dict[str, str | None] = {str(n): str(n - 1) if n else None for n in range(50_000)}
    assert codes_on_cycles(chain) == set()
    assert len(subtree_of({"25000"}, chain)) == 25_000


def test_a_merge_patch_takes_away_with_null() -> None:
    assert merged({"a": 1, "b": 2}, {"b": None, "c": 3}) == {"a": 1, "c": 3}


def test_changed_validity_touches_the_periods_between() -> None:
    closed = ["2026-01", "2026-02", "2026-03"]
    before, after = ("2026-02", None), (None, "2026-02")
    assert periods_of_changed_validity(before, after, closed) == ["2026-01", "2026-03"]
