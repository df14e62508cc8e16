"""How a request becomes a row: what it would change, and what forbids that."""

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import ValidationError

from services.allocation.cost_objects.domain import (
    check_code_is_free_to_use,
    check_standard_is_given,
    check_standard_stays,
    merged,
    periods_of_changed_validity,
)
from services.allocation.taxonomies.domain import find_shipped, taxonomy_names
from shared.changes import write_differences
from shared.clock import utc_now
from shared.contracts.allocation.objects import CostObjectPatch, CostObjectRequest
from shared.errors import Conflict, FieldError, RuleBroken
from shared.http.problems import field_errors
from shared.periods import covers
from shared.tables.allocation.model import CostObject

FIXED = ("code", "standard")
FIELDS = tuple(name for name in CostObjectRequest.model_fields if name not in FIXED)
MAPS = ("names", "descriptions", "tags", "attributes")


def fields_of(row: CostObject) -> dict[str, Any]:
    """What a request can set, as it is."""
    return {name: getattr(row, name) for name in FIELDS}


def wanted_fields(request: CostObjectRequest, row: CostObject | None = None) -> dict[str, Any]:
    """What a request sets, as it is stored; a standard keeps what it was shipped with."""
    wanted = request.model_dump(include=set(FIELDS))
    wanted["names"] = request.names.stored()
    wanted["descriptions"] = request.descriptions.stored() if request.descriptions else {}
    shipped = find_shipped(row.standard, row.layer, row.code) if row and row.standard else None
    if shipped is not None:
        wanted["descriptions"] = shipped.descriptions
        wanted["attributes"] = {**wanted["attributes"], **shipped.attributes}
    return wanted


def patched(row: CostObject, patch: CostObjectPatch) -> CostObjectRequest:
    """The whole object as it would be after a merge patch; RuleBroken when that is not valid."""
    given = patch.model_dump(exclude_unset=True, by_alias=True)
    after: dict[str, Any] = {"code": row.code, **fields_of(row)}
    for name, value in given.items():
        after[name] = merged(after[name], value or {}) if name in MAPS and value else value
    if given.get("names", row.names) is None:
        raise _missing_names()
    for name in MAPS:
        after[name] = after[name] or {}
    if not after["descriptions"]:
        del after["descriptions"]
    try:
        return CostObjectRequest.model_validate(after)
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RuleBroken(
            "the object would not be valid", code="invalid", errors=field_errors(found, after)
        ) from None


def _missing_names() -> RuleBroken:
    message = "an object keeps at least one name"
    return RuleBroken(message, code="invalid", errors=[FieldError("/names", "missing", message)])


def check_change(row: CostObject | None, request: CostObjectRequest, closed: Sequence[str]) -> None:
    """Refuse what may not be: reserved codes, changes of standards, validity of closed periods."""
    check_standard_is_given(request.standard, row.standard if row else None)
    if row is None:
        check_code_is_free_to_use(request.code, taxonomy_names())
        check_begins_open(request, closed)
        return
    after = wanted_fields(request, row)
    check_standard_stays(row.standard, row.code, fields_of(row), after)
    check_validity_stays(
        row.code,
        (row.valid_from, row.valid_to),
        (request.valid_from, request.valid_to),
        closed,
    )


def check_begins_open(request: CostObjectRequest, closed: Collection[str]) -> None:
    """A new object is not said to have been valid in a closed period.

    One without `valid_from` is taken: runs of closed periods have kept their own trees.
    """
    if request.valid_from is None:
        return
    touched = sorted(
        period for period in closed if covers(request.valid_from, request.valid_to, period)
    )
    if touched:
        message = f"{request.code} would appear in {', '.join(touched)}, which is closed"
        errors = [FieldError("/valid_from", "closed_period", message)]
        raise Conflict(message, code="closed_period", errors=errors)


def check_validity_stays(
    code: str,
    before: tuple[str | None, str | None],
    after: tuple[str | None, str | None],
    closed: Collection[str],
) -> None:
    """An object neither appears in nor disappears from a closed period."""
    touched = periods_of_changed_validity(before, after, closed)
    if touched:
        message = f"{code} would appear in or disappear from {', '.join(touched)}, which is closed"
        raise Conflict(message, code="closed_period")


def apply(row: CostObject, request: CostObjectRequest) -> bool:
    """Write a request into a row; whether anything changed."""
    return write_differences(row, wanted_fields(request, row))


def new_row(layer: str, request: CostObjectRequest) -> CostObject:
    """The row of an object that is new."""
    row = CostObject(layer=layer, code=request.code, created_at=utc_now(), updated_at=utc_now())
    apply(row, request)
    return row
