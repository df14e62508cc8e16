"""What a mapping must keep to: its own form, and the objects that it names."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from services.allocation.engine.model import STAGES, MappingSpec
from services.allocation.engine.rules.selector_reader import escape_pointer
from services.allocation.engine.rules.selectors import Selector, parse_selector
from services.allocation.engine.rules.targets import Chosen, Shares, ToField, ToObject, parse_target
from services.allocation.engine.rules.validation import validate_mapping
from shared.errors import FieldError, RuleBroken

CODE_KEYS = ("code", "under", "parent")


@dataclass(frozen=True)
class NamedCode:
    """An object that a mapping names outright, and where in the mapping."""

    layer: str
    code: str
    pointer: str


def check_mapping(spec: MappingSpec) -> None:
    """Refuse a mapping that is not sound by itself: RuleBroken with one error per thing wrong.

    The code of the first error is the problem's code, so that `shares_not_100` is seen at once.
    """
    errors = validate_mapping(spec)
    if errors:
        raise RuleBroken(errors[0].message, code=errors[0].code, errors=errors)


def named_codes(spec: MappingSpec) -> list[NamedCode]:
    """Every object that a sound mapping names outright, in its target and its selectors."""
    source_layer, target_layer = STAGES[spec.stage]
    found = list(_codes_of_target(spec, target_layer))
    if source_layer != "line":
        source = parse_selector(spec.source, pointer="/source")
        found += _codes_of_selector(source, source_layer, "/source")
    return found


def check_named_codes(spec: MappingSpec, known: Collection[tuple[str, str]]) -> None:
    """Refuse a mapping that names an object which is not there (`known` holds layer and code)."""
    errors = [
        FieldError(
            named.pointer,
            "unknown_code",
            f"there is no {named.layer} with the code {named.code}; create or load it first",
        )
        for named in named_codes(spec)
        if (named.layer, named.code) not in known
    ]
    if errors:
        raise RuleBroken(errors[0].message, code="unknown_code", errors=errors)


def _codes_of_target(spec: MappingSpec, layer: str) -> Iterator[NamedCode]:
    target = parse_target(spec.target)
    if isinstance(target, ToObject):
        yield NamedCode(layer, target.code, "/target/object")
    elif isinstance(target, Shares):
        yield from _each(layer, target.shares, "/target/shares")
    elif isinstance(target, ToField):
        for alias, code in target.aliases.items():
            yield NamedCode(layer, code, f"/target/aliases/{escape_pointer(alias)}")
    elif isinstance(target, Chosen):
        yield from _codes_of_selector(target.selector, layer, "/target")


def _each(layer: str, codes: Mapping[str, object], pointer: str) -> Iterator[NamedCode]:
    for code in codes:
        yield NamedCode(layer, code, f"{pointer}/{escape_pointer(code)}")


def _codes_of_selector(selector: Selector, layer: str, pointer: str) -> Iterator[NamedCode]:
    for condition in selector.conditions():
        if (
            condition.key in CODE_KEYS
            and condition.test == "in"
            and isinstance(condition.operand, tuple)
        ):
            for code in condition.operand:
                yield NamedCode(layer, code, f"{pointer}/{condition.key}")
