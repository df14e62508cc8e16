"""What every OpenAPI document says beside the endpoints: errors, scopes, exact examples."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

PROBLEM_REF = {"$ref": "#/components/schemas/ProblemDocument"}
ALWAYS = {
    "400": "The request cannot be read",
    "401": "No caller, or one that is not known",
    "403": "The caller lacks the scope",
    "404": "There is no such thing",
    "406": "No such representation",
    "409": "The present state forbids it",
    "413": "The request is too large",
    "422": "The request breaks a rule",
    "429": "Too many requests",
    "500": "Something went wrong in the service",
    "503": "Not available right now",
}
WITH_BODY = {"415": "This kind of content is not read here"}
WITH_PRECONDITION = {
    "412": "It was changed since it was read",
    "428": "If-Match is missing",
}
RETRY_AFTER = {"description": "Seconds to wait", "schema": {"type": "integer"}}


def _problem(description: str, status: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": description,
        "content": {"application/problem+json": {"schema": PROBLEM_REF}},
    }
    if status in {"429", "503"}:
        answer["headers"] = {"Retry-After": RETRY_AFTER}
    return answer


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
        statuses = {
            status: text
            for status, text in statuses.items()
            if status in {"401", "403", "500", "503"}
        }
    for status, description in statuses.items():
        responses.setdefault(status, _problem(description, status))
    if method == "post" and path.startswith("/v1/"):
        operation.setdefault("parameters", []).extend([IDEMPOTENCY_PARAMETER, *EVENT_PARAMETERS])
    if "wait" in parameters and method == "post" and "202" in responses:
        responses.setdefault("200", {"description": "The finished thing (with `wait`)"})
    scope = _scope_of(operation)
    if scope:
        operation["x-scope"] = scope
        note = f"Scope: `{scope}`."
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
                servers=[{"url": app.root_path or "/"}],
            )
            for path, methods in document["paths"].items():
                for method, operation in methods.items():
                    _complete(path, method, operation)
            schemas = document["components"]["schemas"]
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]
