"""Whatever JSON comes as a selector or a target: it is refused with pointers, or it just works."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.allocation.engine.columns import Column, Table
from services.allocation.engine.model import MappingSpec
from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.rules.targets import parse_target
from services.allocation.engine.rules.validation import validate_mapping
from shared.errors import RuleBroken

texts = st.text(max_size=12) | st.sampled_from(
    ["a", "", "'", '"', ";--", "%", "%s", "%(x)s", ":x", "\\", "$1", "{}", "\x00", "\ud800", "é"]
)
keys = st.one_of(
    st.sampled_from(
        ["account", "amount", "posted_on", "code", "under", "parent", "any", "all", "not"]
    ),
    st.builds(
        "{}.{}".format, st.sampled_from(["tags", "fields", "attributes", "object.tags"]), texts
    ),
    texts,
)
operators = st.sampled_from(
    "ne not_in starts_with contains matches gt gte lt lte exists like".split()  # noqa: SIM905
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts, st.just("2026-01")
)
patterns = st.lists(
    st.sampled_from(["a", ".", "(", ")", "*", "+", "?", "{1,9}", "{1000}", "|", "[", "]", "^", "$",
                     r"\b", r"\1", r"\pL", "(?i)", "(?=", "(?P<n>", "é"]),
    max_size=10,
).map("".join)  # fmt: skip
values = st.recursive(
    scalars | st.lists(scalars, max_size=3) | st.fixed_dictionaries({"matches": patterns}),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(keys | operators, inner, max_size=3),
    ),
    max_leaves=12,
)
objects = st.dictionaries(keys, values, max_size=4)
targets = st.one_of(
    values,
    st.fixed_dictionaries({"object": scalars}),
    st.fixed_dictionaries({"field": scalars}, optional={"aliases": values}),
    st.fixed_dictionaries({"shares": values}),
    st.fixed_dictionaries({"shares": st.dictionaries(texts, scalars, max_size=3)}),
)
TABLE = Table(
    5,
    {
        "account": Column.of(["a", "b", None, "'; drop table x;--", "é"]),
        "amount": Column.of(["1", "2.5", "x", None, "-0"]),
        "posted_on": Column.of(["2026-01-03", "2026-02-01", "2026-01-31", "soon", ""]),
    },
)


@settings(max_examples=400, deadline=None)
@given(objects | values)
def test_a_selector_is_refused_with_pointers_or_judges_every_row(raw: Any) -> None:
    try:
        rows = parse_selector(raw, pointer="/source").mask(TABLE)
    except RuleBroken as refused:
        check_refusal(refused, "/source")
        return
    assert rows.shape == (5,)
    opposite = parse_selector({"not": raw}).mask(TABLE) if _depth(raw) < 12 else ~rows
    assert (opposite == ~rows).all()


def check_refusal(refused: RuleBroken, pointer: str) -> None:
    """A refusal says what is wrong and where."""
    assert refused.code in {"bad_selector", "bad_target", "shares_not_100"}
    assert refused.errors
    assert all(one.pointer.startswith(pointer) for one in refused.errors)


def _depth(raw: Any) -> int:
    parts = raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list) else ()
    return 1 + max((_depth(part) for part in parts), default=0)


@settings(max_examples=300, deadline=None)
@given(targets)
def test_a_target_is_refused_with_pointers_or_read(raw: Any) -> None:
    try:
        parse_target(raw)
    except RuleBroken as refused:
        check_refusal(refused, "/target")


@settings(max_examples=300, deadline=None)
@given(
    objects, targets, st.sampled_from(["line_to_pool", "pool_to_resource", "solution_to_consumer"])
)
def test_a_mapping_says_everything_that_is_wrong_with_it(
    source: Any, target: Any, stage: str
) -> None:
    for method in ("direct", "even", "fixed", "driver"):
        spec = MappingSpec(code="x", stage=stage, method=method, source=source, target=target)
        for error in validate_mapping(spec):
            assert error.code
            assert error.pointer.startswith("/")


@pytest.mark.parametrize(
    "form",
    [
        lambda code: {"object": code},
        lambda code: {"field": "tags.app", "aliases": {"x": code}},
        lambda code: {"shares": {code: "100"}},
        lambda code: {"code": code},
        lambda code: {"under": [code]},
    ],
)
def test_a_code_means_the_same_object_however_its_letters_are_composed(form: Any) -> None:
    assert parse_target(form("Cafe\u0301")) == parse_target(form("Caf\u00e9"))


# Far above any of them on a slow machine; what has no end in sight takes minutes.
NO_END_IN_SIGHT_SECONDS = 30.0

CATASTROPHIC = [
    r"(a+)+$",
    r"(a*)*b",
    r"(a|aa)+$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(.*a){20}$",
    r"(x+x+)+y",
    r"([a-zA-Z]+)*$",
]


@pytest.mark.parametrize("pattern", CATASTROPHIC)
def test_patterns_that_ruin_other_engines_take_linear_time(pattern: str) -> None:
    long = Table(50, {"account": Column.of(["a" * 20_000 + "!" + str(row) for row in range(50)])})
    began = time.perf_counter()
    parse_selector({"account": {"matches": pattern}}).mask(long)
    assert time.perf_counter() - began < NO_END_IN_SIGHT_SECONDS, "a million letters"


@pytest.mark.parametrize(
    "pattern",
    [
        "a{1001}",
        "(a{1000}){1000}",
        "((a{100}){100}){100}",
        r"(a)\1",
        "(?=a)",
        "(?<=a)b",
        "a**",
        "(",
    ],
)
def test_patterns_beyond_the_engine_are_refused(pattern: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        parse_selector({"account": {"matches": pattern}}, pointer="/source")
    assert refused.value.errors[0].pointer == "/source/account/matches"


@pytest.mark.parametrize("depth", [13, 500, 100_000])
@pytest.mark.parametrize("wrap", ["not", "all"])
def test_deep_nesting_is_refused_and_never_a_stack_overflow(depth: int, wrap: str) -> None:
    deep: dict[str, Any] = {"account": "a"}
    for _ in range(depth):
        deep = {"not": deep} if wrap == "not" else {"all": [deep]}
    with pytest.raises(RuleBroken, match="nests at most"):
        parse_selector(deep)
    while deep:  # taken apart level by level, as freeing it in one go would recurse too
        inner = deep.popitem()[1]
        deep = inner[0] if isinstance(inner, list) else inner
        if not isinstance(deep, dict):
            break


@pytest.mark.parametrize(
    "raw",
    [
        {"account": ["x"] * 10_001},
        {"any": [{"account": ["x"] * 6_000}, {"account": {"not_in": ["x"] * 6_000}}]},
        {"any": [{"account": "x"}] * 1_001},
        {"account": "x" * 2_001},
        {"account": {"matches": "a" * 2_001}},
        {f"tags.{'x' * 2_001}": "a"},
    ],
    ids=["values", "values in all", "conditions", "a text", "a pattern", "a key"],
)
def test_what_a_selector_can_hold_is_bounded(raw: Any) -> None:
    with pytest.raises(RuleBroken) as refused:
        parse_selector(raw)
    assert len(refused.value.errors) <= 100


def test_a_thousand_conditions_over_many_values_stay_quick() -> None:
    wide = Table(100_000, {"account": Column.of([f"a{row % 997}" for row in range(100_000)])})
    raw = {"any": [{"account": {"contains": str(place)}} for place in range(1_000)]}
    began = time.perf_counter()
    found = parse_selector(raw).mask(wide)
    assert time.perf_counter() - began < NO_END_IN_SIGHT_SECONDS
    assert np.count_nonzero(found) > 0
