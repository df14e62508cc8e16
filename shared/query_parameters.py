"""The names in a query string: an unknown one is an error; `tags.x=` where the data name filters.

A filter that is misspelled and passed over would answer everything, which looks like an answer.
"""

from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request

from shared.errors import FieldError, RuleBroken

LONGEST_VALUE = 2000
PASSED_OVER = frozenset({"wait", "limit", "cursor", "sort"})
"""What clients send with every call or list: where there is nothing to wait for or to page,
nothing is lost by it. `dry_run` is not among them: what does not know it would do the thing.
"""


def names_taken(route: APIRoute) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names that an endpoint knows, and the beginnings of those that the data give."""
    documented = [each["name"] for each in (route.openapi_extra or {}).get("parameters", [])]
    names = frozenset(_declared(route.dependant))
    return names, tuple(name.removesuffix("{key}") for name in documented)


def refuse_unknown(request: Request, names: frozenset[str], beginnings: tuple[str, ...]) -> None:
    """Raise 422 `unknown_parameter`, with one entry per name that the endpoint does not know."""
    unknown = [
        name
        for name in request.query_params
        if name not in names | PASSED_OVER and not (beginnings and name.startswith(beginnings))
    ]
    if unknown:
        known = ", ".join(sorted(names | {f"{start}..." for start in beginnings})) or "none"
        raise RuleBroken(
            f"unknown query parameters; known here: {known}",
            code="unknown_parameter",
            errors=[
                FieldError(f"query:/{name}", "unknown_parameter", "not known here")
                for name in unknown
            ],
        )


def _declared(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (field.alias or name for name, field in kind.model_fields.items())
        else:
            yield parameter.alias
    for inner in dependant.dependencies:
        yield from _declared(inner)


def open_parameters(*prefixes: str) -> dict[str, Any]:
    """`openapi_extra` of a list that takes `tags.x=` or `fields.x=`; no other does."""
    return {
        "parameters": [
            {
                "name": f"{prefix}.{{key}}",
                "in": "query",
                "required": False,
                "description": f"Items with this value, for example `{prefix}.core=yes`.",
                "schema": {"type": "string", "maxLength": LONGEST_VALUE},
            }
            for prefix in prefixes
        ]
    }


TAG_PARAMETER = open_parameters("tags")


def read_open_filters(request: Request, prefix: str = "tags") -> dict[str, str]:
    """Key to value of the `tags.x=value` parameters: each key once, values as long as tags."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        key = name.removeprefix(f"{prefix}.")
        if key == name:
            continue
        if not key or key in found or len(value) > LONGEST_VALUE or "\x00" in name + value:
            message = f"one value of at most {LONGEST_VALUE} characters"
            raise RuleBroken.at(f"query:/{name}", "invalid", message)
        found[key] = value
    return found
