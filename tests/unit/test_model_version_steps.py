"""The life of a model version, and the difference between two."""

from decimal import Decimal
from typing import Any

import pytest

from services.allocation.model_versions.domain import (
    difference_between,
    state_after,
)
from shared.errors import Conflict


@pytest.mark.parametrize(
    ("action", "state", "four_eyes", "reached"),
    [
        ("submit", "draft", False, "in_review"),
        ("approve", "in_review", True, "approved"),
        ("reject", "approved", True, "draft"),
        ("publish", "approved", True, "published"),
        ("publish", "draft", False, "published"),
        ("publish", "draft", True, None),
        ("publish", "published", False, None),
        ("publish", "retired", False, None),
        ("approve", "draft", False, None),
        ("submit", "published", False, None),
    ],
)
def test_each_step_starts_from_its_states_only(
    action: str, state: str, four_eyes: bool, reached: str | None
) -> None:
    if reached is None:
        with pytest.raises(Conflict, match=f"a version that is {state}"):
            state_after(action, state, four_eyes=four_eyes)
    else:
        assert state_after(action, state, four_eyes=four_eyes) == reached


def a_mapping(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "portion": Decimal(100), "target": {"object": "A"}} | more


def test_a_difference_compares_numbers_by_value() -> None:
    base = {"m": a_mapping("m", portion=Decimal("60.0"))}
    other = {"m": a_mapping("m", portion=Decimal(60))}
    assert difference_between(base, other, {}, {}).changed == []


def test_a_difference_is_mirrored_when_the_sides_change() -> None:
    base = {"a": a_mapping("a"), "b": a_mapping("b")}
    other = {"b": a_mapping("b", target={"object": "B"}), "c": a_mapping("c")}
    there = difference_between(base, other, {"s": 1}, {})
    back = difference_between(other, base, {}, {"s": 1})
    assert (there.added, there.removed) == (back.removed, back.added)
    assert [c.fields for c in there.changed] == [c.fields for c in back.changed] == [("target",)]
    assert (there.stages_before, there.stages_after) == ({"s": 1}, {"s": None})
