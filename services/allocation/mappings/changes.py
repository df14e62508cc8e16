"""How a request becomes a stored mapping, and what is checked on the way."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from services.allocation.cost_objects.repository import known_codes
from services.allocation.engine.model import MappingSpec
from services.allocation.mappings.domain import check_mapping, check_named_codes, named_codes
from shared.changes import write_differences
from shared.contracts.allocation.mappings import MappingPatch, MappingRequest
from shared.errors import Problem, RuleBroken
from shared.http.problems import field_errors
from shared.tables.allocation.model import ModelMapping

FIELDS = tuple(MappingRequest.model_fields)


def spec_of(request: MappingRequest) -> MappingSpec:
    """A request as the engine takes it."""
    return MappingSpec(**stored_fields(request))


def stored_fields(request: MappingRequest) -> dict[str, Any]:
    """What a request sets, as it is stored: JSON parts with their decimals as text."""
    stored = request.model_dump(mode="json")
    stored["portion"] = request.portion
    return stored


def fields_of(row: ModelMapping) -> dict[str, Any]:
    """What a request can set, as it is."""
    return {name: getattr(row, name) for name in FIELDS}


def patched(row: ModelMapping, patch: MappingPatch) -> MappingRequest:
    """The whole mapping after a merge patch; RuleBroken when that is not valid."""
    after = fields_of(row) | patch.model_dump(exclude_unset=True)
    for name in ("source", "on_zero", "priority", "portion"):
        if after[name] is None:
            del after[name]
    try:
        return MappingRequest.model_validate(after)
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RuleBroken(
            "the mapping would not be valid", code="invalid", errors=field_errors(found)
        ) from None


def check_all(
    session: Session, items: Sequence[MappingRequest | Problem]
) -> list[MappingRequest | Problem]:
    """The items, with those that are not sound replaced by what is wrong with them."""
    checked = [item if isinstance(item, Problem) else _sound(item) for item in items]
    sound = [spec_of(item) for item in checked if not isinstance(item, Problem)]
    wanted = {(named.layer, named.code) for spec in sound for named in named_codes(spec)}
    known = known_codes(session, wanted)
    return [item if isinstance(item, Problem) else _named(item, known) for item in checked]


def check_one(session: Session, request: MappingRequest) -> None:
    """Refuse a mapping that is not sound or names objects that are not there."""
    (outcome,) = check_all(session, [request])
    if isinstance(outcome, Problem):
        raise outcome


def _sound(item: MappingRequest) -> MappingRequest | Problem:
    try:
        check_mapping(spec_of(item))
    except Problem as problem:
        return problem
    return item


def _named(item: MappingRequest, known: set[tuple[str, str]]) -> MappingRequest | Problem:
    try:
        check_named_codes(spec_of(item), known)
    except Problem as problem:
        return problem
    return item


def apply(row: ModelMapping, request: MappingRequest) -> bool:
    """Write a request into a row; whether anything changed."""
    return write_differences(row, stored_fields(request))


def content_of(row: ModelMapping) -> dict[str, Any]:
    """A mapping as two versions are compared by: without ids, decimals in their shortest form."""
    return fields_of(row) | {"portion": shortest(row.portion)}


def shortest(value: Decimal) -> str:
    """An exact decimal without trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
