"""What every OpenAPI document says beside the endpoints: errors, scopes, exact examples."""

from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.http.deprecation import HEADERS as DEPRECATION_HEADERS
from shared.openapi.limits import close_forms, operations, state_limits
from shared.openapi.tags import describe_tags
from shared.scopes import widest

PROBLEM_REF = {"$ref": "#/components/schemas/ProblemDocument"}
ALWAYS = {
    "400": "The request cannot be read",
    "401": "No caller, or one that is not known",
    "403": "The caller lacks the scope",
    "404": "There is no such thing",
    "406": "No such representation",
    "409": "The present state forbids it",
    "413": "The request is too large",
    "414": "Path and query are too long",
    "422": "The request breaks a rule",
    "429": "Too many requests",
    "431": "The headers are too large",
    "500": "Something went wrong in the service",
    "503": "Not available right now",
}
WITH_BODY = {
    "408": "The body arrives too slowly",
    "415": "This kind of content is not read here",
}
WITH_PRECONDITION = {
    "412": "It was changed since it was read",
    "428": "If-Match is missing",
}
OPEN_TO_ALL = {"401", "403", "500", "503"}
"""What health and metrics may answer beside 200."""
TEXT = {"type": "string", "maxLength": 2000}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Correlation-ID": {
        "description": "Finds this request in the logs of every service; taken over from the"
        " request's own header, else made.",
        "schema": {"type": "string", "maxLength": 128, "pattern": "^[A-Za-z0-9._:-]+$"},
    },
    "RateLimit": {
        "description": "Where calls are counted: what is left of the quota and the seconds until"
        " it is whole again.",
        "schema": TEXT | {"examples": ['"default";r=599;t=42']},
    },
    "RateLimit-Policy": {
        "description": "Where calls are counted: the quota and its window in seconds.",
        "schema": TEXT | {"examples": ['"default";q=600;w=60']},
    },
    "Access-Control-Allow-Origin": {
        "description": "For a browser's page whose origin the setting BTIM_CORS_ORIGINS names.",
        "schema": TEXT,
    },
    "Retry-After": {
        "description": "Seconds to wait",
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400},
    },
    "Location": {"description": "Where the thing or its job stands", "schema": TEXT},
    **DEPRECATION_HEADERS,
}
ON_EVERY_ANSWER = ("X-Correlation-ID", "RateLimit", "Access-Control-Allow-Origin")
BY_STATUS = {
    "201": ("Location", "RateLimit-Policy"),
    "202": ("Location", "Retry-After", "RateLimit-Policy"),
    "200": ("RateLimit-Policy",),
    "429": ("Retry-After", "RateLimit-Policy"),
    "503": ("Retry-After",),
}


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": PROBLEM_REF}},
    }


def _add_headers(operation: dict[str, Any]) -> None:
    """Each answer names the headers that come with it, by reference."""
    old = tuple(DEPRECATION_HEADERS) if operation.get("deprecated") else ()
    for status, answer in operation["responses"].items():
        named = (*ON_EVERY_ANSWER, *BY_STATUS.get(status, ()), *old)
        headers = answer.setdefault("headers", {})
        for name in named:
            headers.setdefault(name, {"$ref": f"#/components/headers/{name}"})


def _header_names(operation: dict[str, Any]) -> set[str]:
    return {name for answer in operation["responses"].values() for name in answer["headers"]}


def _simplify(operation: dict[str, Any]) -> None:
    """A parameter is left out, never null; a file stands under its own media type."""
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _without(parameter["schema"], {"type": "null"})
    for answer in operation["responses"].values():
        for content in answer.get("content", {}).values():
            content["schema"] = _without(content.get("schema", {}), {})


def _without(schema: dict[str, Any], variant: dict[str, Any]) -> dict[str, Any]:
    """The schema without one variant of its `anyOf`."""
    variants: list[dict[str, Any]] = [each for each in schema.get("anyOf", []) if each != variant]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    if len(variants) == 1:
        return variants[0] | rest
    return rest | {"anyOf": variants} if variants else rest


def _scope_of(operation: dict[str, Any]) -> str | None:
    for requirement in operation.get("security", []):
        for scopes in requirement.values():
            if scopes:
                return str(scopes[-1])
    return None


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation.setdefault("responses", {})
    responses.pop("422", None)
    statuses = dict(ALWAYS)
    parameters = {parameter["name"].lower() for parameter in operation.get("parameters", [])}
    if "requestBody" in operation:
        statuses |= WITH_BODY
    if "if-match" in parameters:
        statuses |= WITH_PRECONDITION
    if not path.startswith("/v1/"):
        statuses = {status: statuses[status] for status in OPEN_TO_ALL}
        operation["security"] = []
    for status, description in sorted(statuses.items()):
        responses.setdefault(status, _problem(description))
    if method == "post" and path.startswith("/v1/"):
        operation.setdefault("parameters", []).extend([IDEMPOTENCY_PARAMETER, *EVENT_PARAMETERS])
    if "wait" in parameters and method == "post" and "202" in responses:
        responses.setdefault("200", {"description": "The finished thing (with `wait`)"})
    scope = _scope_of(operation)
    if scope:
        operation["x-scope"] = widest(scope)
        note = f"Scope: `{operation['x-scope']}`."
        if scope != operation["x-scope"]:
            operation["x-scope-alone"] = scope
            note = f"{note} A key may hold `{scope}` alone."
        operation["description"] = f"{operation.get('description', '').rstrip()}\n\n{note}".strip()
        operation["security"] = [{"bearer": []}]


IDEMPOTENCY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body answer the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


EVENT_PARAMETERS = [
    {
        "name": f"ce-{name}",
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "maxLength": 2000, "pattern": "^[!-~]+$"}
        | limits,
    }
    for name, description, limits in (
        (
            "specversion",
            "A CloudEvent in binary mode carries all four `ce-` headers. In structured mode its"
            " `Content-Type` is `application/cloudevents+json`, this body its `data`.",
            {"enum": ["1.0"]},
        ),
        ("id", "The same id and source answer the first answer again, whoever delivers.", {}),
        ("source", "A URI reference; an id is unique within it.", {}),
        ("type", "What the event tells of.", {}),
    )
]


def document_errors(app: FastAPI) -> None:
    """Make the application's document name scope and errors of every operation."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                openapi_version="3.1.0",
                description=app.description,
                routes=app.routes,
                contact=app.contact,
                license_info=app.license_info,
                separate_input_output_schemas=False,
                servers=[
                    {
                        "url": app.root_path or "/",
                        "description": "This deployment: production, test or local.",
                        "x-internal": False,
                    }
                ],
            )
            for path, methods in document["paths"].items():
                for method, operation in methods.items():
                    _complete(path, method, operation)
                    _simplify(operation)
                    _add_headers(operation)
            schemas = document["components"]["schemas"]
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            used = {name for each in operations(document) for name in _header_names(each)}
            document["components"]["headers"] = deepcopy(
                {name: header for name, header in HEADERS.items() if name in used}
            )
            close_forms(document)
            state_limits(document)
            describe_tags(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]
