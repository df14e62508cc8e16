"""Every operation of the three OpenAPI documents can be found, read and generated from."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import SERVICES

SNAPSHOTS = Path(__file__).parent / "snapshots"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(params=SERVICES)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    service: str = request.param
    answer: dict[str, Any] = request.getfixturevalue(service).get("/openapi.json").json()
    return answer


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_operation_ids_are_stable_words_and_unique(document: dict[str, Any]) -> None:
    named = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(named) == len(set(named))
    assert all(name == name.lower() and name.isidentifier() for name in named)


def test_every_operation_has_summary_description_tag_and_errors(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert operation.get("description"), where
        assert operation.get("tags"), where
        if path.startswith("/v1/"):
            assert operation["security"], where
            for status in ("401", "403", "422", "500", "503"):
                content = operation["responses"][status]["content"]
                assert "application/problem+json" in content, (where, status)


def test_every_json_body_has_an_example(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    missing = []
    for path, method, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        if not _has_example(content.get("schema", {}), schemas):
            missing.append(f"{method} {path}")
    assert missing == []


def _has_example(schema: dict[str, Any], schemas: dict[str, Any], depth: int = 0) -> bool:
    """An example on the schema itself, on the item of a bulk request, or on a variant of it."""
    if "$ref" in schema:
        return _has_example(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, depth)
    if "example" in schema or "examples" in schema:
        return True
    if depth > 2:
        return False
    inner = list(schema.get("anyOf", [])) + list(schema.get("oneOf", []))
    items = schema.get("properties", {}).get("items", {})
    if "items" in items:
        inner.append(items["items"])
    return any(_has_example(each, schemas, depth + 1) for each in inner)


def test_no_amount_is_ever_a_json_number(document: dict[str, Any]) -> None:
    """Counts, limits and progress may be numbers; nothing that is money or a share."""
    text = json.dumps(document["components"]["schemas"])
    for name, schema in document["components"]["schemas"].items():
        for field, detail in schema.get("properties", {}).items():
            if field in {"amount", "quantity", "rate", "share", "portion", "value", "baseline"}:
                assert '"number"' not in json.dumps(detail), (name, field)
    assert text


@pytest.mark.parametrize("service", SERVICES)
def test_a_change_of_the_document_shows_in_review(
    service: str, request: pytest.FixtureRequest
) -> None:
    """`make snapshots` writes them anew; the difference belongs into the same change."""
    now = request.getfixturevalue(service).get("/openapi.json").json()
    kept = json.loads((SNAPSHOTS / f"{service}.json").read_text())
    assert now == kept, "run `make snapshots` and look at the difference"
