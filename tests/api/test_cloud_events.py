"""A push that comes as a CloudEvent counts once, however and however often it is delivered."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.database import at_once
from tests.running import ServiceUnderTest, a_key

PATH = "/v1/cost-lines/bulk"
STRUCTURED = "application/cloudevents+json"


def a_push(source: str, amount: str = "1.50") -> dict[str, Any]:
    line = {"external_id": "1", "source": source, "period": "2026-01"}
    return {"items": [line | {"amount": amount, "currency": "EUR", "fields": {"naïve": "日"}}]}


def headers_of(number: str, **more: str) -> dict[str, str]:
    named = {"id": number, "source": "/erp/ledger", "type": "lines.posted", "specversion": "1.0"}
    return {f"ce-{name}": value for name, value in (named | more).items()}


def an_event(number: str, data: Any, **more: Any) -> dict[str, Any]:
    named = {"id": number, "source": "/erp/ledger", "type": "lines.posted", "specversion": "1.0"}
    return named | {"data": data} | more


def structured(client: ServiceUnderTest, event: Any, path: str = PATH, **headers: str) -> Any:
    content = event if isinstance(event, bytes) else json.dumps(event).encode()
    return client.post(path, content=content, headers={"Content-Type": STRUCTURED, **headers})


def versions_of(source: str) -> int:
    with at_once() as connection:
        query = text("select count(*) from cost_line where source = :source")
        return int(connection.execute(query, {"source": source}).scalar_one())


def test_a_repeat_gets_the_first_answer_in_either_mode(ingest: ServiceUnderTest) -> None:
    number, body = str(uuid4()), a_push("modes")
    first = ingest.post(PATH, json=body, headers=headers_of(number))
    again = ingest.post(PATH, json=body, headers=headers_of(number))
    third = structured(ingest, an_event(number, body, time="2026-01-31T10:00:00Z", subject="x"))
    coded = base64.b64encode(json.dumps(body).encode()).decode()
    event = an_event(number, None, data_base64=coded)
    del event["data"]
    fourth = structured(ingest, event)
    assert first.json()["results"][0]["status"] == "created"
    assert "idempotency-replayed" not in first.headers
    for repeat in (again, third, fourth):
        assert repeat.headers["idempotency-replayed"] == "true", repeat.text
        assert repeat.content == first.content
    assert versions_of("modes") == 1


def test_another_delivery_service_delivers_the_same_event(ingest: ServiceUnderTest) -> None:
    number, body = str(uuid4()), a_push("brokers")
    ingest.post(PATH, json=body, headers=headers_of(number))
    other = ingest.as_caller(a_key(["ingest:write"]))
    again = ingest.post(PATH, json=body, headers=headers_of(number) | other)
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("change", ["data", "type", "path"])
def test_another_content_under_a_known_id_is_refused(ingest: ServiceUnderTest, change: str) -> None:
    number, body = str(uuid4()), a_push(f"other-{change}")
    ingest.post(PATH, json=body, headers=headers_of(number))
    if change == "data":
        other = structured(ingest, an_event(number, a_push("other-data", "2")))
    elif change == "type":
        other = structured(ingest, an_event(number, body, type="lines.changed"))
    else:
        other = structured(ingest, an_event(number, body), path=f"{PATH}?atomic=true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_the_same_id_of_another_source_is_another_event(ingest: ServiceUnderTest) -> None:
    number, body = str(uuid4()), a_push("sources")
    ingest.post(PATH, json=body, headers=headers_of(number))
    other = ingest.post(PATH, json=body, headers=headers_of(number, source="/crm"))
    assert "idempotency-replayed" not in other.headers
    assert other.json()["results"][0]["status"] == "unchanged"


def test_an_event_may_carry_an_idempotency_key_as_well(ingest: ServiceUnderTest) -> None:
    number, key, body = str(uuid4()), str(uuid4()), a_push("both")
    first = ingest.post(PATH, json=body, headers=headers_of(number) | {"Idempotency-Key": key})
    by_key = ingest.post(PATH, json=body, headers={"Idempotency-Key": key})
    by_event = ingest.post(PATH, json=body, headers=headers_of(number))
    assert first.content == by_key.content == by_event.content
    assert by_key.headers["idempotency-replayed"] == by_event.headers["idempotency-replayed"]


def test_a_failed_event_and_a_dry_run_may_be_sent_again(ingest: ServiceUnderTest) -> None:
    number, bad = str(uuid4()), a_push("failed", "much")
    refused = ingest.post(f"{PATH}?atomic=true", json=bad, headers=headers_of(number))
    assert refused.status_code == 422
    tried = ingest.post(f"{PATH}?dry_run=true", json=a_push("failed"), headers=headers_of(number))
    assert tried.status_code == 200
    mended = ingest.post(PATH, json=a_push("failed"), headers=headers_of(number))
    assert "idempotency-replayed" not in mended.headers
    assert versions_of("failed") == 1


def test_eight_deliveries_at_once_count_once(services: Any) -> None:
    number, body = str(uuid4()), a_push("at-once")
    body["items"] = [body["items"][0] | {"external_id": str(i)} for i in range(300)]

    def deliver(_: int) -> Any:
        return services.ingest.post(PATH, json=body, headers=headers_of(number))

    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(deliver, range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer.headers.get("idempotency-replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * 7
    assert versions_of("at-once") == 300


@pytest.mark.parametrize(
    ("headers", "pointer"),
    [
        ({"ce-id": "1"}, "header:/ce-specversion"),
        (headers_of("1") | {"ce-specversion": "0.3"}, "header:/ce-specversion"),
        (headers_of("") | {"ce-id": ""}, "header:/ce-id"),
        (headers_of("%ff"), "header:/ce-id"),
        (headers_of("x" * 2001), "header:/ce-id"),
        (headers_of("1", source="/a b"), "header:/ce-source"),
        (headers_of("1", time="yesterday"), "header:/ce-time"),
    ],
)
def test_malformed_headers_are_refused(
    ingest: ServiceUnderTest, headers: dict[str, str], pointer: str
) -> None:
    answer = ingest.post(PATH, json=a_push("bad"), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cloud_event")
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (b"{", 400, "not_json"),
        (b"[" * 100_000, 400, "too_deep"),
        ([], 400, "bad_cloud_event"),
        ({"data": a_push("x")}, 400, "bad_cloud_event"),
        (an_event("1", a_push("x"), Source="/x"), 400, "bad_cloud_event"),
        (an_event("1", a_push("x"), id=7), 400, "bad_cloud_event"),
        (an_event("1", a_push("x"), extra={"a": 1}), 400, "bad_cloud_event"),
        (an_event("1", a_push("x"), data_base64="e30="), 400, "bad_cloud_event"),
        (an_event("1", a_push("x"), source="\ud800"), 400, "bad_cloud_event"),
        (an_event("1", "<a/>", datacontenttype="text/xml"), 415, "unsupported_media_type"),
        (an_event("1", {"rows": []}), 422, "invalid"),
        (an_event("1", None), 422, "invalid"),
    ],
)
def test_malformed_envelopes_are_refused(
    ingest: ServiceUnderTest, event: Any, status: int, code: str
) -> None:
    answer = structured(ingest, event)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_batches_and_structured_uploads_are_not_read(ingest: ServiceUnderTest) -> None:
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    assert ingest.post(PATH, content=b"[]", headers=headers).status_code == 415
    answer = structured(ingest, an_event("1", {}), path="/v1/imports")
    assert answer.status_code == 415


def test_an_upload_delivered_twice_is_answered_as_before(ingest: ServiceUnderTest) -> None:
    number = str(uuid4())
    row = b"Date,Amount,Currency\n2026-01-02,1.00,EUR\n"
    answers = [
        ingest.post(
            "/v1/imports",
            files={"file": ("a.csv", row, "text/csv")},
            data={"kind": "ledger", "source": "uploads"},
            headers=headers_of(number),
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1].headers["idempotency-replayed"] == "true"


def test_the_headers_are_documented_beside_the_key(ingest: ServiceUnderTest) -> None:
    operation = ingest.get("/openapi.json").json()["paths"][PATH]["post"]
    named = {one["name"] for one in operation["parameters"]}
    assert {"Idempotency-Key", "ce-id", "ce-source", "ce-specversion", "ce-type"} <= named
