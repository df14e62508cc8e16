"""The life of a model version, who may approve it, and what differs between two."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from shared.errors import Conflict, FieldError, RuleBroken

DRAFT, IN_REVIEW, APPROVED = "draft", "in_review", "approved"
PUBLISHED, RETIRED = "published", "retired"
OPEN_STATES = (DRAFT, IN_REVIEW, APPROVED)

_STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "submit": ((DRAFT,), IN_REVIEW),
    "approve": ((IN_REVIEW,), APPROVED),
    "reject": ((IN_REVIEW, APPROVED), DRAFT),
    "publish": ((APPROVED,), PUBLISHED),
}


def state_after(action: str, state: str, *, four_eyes: bool) -> str:
    """The state that an action leads to; Conflict `wrong_state` when it is not possible now.

    With four eyes off, a draft or a version in review may be published directly.
    """
    allowed, reached = _STEPS[action]
    if action == "publish" and not four_eyes:
        allowed = OPEN_STATES
    if state not in allowed:
        raise Conflict(
            f"a version that is {state} cannot be changed by `{action}`; "
            f"it would have to be {' or '.join(allowed)}",
            code="wrong_state",
        )
    return reached


def check_is_draft(state: str) -> None:
    """Only a draft takes changes; every later state is frozen."""
    if state != DRAFT:
        raise Conflict(f"a version that is {state} takes no changes", code="version_frozen")


@dataclass(frozen=True)
class ChangedMapping:
    """A mapping that both versions have and that is not the same."""

    code: str
    fields: tuple[str, ...]
    before: Mapping[str, object]
    after: Mapping[str, object]


@dataclass(frozen=True)
class VersionDifference:
    """What turns one version into another; mappings are known by their codes."""

    added: list[Mapping[str, object]] = field(default_factory=list)
    removed: list[Mapping[str, object]] = field(default_factory=list)
    changed: list[ChangedMapping] = field(default_factory=list)
    stages_before: Mapping[str, object] = field(default_factory=dict)
    stages_after: Mapping[str, object] = field(default_factory=dict)


def difference_between(
    base: Mapping[str, Mapping[str, object]],
    other: Mapping[str, Mapping[str, object]],
    base_stages: Mapping[str, object],
    other_stages: Mapping[str, object],
) -> VersionDifference:
    """Compare the mappings (by code) and the stage settings of two versions.

    Numbers are compared by value (`60` is `60.0`), everything else as written.
    """
    changed = []
    for code in sorted(base.keys() & other.keys()):
        before, after = base[code], other[code]
        names = sorted(before.keys() | after.keys())
        different = tuple(name for name in names if not _same(before.get(name), after.get(name)))
        if different:
            changed.append(ChangedMapping(code, different, before, after))
    stages = _settings_that_differ(base_stages, other_stages)
    return VersionDifference(
        added=[other[code] for code in sorted(other.keys() - base.keys())],
        removed=[base[code] for code in sorted(base.keys() - other.keys())],
        changed=changed,
        stages_before={name: base_stages.get(name) for name in stages},
        stages_after={name: other_stages.get(name) for name in stages},
    )


def _same(before: object, after: object) -> bool:
    if isinstance(before, Decimal) and isinstance(after, Decimal):
        return before == after
    return type(before) is type(after) and before == after


def _settings_that_differ(base: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    names = sorted(base.keys() | other.keys())
    return [name for name in names if base.get(name) != other.get(name)]


def check_stage_setting(stage: str, solve: str, order: list[str], self_use: str) -> None:
    """The rules of a same-layer stage: an order belongs to step-down, counted self-use does not."""
    pointer = f"/stages/{stage}"
    if solve == "step_down" and self_use == "counted":
        message = "in step-down closed objects stay out of the weights; self-use cannot count"
        error = FieldError(f"{pointer}/self_use", "bad_stage_setting", message)
        raise RuleBroken(message, code="bad_stage_setting", errors=[error])
    if len(order) != len(set(order)):
        message = "an object stands only once in an order"
        error = FieldError(f"{pointer}/order", "bad_stage_setting", message)
        raise RuleBroken(message, code="bad_stage_setting", errors=[error])
