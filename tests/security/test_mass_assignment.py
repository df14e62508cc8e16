"""No body sets what is not asked for: every operation refuses names that it does not know.

What answers show and requests do not take (ids, states, who and when) is read-only by that alone.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.running import SERVICES, ServiceUnderTest
from tests.security.two_units import example_of

Json = dict[str, Any]
OURS_TO_SET = ("id", "version", "etag", "created_at", "updated_at", "created_by", "updated_by",
               "status", "state", "is_open", "published", "published_at", "approved_by",
               "approved_at", "decided_by", "raised_by", "closed_by", "reopened_by", "started_by",
               "submitted_by", "authors", "subject", "caller", "scopes", "consumers", "secret_hash",
               "prefix", "key", "revoked_at", "last_used_at", "content_hash", "fingerprint",
               "totals", "live_to", "sequence", "service", "__class__", "constructor")  # fmt: skip
LENIENT = {"receive_event"}
"""Its payload is what the other service says."""


@pytest.fixture(scope="module")
def clients(
    ingest: ServiceUnderTest, allocation: ServiceUnderTest, valuation: ServiceUnderTest
) -> dict[str, ServiceUnderTest]:
    return {"ingest": ingest, "allocation": allocation, "valuation": valuation}


def writable(document: Json) -> Iterator[tuple[str, str, Json, Json]]:
    """(path, method, operation, schema of its JSON body) of what takes a body."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield path, method, operation, content["application/json"]["schema"]


def properties(document: Json, schema: Json) -> set[str]:
    """The names that a body may have at its top, whichever of its forms it takes."""
    if "$ref" in schema:
        return properties(
            document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        )
    found = set(schema.get("properties", ()))
    for name in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(name, ()):
            found |= properties(document, one)
    return found


def shown(document: Json, operation: Json) -> set[str]:
    """The names that the answers of an operation show."""
    return {
        name
        for status, answer in operation["responses"].items()
        if status.startswith("2")
        for content in answer.get("content", {}).values()
        for name in properties(document, content.get("schema", {}))
    }


def refused_names(answer: Any) -> set[str]:
    """The names that an answer calls unknown."""
    body = answer.json()
    problems = [body] if answer.status_code == 422 else [
        result["error"] for result in body["results"] if result["status"] == "error"
    ]  # fmt: skip
    return {
        error["pointer"].rpartition("/")[2]
        for problem in problems
        for error in problem["errors"]
        if error["code"] == "unknown_field"
    }


def address(path: str) -> str:
    parts = ("2026-01" if part == "{period}" else str(uuid4()) if "{" in part else part
             for part in path.split("/"))  # fmt: skip
    return "/".join(parts)


@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_takes_what_is_not_its_own(
    clients: dict[str, ServiceUnderTest], service: str
) -> None:
    client = clients[service]
    document = client.get("/openapi.json").json()
    asked = 0
    for path, method, operation, schema in writable(document):
        name = operation["operationId"]
        known = properties(document, schema)
        extra = ({*OURS_TO_SET, *shown(document, operation)} - known) | {"nobody_knows_this"}
        example = example_of(document, operation)
        if name in LENIENT:
            extra = {"nobody_knows_this"}
        body = {**(example if isinstance(example, dict) else {}), **dict.fromkeys(extra, "x")}
        headers = {"If-Match": "*"}
        answer = client.request(method.upper(), address(path), json=body, headers=headers)
        assert answer.status_code == 422, (name, answer.text[:500])
        assert refused_names(answer) >= extra, (name, extra - refused_names(answer))
        asked += 1
    assert asked >= {"ingest": 20, "allocation": 30, "valuation": 30}[service]


@pytest.mark.parametrize("service", SERVICES)
def test_no_item_of_a_bulk_does_either(clients: dict[str, ServiceUnderTest], service: str) -> None:
    client = clients[service]
    document = client.get("/openapi.json").json()
    bulks = [path for path, *_ in writable(document) if path.endswith("/bulk")]
    assert bulks
    for path in bulks:
        extra = {"id", "version", "created_at", "nobody_knows_this"}
        body = {"items": [dict.fromkeys(extra, "x")]}
        answer = client.post(address(path), json=body)
        if answer.status_code == 404:  # below something that does not exist
            continue
        assert answer.status_code == 200, (path, answer.text[:500])
        assert refused_names(answer) >= extra - {"id"}, (path, answer.text[:500])


def test_a_form_takes_no_fields_of_its_own(ingest: ServiceUnderTest) -> None:
    files = {"file": ("x.csv", b"account,amount\na,1\n")}
    for name in ("id", "status", "created_by", "nobody_knows_this"):
        answer = ingest.post("/v1/imports", data={"kind": "cost_lines", name: "x"}, files=files)
        assert answer.status_code == 422, answer.text
        assert name in answer.text
