"""The rules that a mapping must keep by itself, before any line or object is looked at."""

from collections.abc import Callable, Iterator

from services.allocation.engine.model import METHODS, ON_ZERO, STAGES, MappingSpec
from services.allocation.engine.rules.options import option_errors
from services.allocation.engine.rules.selector_reader import escape_pointer
from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.rules.targets import (
    FORMS_OF_METHOD,
    Chosen,
    OutOfScope,
    Retain,
    Target,
    ToField,
    is_object_key,
    is_source_key,
    parse_target,
)
from shared.errors import FieldError, RuleBroken
from shared.periods import is_period

PRIORITY_LIMIT = 1_000_000_000
Errors = Iterator[FieldError]


def validate_mapping(spec: MappingSpec) -> list[FieldError]:
    """Everything that is wrong with a mapping, with pointers into its JSON form; empty if sound."""
    errors = [*_names(spec), *_numbers(spec), *_periods(spec), *option_errors(spec)]
    if spec.stage not in STAGES:
        return errors
    errors += _source(spec)
    if spec.method in METHODS:
        errors += _target(spec)
    return errors


def _names(spec: MappingSpec) -> Errors:
    if spec.stage not in STAGES:
        yield FieldError("/stage", "unknown_stage", f"a stage is one of {', '.join(STAGES)}")
    if spec.method not in METHODS:
        yield FieldError("/method", "unknown_method", f"a method is one of {', '.join(METHODS)}")
    elif spec.stage == "line_to_pool" and spec.method != "direct":
        yield FieldError("/method", "bad_method", "line_to_pool knows only `direct`")
    if spec.on_zero not in ON_ZERO:
        yield FieldError("/on_zero", "bad_on_zero", f"on_zero is one of {', '.join(ON_ZERO)}")


def _numbers(spec: MappingSpec) -> Errors:
    portion = spec.portion
    if not portion.is_finite() or not 0 < portion <= 100 or portion != round(portion, 12):
        message = "a portion is above 0 and at most 100, with at most 12 decimals"
        yield FieldError("/portion", "bad_portion", message)
    elif spec.stage == "line_to_pool" and portion != 100:
        yield FieldError("/portion", "bad_portion", "line_to_pool takes whole lines: portion 100")
    if not -PRIORITY_LIMIT <= spec.priority <= PRIORITY_LIMIT:
        yield FieldError("/priority", "bad_priority", "a priority has at most nine digits")


def _periods(spec: MappingSpec) -> Errors:
    ends = {"/valid_from": spec.valid_from, "/valid_to": spec.valid_to}
    for pointer, end in ends.items():
        if end is not None and not is_period(end):
            yield FieldError(pointer, "bad_period", "a period is a month written YYYY-MM")
            return
    if spec.valid_from and spec.valid_to and spec.valid_from > spec.valid_to:
        yield FieldError("/valid_to", "bad_period", "valid_to lies before valid_from")


def _source(spec: MappingSpec) -> Errors:
    try:
        keys = parse_selector(spec.source, pointer="/source").keys()
    except RuleBroken as broken:
        yield from broken.errors
        return
    stage = spec.stage
    yield from _keys(keys, lambda key: is_source_key(stage, key), "/source", stage)


def _target(spec: MappingSpec) -> Errors:
    try:
        target = parse_target(spec.target)
    except RuleBroken as broken:
        yield from broken.errors
        return
    yield from _form(spec, target)
    if isinstance(target, ToField) and not is_source_key(spec.stage, target.key):
        message = f"{spec.stage} cannot look at `{target.key}`"
        yield FieldError("/target/field", "bad_selector", message)
    if isinstance(target, Chosen):
        yield from _keys(target.selector.keys(), is_object_key, "/target", "a target")


def _form(spec: MappingSpec, target: Target) -> Errors:
    in_lines = spec.stage == "line_to_pool"
    if not isinstance(target, FORMS_OF_METHOD[spec.method]):
        message = f"this form of target does not belong to the method `{spec.method}`"
        yield FieldError("/target", "bad_target", message)
    elif isinstance(target, OutOfScope) and not in_lines:
        message = "only line_to_pool can put money out of scope"
        yield FieldError("/target/out_of_scope", "bad_target", message)
    elif isinstance(target, Retain) and in_lines:
        message = "a line cannot keep money; give it a pool or put it out of scope"
        yield FieldError("/target/retain", "bad_target", message)


def _keys(
    keys: frozenset[str], is_known: Callable[[str], bool], pointer: str, where: str
) -> Errors:
    for key in sorted(keys):
        if not is_known(key):
            at = f"{pointer}/{escape_pointer(key)}"
            yield FieldError(at, "bad_selector", f"{where} cannot look at `{key}`")
