"""Bounds in the OpenAPI documents: what a request may hold, what an answer can hold at most.

The bounds of requests come from their contracts, which enforce them. What is only ever answered
comes out of Postgres, whose own limits it states where the contract gives no closer one.
"""

from collections.abc import Iterator
from typing import Any

from shared.settings import get_settings

LONGEST_TEXT = 2**30 - 1
"""Postgres holds no longer value."""
MOST_ITEMS = 2**31 - 1
LARGEST_EXACT_INTEGER = 2**53 - 1
"""Beyond it, a reader that knows only binary floats would see another number."""
LARGEST_INT32 = 2**31 - 1
LENGTH_OF_FORMAT = {"uuid": 36, "date": 10, "date-time": 40}
FORM = "multipart/form-data"
NAMED_MEMBERS = {"properties", "patternProperties", "headers", "responses"}
NOT_SCHEMAS = {"example", "examples", "default", "enum", "const", "required", "security"}


def state_limits(document: dict[str, Any]) -> None:
    """Give every text, list and integer of the document its bounds, in place."""
    schemas = document["components"]["schemas"]
    asked = names_in_requests(document)
    for schema in _schemas(document["paths"]):
        _state_format(schema)
    for name, schema in schemas.items():
        for inner in _schemas(schema):
            _state_format(inner)
            if name not in asked:
                _state_answer(inner)
    for operation in operations(document):
        for inner in _schemas(operation["responses"]):
            _state_answer(inner)


def close_forms(document: dict[str, Any]) -> None:
    """Say in the document that forms have no further fields, in place."""
    schemas = document["components"]["schemas"]
    for operation in operations(document):
        form = operation.get("requestBody", {}).get("content", {}).get(FORM)
        if form is not None:
            name = form["schema"]["$ref"].rsplit("/", 1)[-1]
            schemas[name]["additionalProperties"] = False


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of every path."""
    for methods in document["paths"].values():
        yield from methods.values()


def names_in_requests(document: dict[str, Any]) -> set[str]:
    """The schemas that any request is made of, directly or through another."""
    schemas = document["components"]["schemas"]
    found: set[str] = set()
    new = set()
    for operation in operations(document):
        new |= _references(operation.get("requestBody")) | _references(operation.get("parameters"))
    while new:
        found |= new
        new = set().union(*(_references(schemas[name]) for name in new)) - found
    return found


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"].rsplit("/", 1)[-1]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(_references(value) for value in node))
    return set()


def _schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every object below that may be a schema, itself first."""
    if isinstance(node, list):
        for value in node:
            yield from _schemas(value)
    elif isinstance(node, dict):
        yield node
        for name, value in node.items():
            if name in NAMED_MEMBERS and isinstance(value, dict):
                for member in value.values():
                    yield from _schemas(member)
            elif name not in NOT_SCHEMAS:
                yield from _schemas(value)


def _state_format(schema: dict[str, Any]) -> None:
    """What follows from the format and the bounds that are given."""
    kind = schema.get("type")
    if kind == "integer" and "format" not in schema:
        largest = schema.get("maximum", schema.get("exclusiveMaximum", LARGEST_EXACT_INTEGER))
        schema["format"] = "int32" if largest <= LARGEST_INT32 else "int64"
    elif kind == "string":
        written = schema.get("format")
        if written in LENGTH_OF_FORMAT:
            schema.setdefault("maxLength", LENGTH_OF_FORMAT[written])
        elif schema.get("contentMediaType") == "application/octet-stream":
            schema.setdefault("maxLength", get_settings().max_upload_bytes)


def _state_answer(schema: dict[str, Any]) -> None:
    """The bounds that hold for whatever is answered."""
    kind = schema.get("type")
    if kind == "integer":
        if "exclusiveMinimum" not in schema:
            schema.setdefault("minimum", -LARGEST_EXACT_INTEGER)
        if "exclusiveMaximum" not in schema:
            schema.setdefault("maximum", LARGEST_EXACT_INTEGER)
    elif kind == "array":
        schema.setdefault("maxItems", MOST_ITEMS)
    elif kind == "object" and schema.get("additionalProperties"):
        schema.setdefault("maxProperties", MOST_ITEMS)
    elif kind == "string" and not {"enum", "const"} & schema.keys():
        schema.setdefault("maxLength", LONGEST_TEXT)
