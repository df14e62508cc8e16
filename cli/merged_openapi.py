"""One OpenAPI document of the three services as a gateway shows them under one address."""

from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]
SCHEMAS = "#/components/schemas/"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
INSIDE_ONLY = {"/metrics"}
"""What the gateway does not pass on."""


def merge(documents: Mapping[str, Document], *, server: str = "/") -> Document:
    """The documents by service name as one.

    Paths get the service's name in front, `/ingest/v1/imports`; so do operation ids and tags,
    `ingest_create_import`. A schema that means the same in every service that names it stays
    one; one that differs is kept apart, `IngestFindingAnswer`.
    """
    apart = _differing(documents)
    merged: Document = {"paths": {}, "schemas": {}, "headers": {}, "security": {}, "tags": []}
    for service, document in documents.items():
        named = _renamed(document, _new_names(service, document, apart))
        merged["paths"] |= dict(_paths(service, named))
        merged["schemas"] |= named["components"]["schemas"]
        merged["headers"] |= named["components"].get("headers", {})
        merged["security"] |= named["components"].get("securitySchemes", {})
        merged["tags"] += _tags(service, named)
    first = next(iter(documents.values()))
    descriptions = [
        f"**{service}** {document['info']['description']}"
        for service, document in documents.items()
    ]
    return {
        "openapi": first["openapi"],
        "info": {**first["info"], "title": "BTIM", "description": "\n\n".join(descriptions)},
        "servers": [first["servers"][0] | {"url": server}],
        "tags": merged["tags"],
        "paths": merged["paths"],
        "components": {
            "schemas": dict(sorted(merged["schemas"].items())),
            "headers": merged["headers"],
            "securitySchemes": merged["security"],
        },
    }


def _differing(documents: Mapping[str, Document]) -> set[str]:
    """Names that mean different things, by themselves or by what they are made of."""
    meanings: dict[str, list[Any]] = {}
    for document in documents.values():
        for name, schema in document["components"]["schemas"].items():
            meanings.setdefault(name, []).append(schema)
    shared = {name: schemas for name, schemas in meanings.items() if len(schemas) > 1}
    apart = {name for name, schemas in shared.items() if any(one != schemas[0] for one in schemas)}
    while more := {
        name for name in shared.keys() - apart if _named_in(shared[name][0]) & apart
    }:  # whatever is made of such a thing differs as well
        apart |= more
    return apart


def _named_in(schema: Any) -> set[str]:
    found: set[str] = set()

    def note(text: str) -> str:
        found.add(text.removeprefix(SCHEMAS))
        return text

    _with_references(schema, note)
    return found


def _new_names(service: str, document: Document, apart: set[str]) -> dict[str, str]:
    names = document["components"]["schemas"].keys()
    new = {name: f"{service.capitalize()}{name}" for name in names & apart}
    if taken := set(new.values()) & names:
        raise ValueError(f"schemas of {service} already have the names {sorted(taken)}")
    return new


def _renamed(document: Document, names: Mapping[str, str]) -> Document:
    def follow(text: str) -> str:
        name = text.removeprefix(SCHEMAS)
        return SCHEMAS + names.get(name, name)

    renamed: Document = _with_references(document, follow)
    schemas = renamed["components"]["schemas"]
    renamed["components"]["schemas"] = {
        names.get(name, name): schema for name, schema in schemas.items()
    }
    return renamed


def _with_references(node: Any, change: Callable[[str], str]) -> Any:
    """A copy in which every reference to a schema, also of a discriminator, is changed."""
    if isinstance(node, dict):
        return {key: _with_references(value, change) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_references(value, change) for value in node]
    return change(node) if isinstance(node, str) and node.startswith(SCHEMAS) else node


def _paths(service: str, document: Document) -> list[tuple[str, Document]]:
    return [
        (f"/{service}{path}", {key: _named(service, key, part) for key, part in item.items()})
        for path, item in document["paths"].items()
        if path not in INSIDE_ONLY
    ]


def _named(service: str, key: str, operation: Any) -> Any:
    if key not in METHODS:
        return operation
    return {
        **operation,
        "operationId": f"{service}_{operation['operationId']}",
        "tags": [f"{service} {tag}" for tag in operation.get("tags", [])],
    }


def _tags(service: str, document: Document) -> list[Document]:
    """Every tag in use once, with what the service says of it."""
    told = {tag["name"]: tag for tag in document.get("tags", [])}
    used = {
        tag: None
        for path, item in document["paths"].items()
        if path not in INSIDE_ONLY
        for key, operation in item.items()
        if key in METHODS
        for tag in operation.get("tags", [])
    }
    return [{**told.get(tag, {}), "name": f"{service} {tag}"} for tag in used]
