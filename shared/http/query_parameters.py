"""The names in a query string: an unknown or repeated one is an error; `tags.x=` where data name
filters.

A filter that is misspelled and passed over would answer everything, and of two values of one only
the last would count; both look like an answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request

from shared.errors import FieldError, RuleBroken

LONGEST_VALUE = 2000
PASSED_OVER = frozenset({"wait", "limit", "cursor", "sort"})
"""What clients send with every call or list: where there is nothing to wait for or to page,
nothing is lost by it, and of two values the last counts. `dry_run` is not among them: what does
not know it would do the thing.
"""


@dataclass(frozen=True)
class NamesTaken:
    """What an endpoint knows: names, those that may be repeated, beginnings that data go on."""

    names: frozenset[str]
    lists: frozenset[str]
    beginnings: tuple[str, ...]


def names_taken(route: APIRoute) -> NamesTaken:
    """The names of a route's query parameters."""
    documented = [each["name"] for each in (route.openapi_extra or {}).get("parameters", [])]
    declared = dict(_declared(route.dependant))
    return NamesTaken(
        frozenset(declared),
        frozenset(name for name, kind in declared.items() if _is_list(kind)),
        tuple(name.removesuffix("{key}") for name in documented),
    )


def refuse_others(request: Request, taken: NamesTaken) -> None:
    """Raise 422 `unknown_parameter` or `repeated_parameter`, with one entry per name."""
    given = [name for name, _ in request.query_params.multi_items()]
    known = taken.names | PASSED_OVER
    unknown = [
        name
        for name in given
        if name not in known and not (taken.beginnings and name.startswith(taken.beginnings))
    ]
    if unknown:
        open_names = {f"{start}..." for start in taken.beginnings}
        listed = ", ".join(sorted(taken.names | open_names)) or "none"
        raise _refusal("unknown_parameter", unknown, f"not known here; known: {listed}")
    single = taken.names - taken.lists - PASSED_OVER
    repeated = [name for name in given if name in single and given.count(name) > 1]
    if repeated:
        raise _refusal("repeated_parameter", repeated, "given more than once")


def _refusal(code: str, names: list[str], message: str) -> RuleBroken:
    errors = [FieldError(f"query:/{name}", code, message) for name in dict.fromkeys(names)]
    return RuleBroken(f"query parameters: {message}", code=code, errors=errors)


def _declared(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    for parameter in dependant.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, field in kind.model_fields.items():
                yield field.alias or name, field.annotation
        else:
            yield parameter.alias, kind
    for inner in dependant.dependencies:
        yield from _declared(inner)


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list or any(get_origin(each) is list for each in get_args(kind))


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
