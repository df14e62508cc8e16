"""What every endpoint promises alike: known names only, bounded values, a notice before its end."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from shared import app as shared_app
from shared.auth import Needs
from shared.http.deprecation import deprecated
from shared.http.routing import new_router
from shared.openapi.limits import names_in_requests, operations
from tests.running import SERVICES, ServiceUnderTest


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> ServiceUnderTest:
    client: ServiceUnderTest = request.getfixturevalue(request.param)
    return client


def _lists(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        if path.startswith("/v1/") and "{" not in path and "get" in methods:
            yield path


def test_an_unknown_query_parameter_is_refused_everywhere(service: ServiceUnderTest) -> None:
    for path in _lists(service.get("/openapi.json").json()):
        answer = service.get(path, params={"cdoe": "ERP"})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter"), path
        assert answer.json()["errors"][0]["pointer"] == "query:/cdoe"


def test_filters_that_the_data_name_pass_where_they_are_documented(
    ingest: ServiceUnderTest, allocation: ServiceUnderTest
) -> None:
    assert ingest.get("/v1/cost-lines?tags.team=core&fields.Region=EMEA").status_code == 200
    assert allocation.get("/v1/consumers?tags.core=yes&limit=5&sort=code").status_code == 200
    assert allocation.get("/v1/budgets?tags.core=yes").json()["code"] == "unknown_parameter"


def test_every_list_whose_items_have_a_code_filters_by_it(service: ServiceUnderTest) -> None:
    document = service.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    missing = []
    for path in _lists(document):
        operation = document["paths"][path]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        page = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", {})
        items = page.get("items", {}).get("items", {}).get("$ref", "").rsplit("/", 1)[-1]
        has_code = "next_cursor" in page and "code" in schemas.get(items, {}).get("properties", {})
        taken = {parameter["name"] for parameter in operation.get("parameters", [])}
        if has_code and "code" not in taken:
            missing.append(path)
    assert missing == []


def test_every_value_of_a_request_is_bounded(service: ServiceUnderTest) -> None:
    document = service.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    asked = [schemas[name] for name in names_in_requests(document)]
    asked += [each["schema"] for one in operations(document) for each in one.get("parameters", [])]
    assert list(_unbounded(asked)) == []


def _unbounded(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for value in node:
            yield from _unbounded(value)
    elif isinstance(node, dict):
        kind = node.get("type")
        bounds = {
            "string": ("maxLength", "enum", "const"),
            "array": ("maxItems",),
            "integer": ("maximum", "exclusiveMaximum"),
        }
        if isinstance(kind, str) and kind in bounds and not set(bounds[kind]) & node.keys():
            yield node
        for name, value in node.items():
            if name not in {"examples", "example", "default"}:
                yield from _unbounded(value)


def test_a_deprecated_endpoint_says_so_in_answers_document_and_metrics(admin_key: str) -> None:
    router = new_router("/v1/old", "imports", [Needs("ingest:read")])
    notice = deprecated(since=date(2026, 1, 1), sunset=date(2027, 1, 1), instead="/v1/me")

    @router.get("/{name}", summary="An old one", operation_id="get_old", **notice)
    def get_old(name: str) -> dict[str, str]:
        """Answers its own name."""
        return {"name": name}

    client = ServiceUnderTest("ingest", admin_key)
    client.app = shared_app.create_app("ingest", [router], description="with an old endpoint")
    client._transport.app = client.app  # type: ignore[attr-defined]
    for answer in (client.get("/v1/old/x"), client.get("/v1/old/x?wrong=1")):
        assert answer.headers["Deprecation"] == "@1767225600"
        assert answer.headers["Sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
        assert answer.headers["Link"].startswith('</v1/me>; rel="deprecation"')
    assert "Deprecation" not in client.get("/v1/me").headers
    operation = client.get("/openapi.json").json()["paths"]["/v1/old/{name}"]["get"]
    assert operation["deprecated"] is True
    assert "Sunset" in operation["responses"]["200"]["headers"]
    counted = 'btim_deprecated_requests_total{method="GET",route="/v1/old/{name}",service="ingest"}'
    assert f"{counted} 2.0" in client.get("/metrics").text
