"""Every refusal of every service is a whole problem document that tells nothing of the inside."""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest

from shared.access import rate_limits
from shared.database import close_connections, forget_engines
from shared.foundation import audit_events
from shared.settings import get_settings
from tests.contract.refusals import INSIDES, MEMBERS
from tests.faults.test_limits import TEN_YEARS
from tests.running import SERVICES, ServiceUnderTest, a_key

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HOOK = {"url": "https://robot.example.org/hook", "events": ["report.ready"]}
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/none"
THINGS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "ingest": ("/v1/drivers", {"code": "R", "names": {"en": "R"}, "unit": "seat"}),
    "allocation": ("/v1/consumers", {"code": "R", "names": {"en": "R"}}),
    "valuation": (
        "/v1/value-kpis",
        {"code": "R", "names": {"en": "R"}, "class": "quality", "dimension": "business",
         "perspective": "process", "unit": "%", "direction": "up"},
    ),
}  # fmt: skip

EXPORTED = {
    "ingest": "/v1/cost-lines", "allocation": "/v1/consumers", "valuation": "/v1/value-kpis",
}  # fmt: skip


@pytest.fixture(scope="module", params=SERVICES)
def service(request: pytest.FixtureRequest) -> ServiceUnderTest:
    """Each of the three."""
    made: ServiceUnderTest = request.getfixturevalue(request.param)
    return made


@pytest.fixture(scope="module")
def thing(service: ServiceUnderTest) -> str:
    """The path of something that is there."""
    collection, body = THINGS[service.service]
    made = service.post(collection, json=body)
    assert made.status_code == 201, made.text
    return f"{collection}/{made.json()['id']}"


