"""How often, how large, how deep, how long: what is beyond a limit gets a problem, not a crash."""

import json
from collections import OrderedDict
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from shared.access import rate_limits
from shared.http.json_depth import DEEPEST
from shared.settings import Settings, get_settings
from tests.running import ServiceUnderTest

TEN_YEARS = 315_360_000
"""A window that no test runs into the end of."""


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(get_settings(), "rate_limit_seconds", TEN_YEARS)
    monkeypatch.setattr(rate_limits, "_leases", OrderedDict())
    return get_settings()


def limited_key(allocation: ServiceUnderTest, limit: int | None) -> str:
    body = {"name": "r", "subject": "r", "scopes": ["allocation:read", "ingest:read"]}
    made = allocation.post("/v1/api-keys", json=body | {"rate_limit": limit})
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


def code_of(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_key_with_a_rate_of_its_own_gets_that_many_over_all_services(
    settings: Settings, allocation: ServiceUnderTest, ingest: ServiceUnderTest
) -> None:
    key = limited_key(allocation, 6)
    answers = [
        client.get("/v1/me", headers=client.as_caller(key)) for client in (allocation, ingest) * 4
    ]
    assert [one.status_code for one in answers] == [200] * 6 + [429] * 2
    left = [one.headers["ratelimit"].partition(";t=")[0] for one in answers]
    assert left == [f'"default";r={count}' for count in (5, 4, 3, 2, 1, 0, 0, 0)]
    refused = answers[-1]
    assert code_of(refused) == (429, "too_many_requests")
    assert refused.headers["ratelimit-policy"] == f'"default";q=6;w={TEN_YEARS}'
    assert refused.headers["ratelimit"].endswith(f";t={refused.headers['retry-after']}")
    other = limited_key(allocation, 6)
    assert allocation.get("/v1/me", headers=allocation.as_caller(other)).status_code == 200


def test_every_answer_to_a_known_caller_says_where_it_stands(
    settings: Settings, allocation: ServiceUnderTest
) -> None:
    headers = allocation.as_caller(limited_key(allocation, 1000))
    answers = [
        allocation.get("/v1/me", headers=headers),
        allocation.get("/v1/runs?limit=0", headers=headers),
        allocation.get("/v1/api-keys", headers=headers),
        allocation.post("/v1/budgets", headers=headers, content="{"),
        allocation.get("/v1/runs/" + str(uuid4()), headers=headers),
    ]
    assert [one.status_code for one in answers] == [200, 422, 403, 403, 404]
    assert all("ratelimit" in one.headers and "ratelimit-policy" in one.headers for one in answers)


def test_a_key_without_a_limit_is_told_of_none(
    settings: Settings, allocation: ServiceUnderTest
) -> None:
    answer = allocation.get("/v1/me", headers=allocation.as_caller(limited_key(allocation, 0)))
    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers


def test_an_address_without_a_valid_key_is_limited_and_valid_keys_there_are_not(
    settings: Settings, allocation: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "rate_limit_strangers", 5)
    wrong = {"Authorization": "Bearer btim_abc_def"}
    found = [allocation.get("/v1/me", headers=wrong).status_code for _ in range(3)]
    found += [allocation.get("/v1/me", headers={"Authorization": ""}).status_code]
    found += [allocation.get("/no/such/page", headers=wrong).status_code for _ in range(2)]
    found += [allocation.get("/openapi.json", headers=wrong).status_code]
    assert found == [401] * 4 + [404, 429, 429]
    assert code_of(allocation.get("/v1/me", headers=wrong)) == (429, "too_many_requests")
    assert allocation.get("/v1/me").status_code == 200
    assert allocation.get("/healthz").status_code == 200


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * levels + "1" + closing * levels).encode()


def post(client: TestClient, content: Any, **headers: str) -> Any:
    return client.post(
        "/v1/budgets", content=content, headers={"Content-Type": "application/json"} | headers
    )


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":[', "]}]")])
def test_json_deeper_than_a_hundred_levels_is_refused(
    allocation: ServiceUnderTest, opening: str, closing: str
) -> None:
    levels = DEEPEST // sum(one in "[{" for one in opening)
    assert post(allocation, nested(levels, opening, closing)).status_code == 422
    for more in (levels + 1, 50_000):
        answer = post(allocation, nested(more, opening, closing))
        assert code_of(answer) == (400, "too_deep")


