"""Trees of cost objects: parents that exist, no cycles; what a standard object refuses."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.errors import Conflict, FieldError, RuleBroken
from shared.periods import Period, covers

FIXED_IN_STANDARDS = ("names", "parent")
KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True)
class Placing:
    """An object that a request puts into the tree: where in the request, its code, its parent."""

    index: int
    code: str
    parent: str | None


def check_placings(
    known: Mapping[str, str | None], placings: Sequence[Placing]
) -> dict[int, RuleBroken]:
    """Which placings cannot be kept, by their index; the others together leave a sound tree.

    `known` maps every code of the layer to its parent. Parents may stand after their children in
    the request. What falls away takes with it the new objects that were to stand below it.
    """
    refused: dict[int, RuleBroken] = {}
    while True:
        kept = [placing for placing in placings if placing.index not in refused]
        tree = dict(known) | {placing.code: placing.parent for placing in kept}
        wrong = _without_parent(kept, tree) or _on_a_cycle(kept, tree)
        if not wrong:
            return refused
        refused |= wrong


def _without_parent(
    kept: Sequence[Placing], tree: Mapping[str, str | None]
) -> dict[int, RuleBroken]:
    return {
        placing.index: _parent_error("unknown_code", f"there is no parent {placing.parent}")
        for placing in kept
        if placing.parent is not None and placing.parent not in tree
    }


def _on_a_cycle(kept: Sequence[Placing], tree: Mapping[str, str | None]) -> dict[int, RuleBroken]:
    cyclic = codes_on_cycles(tree)
    return {
        placing.index: _parent_error(
            "parent_cycle", f"{placing.code} would stand below itself through {placing.parent}"
        )
        for placing in kept
        if placing.code in cyclic
    }


def _parent_error(code: str, message: str) -> RuleBroken:
    return RuleBroken.at("/parent", code, message)


def codes_on_cycles(parents: Mapping[str, str | None]) -> set[str]:
    """The codes that are their own ancestors."""
    settled: set[str] = set()
    cyclic: set[str] = set()
    for start in parents:
        path: list[str] = []
        on_path: dict[str, int] = {}
        here: str | None = start
        while here is not None and here not in settled:
            if here in on_path:
                cyclic.update(path[on_path[here] :])
                break
            on_path[here] = len(path)
            path.append(here)
            here = parents.get(here)
        settled.update(path)
    return cyclic


def check_standard_stays(
    standard: str | None, code: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """A standard object keeps its names and its place; Conflict `standard_object` otherwise."""
    if standard is None:
        return
    changed = [name for name in FIXED_IN_STANDARDS if before.get(name) != after.get(name)]
    if changed:
        message = f"{code} belongs to {standard}; it keeps its {' and '.join(changed)}"
        errors = [FieldError(f"/{name}", "standard_object", message) for name in changed]
        raise Conflict(message, code="standard_object", errors=errors)


def check_code_is_free_to_use(code: str, taxonomies: Collection[str]) -> None:
    """Codes that start with the name of a shipped taxonomy belong to that taxonomy."""
    prefix, colon, _ = code.partition(":")
    if colon and prefix in taxonomies:
        message = f"codes that start with {prefix}: belong to the taxonomy; load it instead"
        error = FieldError("/code", "reserved_code", message)
        raise RuleBroken(message, code="reserved_code", errors=[error])


def check_standard_is_given(asked: str | None, given: str | None) -> None:
    """An object belongs to a standard because that was loaded, not because a request says so."""
    if asked is not None and asked != given:
        message = "an object belongs to a standard only by loading the taxonomy"
        error = FieldError("/standard", "not_a_standard", message)
        raise RuleBroken(message, code="not_a_standard", errors=[error])


def periods_of_changed_validity(
    before: tuple[Period | None, Period | None],
    after: tuple[Period | None, Period | None],
    periods: Collection[Period],
) -> list[Period]:
    """Those of the periods in which an object would appear or disappear."""
    return sorted(p for p in periods if covers(*before, p) != covers(*after, p))


def merged(before: Mapping[KeyT, Any], patch: Mapping[KeyT, Any]) -> dict[KeyT, Any]:
    """A merge patch (RFC 7396) of one level: null takes a key away."""
    together = dict(before) | dict(patch)
    return {key: value for key, value in together.items() if value is not None}


def subtree_of(roots: Collection[str], parents: Mapping[str, str | None]) -> set[str]:
    """The codes of the roots that exist and of everything below them."""
    inside: dict[str, bool] = {}
    for start in parents:
        path: list[str] = []
        here: str | None = start
        while here is not None and here not in inside and here not in roots and here not in path:
            path.append(here)
            here = parents.get(here)
        found = here is not None and (here in roots or inside.get(here, False))
        inside |= dict.fromkeys(path, found)
    return {code for code in parents if code in roots or inside.get(code, False)}


def unknown_object(layer: str | None, code: str | None) -> RuleBroken:
    """Says that what a request names as its `object` does not exist."""
    message = f"there is no {layer} {code}"
    errors = [FieldError("/object", "unknown_code", message)]
    return RuleBroken(message, code="unknown_code", errors=errors)