def assert_whole(answer: Any, status: int) -> dict[str, Any]:
    """The document of a refusal, after every promise about it was looked at."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document.keys() == MEMBERS
    assert document["status"] == status
    assert re.fullmatch(r"[a-z][a-z0-9_]*", document["code"])
    assert document["type"] == f"urn:btim:problem:{document['code']}"
    assert document["title"].strip()
    assert document["detail"].strip()
    assert document["correlation_id"] == answer.headers["x-correlation-id"]
    for error in document["errors"]:
        assert error.keys() == {"pointer", "code", "message"}
        assert all(isinstance(value, str) for value in error.values())
    assert not INSIDES.search(answer.text), answer.text
    return document


Ask = Callable[[ServiceUnderTest, str], Any]
JSON = {"content-type": "application/json"}
REFUSALS: Mapping[str, tuple[int, str, Ask]] = {
    "broken JSON": (400, "not_json", lambda s, _: s.post(
        "/v1/webhooks", content=b"{", headers=JSON)),
    "no key": (401, "unauthenticated", lambda s, _: s.get(
        "/v1/me", headers=s.as_caller(None))),
    "no scope": (403, "scope_missing", lambda s, _: s.get(
        "/v1/webhooks", headers=s.as_caller(a_key(["nothing:read"])))),
    "no such path": (404, "not_found", lambda s, _: s.get("/v1/nothing/here")),
    "no such job": (404, "not_found", lambda s, _: s.get(f"/v1/jobs/{uuid4()}")),
    "an id that is none": (404, "not_found", lambda s, _: s.get("/v1/jobs/1' or '1'='1")),
    "a wrong method": (405, "method_not_allowed", lambda s, _: s.delete("/v1/me")),
    "an unknown method": (405, "method_not_allowed", lambda s, _: s.request("BREW", "/v1/me")),
    "no such representation": (406, "not_acceptable", lambda s, _: s.get(
        EXPORTED[s.service], headers={"accept": "image/x-nothing"})),
    "a second webhook": (409, "webhook_exists", lambda s, _: [
        s.post("/v1/webhooks", json=HOOK) for _ in range(2)][-1]),
    "an old ETag": (412, "stale_etag", lambda s, thing: s.delete(
        thing, headers={"if-match": '"old"'})),
    "a huge body": (413, "too_large", lambda s, _: s.post(
        "/v1/webhooks", content=b"{}", headers=JSON | {"content-length": str(10**12)})),
    "a long address": (414, "too_long_address", lambda s, _: s.get("/v1/me?x=" + "y" * 20_000)),
    "another content": (415, "unsupported_media_type", lambda s, _: s.post(
        "/v1/webhooks", content=b"a,b", headers={"content-type": "text/csv"})),
    "a packed body": (415, "content_encoding", lambda s, _: s.post(
        "/v1/webhooks", content=b"{}", headers=JSON | {"content-encoding": "gzip"})),
    "missing fields": (422, "invalid", lambda s, _: s.post("/v1/webhooks", json={"odd": 1})),
    "a bad page": (422, "invalid", lambda s, _: s.get("/v1/webhooks?limit=0")),
    "an unknown filter": (422, "unknown_parameter", lambda s, _: s.get("/v1/jobs?colour=red")),
    "a filter given twice": (
        422, "repeated_parameter", lambda s, _: s.get("/v1/jobs?status=failed&status=queued"),
    ),
    "no ETag": (428, "if_match_required", lambda s, thing: s.delete(thing)),
    "long headers": (431, "too_large_headers", lambda s, _: s.get(
        "/v1/me", headers={"x-long": "y" * 40_000})),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_is_a_whole_problem_document(
    service: ServiceUnderTest, thing: str, what: str
) -> None:
    status, code, ask = REFUSALS[what]
    document = assert_whole(ask(service, thing), status)
    assert document["code"] == code
    if code == "invalid":
        assert document["errors"]


def test_too_many_requests_are_refused_likewise(
    service: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "rate_limit_seconds", TEN_YEARS)
    monkeypatch.setattr(rate_limits, "_leases", OrderedDict())
    headers = service.as_caller(a_key([f"{service.service}:read"], rate_limit=1))
    assert service.get("/v1/me", headers=headers).status_code == 200
    refused = service.get("/v1/me", headers=headers)
    assert assert_whole(refused, 429)["code"] == "too_many_requests"
    assert int(refused.headers["retry-after"]) >= 1


def test_without_a_database_the_refusal_says_when_to_come_again(
    service: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(get_settings(), "database_url", NOWHERE)
        close_connections()
        forget_engines()
        answers = [service.get("/v1/webhooks"), service.post("/v1/webhooks", json=HOOK)]
    forget_engines()
    for refused in answers:
        assert assert_whole(refused, 503)["code"] == "database_unavailable"
        assert int(refused.headers["retry-after"]) >= 1
    assert service.get("/v1/webhooks").status_code == 200


def test_a_crash_tells_nothing_but_its_correlation_id(
    service: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("/usr/lib/x.py: SELECT secret FROM place")

    monkeypatch.setattr(audit_events, "list_page", crash)
    answer = service.get("/v1/audit-events")
    assert assert_whole(answer, 500)["code"] == "internal_error"
    assert "secret" not in answer.text


def check_wrong_methods(service: ServiceUnderTest, *, every: bool) -> None:
    """Ask each path with the methods that it has not, or with one of them."""
    paths = service.get("/openapi.json").json()["paths"]
    assert len(paths) > 60
    differences = []
    for place, (path, operations) in enumerate(paths.items()):
        right = sorted({method.upper() for method in operations} & set(METHODS))
        others = sorted(set(METHODS) - set(right))
        for method in others if every else [others[place % len(others)]]:
            answer = service.request(method, re.sub(r"\{[^}]+\}", str(uuid4()), path))
            assert_whole(answer, 405)
            if answer.headers["allow"].split(", ") != right:
                differences.append((method, path, right, answer.headers["allow"]))
    assert not differences, json.dumps(differences, indent=1)


def test_a_wrong_method_names_all_right_ones_of_every_path(service: ServiceUnderTest) -> None:
    check_wrong_methods(service, every=False)


@pytest.mark.slow
def test_every_wrong_method_names_all_right_ones_of_every_path(service: ServiceUnderTest) -> None:
    check_wrong_methods(service, every=True)