def test_brackets_in_texts_are_no_levels(allocation: ServiceUnderTest) -> None:
    for text in ("[" * 500, '\\"[{' * 500, "\\\\" + "{" * 500):
        answer = post(allocation, json.dumps({"object": text}))
        assert code_of(answer) == (422, "invalid")


def test_long_addresses_many_parameters_and_large_headers_are_refused(
    allocation: ServiceUnderTest,
) -> None:
    long = allocation.get("/v1/budgets?code=" + "x" * 20_000)
    assert code_of(long) == (414, "too_long_address")
    many = allocation.get("/v1/budgets?" + "&".join(["a=1"] * 201))
    assert code_of(many) == (414, "too_long_address")
    for headers in ({f"x-{n}": "1" for n in range(120)}, {"x-long": "y" * 40_000}):
        assert code_of(allocation.get("/v1/me", headers=headers)) == (431, "too_large_headers")
    assert code_of(allocation.get("/v1/budgets?limit=1001")) == (422, "invalid")


def test_bodies_are_taken_as_they_are_and_up_to_a_size(
    allocation: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "max_body_bytes", 1000)
    for coding in ("gzip", "br", "deflate", "x-unknown", "gzip, identity"):
        answer = post(allocation, b"\x1f\x8b", **{"Content-Encoding": coding})
        assert code_of(answer) == (415, "content_encoding")
        assert answer.headers["accept-encoding"] == "identity"
    assert code_of(post(allocation, b" " * 1001)) == (413, "too_large")
    assert code_of(post(allocation, iter([b" " * 600] * 2))) == (413, "too_large")
    assert code_of(post(allocation, b" " * 1000)) == (400, "not_json")
    for lie in ("-1", "1e3", "+2", "9" * 30):
        answer = post(allocation, iter([b"{}"]), **{"Content-Length": lie})
        assert code_of(answer) in {(400, "unreadable"), (413, "too_large")}


SAFE = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


def test_every_answer_carries_headers_that_make_browsers_careful(
    allocation: ServiceUnderTest,
) -> None:
    for path in ("/v1/me", "/no/such", "/healthz", "/openapi.json", "/docs", "/v1/runs?limit=0"):
        headers = allocation.get(path).headers
        assert {name: headers[name] for name in SAFE} == SAFE, path
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers
    behind_tls = allocation.get("https://testserver/v1/me")
    assert behind_tls.headers["strict-transport-security"].startswith("max-age=31536000")


def test_origins_are_let_in_by_name_alone_and_never_with_credentials(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.app import create_app

    for allowed in ([], ["https://a.example"], ["*"]):
        monkeypatch.setattr(get_settings(), "cors_origins", allowed)
        client = TestClient(create_app("ingest", [], description="x"))
        for origin in ("https://a.example", "https://b.example", "null"):
            for method in ("GET", "OPTIONS"):
                sent = {"Origin": origin, "Access-Control-Request-Method": "GET"}
                headers = client.request(method, "/healthz", headers=sent).headers
                granted = headers.get("access-control-allow-origin")
                assert (
                    granted
                    == {True: origin if allowed != ["*"] else "*", False: None}[
                        origin in allowed or allowed == ["*"]
                    ]
                )
                assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("wait", ["%C2%B2", "%D9%A3%D9%A3%D9%A3", "9" * 5_000, "-1", "1e1"])
def test_a_wait_that_is_no_number_of_seconds_crashes_nothing(
    allocation: ServiceUnderTest, wait: str
) -> None:
    assert allocation.get(f"/v1/me?wait={wait}").status_code == 200
    stranger = allocation.as_caller(None)
    assert allocation.get(f"/v1/me?wait={wait}", headers=stranger).status_code == 401


def test_no_answer_sends_a_caller_to_the_host_that_the_request_claims(
    allocation: ServiceUnderTest,
) -> None:
    claimed = {"Host": "elsewhere.example", "X-Forwarded-Host": "elsewhere.example"}
    answer = allocation.get("/v1/me/", headers=claimed, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("location")) == (404, None)
