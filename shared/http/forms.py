"""Forms hold what their endpoint names, each field once, as JSON bodies do."""

from fastapi import Depends, Request

from shared.errors import FieldError, RuleBroken


async def _only_known_fields(request: Request) -> None:
    known = {field.alias for field in request.scope["route"].dependant.body_params}
    names = [name for name, _ in (await request.form()).multi_items()]
    errors = [
        FieldError(f"/{name}", "unknown_field", "no such field")
        for name in dict.fromkeys(names)
        if name not in known
    ]
    errors += [
        FieldError(f"/{name}", "repeated_field", "given more than once")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if errors:
        raise RuleBroken("the form is not valid", code="invalid", errors=errors)


KNOWN_FIELDS_ONLY = Depends(_only_known_fields)
"""A route's dependency: 422 `invalid` names every field that it does not have or has twice."""
