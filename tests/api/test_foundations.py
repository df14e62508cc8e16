"""What every service does the same way: callers, problems, keys, pages, idempotency, audit."""

from uuid import uuid4

import pytest

from tests.running import ServiceUnderTest, a_key


def a_consumer(code: str, **more: object) -> dict[str, object]:
    return {"code": code, "names": {"en": code}, **more}


def test_nothing_is_open_but_health_and_documents(allocation: ServiceUnderTest) -> None:
    nobody = allocation.as_caller(None)
    assert allocation.get("/healthz", headers=nobody).status_code == 200
    assert allocation.get("/readyz", headers=nobody).status_code == 200
    assert allocation.get("/openapi.json", headers=nobody).status_code == 200
    refused = allocation.get("/v1/consumers", headers=nobody)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("service", ["ingest", "allocation", "valuation"])
def test_every_operation_names_its_scope(service: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(service).get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path.startswith("/v1"):
                assert operation["x-scope"].split(":")[1] in {"read", "write", "approve", "admin"}
                assert operation["operationId"]
                assert operation["summary"]


def test_a_reader_may_not_write(allocation: ServiceUnderTest) -> None:
    reader = allocation.as_caller(a_key(["allocation:read"]))
    assert allocation.get("/v1/consumers", headers=reader).status_code == 200
    answer = allocation.post("/v1/consumers", json=a_consumer("reader-made"), headers=reader)
    assert answer.status_code == 403
    assert answer.json()["code"] == "scope_missing"


def test_a_revoked_key_stops_working_at_once(allocation: ServiceUnderTest) -> None:
    made = allocation.post(
        "/v1/api-keys",
        json={"name": "robot", "subject": "robot-1", "scopes": ["allocation:read"]},
    ).json()
    robot = allocation.as_caller(made["key"])
    assert allocation.get("/v1/me", headers=robot).json()["subject"] == "robot-1"
    assert allocation.delete(f"/v1/api-keys/{made['id']}").status_code == 204
    assert allocation.get("/v1/me", headers=robot).status_code == 401


def test_unknown_fields_are_refused_by_name(allocation: ServiceUnderTest) -> None:
    answer = allocation.post("/v1/consumers", json=a_consumer("x", colour="red"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/colour"
    assert answer.json()["errors"][0]["code"] == "unknown_field"


def test_pointers_name_places_in_the_request_and_nothing_else(
    allocation: ServiceUnderTest,
) -> None:
    wrong = {"code": "pointers", "names": {"en": "P"}, "attributes": {"sizes": [1, 2]}}
    body = allocation.post("/v1/consumers", json=wrong).json()
    assert {error["pointer"] for error in body["errors"]} == {"/attributes/sizes"}
    body = allocation.post("/v1/consumers/bulk", json={"items": [wrong, {}]}).json()
    found = [result["error"]["errors"] for result in body["results"]]
    assert {error["pointer"] for error in found[0]} == {"/items/0/attributes/sizes"}
    assert {error["pointer"] for error in found[1]} == {"/items/1/code", "/items/1/names"}
    assert allocation.post("/v1/consumers").json()["errors"][0]["pointer"] == ""


def test_a_wrong_method_names_all_right_ones(allocation: ServiceUnderTest) -> None:
    answer = allocation.put("/v1/consumers", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert answer.json()["code"] == "method_not_allowed"


def test_a_body_that_is_not_json_is_unreadable(allocation: ServiceUnderTest) -> None:
    headers = {"content-type": "application/json"}
    answer = allocation.post("/v1/consumers", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")
    answer = allocation.post("/v1/consumers", content=b"a,b", headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_huge_claim_is_refused_before_a_byte_is_read(allocation: ServiceUnderTest) -> None:
    headers = {"content-length": str(2 * 1024**3), "content-type": "application/json"}
    answer = allocation.post("/v1/consumers", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_correlation_id_is_taken_and_given_back(allocation: ServiceUnderTest) -> None:
    answer = allocation.get("/v1/nowhere", headers={"x-correlation-id": "abc-1"})
    assert answer.headers["x-correlation-id"] == "abc-1"
    assert answer.json()["correlation_id"] == "abc-1"
    assert allocation.get("/healthz").headers["x-correlation-id"]


def test_the_same_key_and_body_get_the_first_answer_again(allocation: ServiceUnderTest) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first = allocation.post("/v1/consumers", json=a_consumer("once"), headers=headers)
    again = allocation.post("/v1/consumers", json=a_consumer("once"), headers=headers)
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    other = allocation.post("/v1/consumers", json=a_consumer("twice"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_one_bad_item_never_spoils_the_others(allocation: ServiceUnderTest) -> None:
    items = [a_consumer("bulk-a"), {"code": "bulk-b"}, 5, a_consumer("bulk-c", parent="nobody")]
    results = allocation.post("/v1/consumers/bulk", json={"items": items}).json()["results"]
    assert [result["status"] for result in results] == ["created", "error", "error", "error"]
    assert results[1]["error"]["errors"][0]["pointer"] == "/items/1/names"
    assert results[3]["error"]["errors"][0]["code"] == "unknown_code"
    again = allocation.post("/v1/consumers/bulk", json={"items": items[:1]}).json()["results"]
    assert again[0]["status"] == "unchanged"


def test_an_atomic_request_keeps_all_or_nothing(allocation: ServiceUnderTest) -> None:
    items = [a_consumer("atomic-a"), {"code": "atomic-b"}]
    answer = allocation.post("/v1/consumers/bulk?atomic=true", json={"items": items})
    assert (answer.status_code, answer.json()["code"]) == (422, "bulk_refused")
    assert allocation.get("/v1/consumers?code=atomic-a").json()["items"] == []


def test_a_dry_run_keeps_nothing(allocation: ServiceUnderTest) -> None:
    body = {"items": [a_consumer("dry-a")]}
    results = allocation.post("/v1/consumers/bulk?dry_run=true", json=body).json()["results"]
    assert results[0]["status"] == "created"
    assert allocation.get("/v1/consumers?code=dry-a").json()["items"] == []


def test_a_key_is_not_used_up_by_a_dry_run(allocation: ServiceUnderTest) -> None:
    items = {"items": [{"code": "dry-keyed", "names": {"en": "D"}}]}
    for dry in ("1", "True", "yes", "false"):
        answer = allocation.post(
            "/v1/consumers/bulk",
            params={"dry_run": dry},
            json=items,
            headers={"Idempotency-Key": "dry-run-1"},
        )
        assert answer.json()["results"][0]["status"] == "created", answer.text


def test_pages_walk_through_everything_once(allocation: ServiceUnderTest) -> None:
    codes = [f"page-{number:03}" for number in range(25)]
    items = [a_consumer(code, parent="page-000" if code != "page-000" else None) for code in codes]
    allocation.post("/v1/consumers/bulk", json={"items": items})
    for sort in ("code", "-code", "parent,-code", "-parent"):
        seen, cursor = [], None
        while True:
            query = {"limit": 7, "sort": sort} | ({"cursor": cursor} if cursor else {})
            page = allocation.get("/v1/consumers", params=query).json()
            seen += [item["code"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen))
        assert set(codes) <= set(seen)


def test_a_foreign_cursor_is_refused(allocation: ServiceUnderTest) -> None:
    page = allocation.get("/v1/consumers?limit=1").json()
    foreign = allocation.get(f"/v1/consumers?limit=1&sort=-code&cursor={page['next_cursor']}")
    assert (foreign.status_code, foreign.json()["code"]) == (400, "bad_cursor")
    assert allocation.get("/v1/consumers?cursor=AAAA").status_code == 400
    assert allocation.get("/v1/consumers?sort=colour").json()["code"] == "bad_sort"


def test_a_delete_needs_the_right_etag(allocation: ServiceUnderTest) -> None:
    made = allocation.post("/v1/consumers", json=a_consumer("etagged"))
    path = f"/v1/consumers/{made.json()['id']}"
    assert allocation.delete(path).status_code == 428
    assert allocation.delete(path, headers={"If-Match": '"00000000-9"'}).status_code == 412
    assert allocation.delete(path, headers={"If-Match": made.headers["etag"]}).status_code == 204
    assert allocation.get(path).status_code == 404


def test_commands_are_audited_and_the_chain_verifies(allocation: ServiceUnderTest) -> None:
    from shared.audit import verification
    from shared.database import in_transaction
    from shared.jobs.worker import seal_audit_trail

    made = allocation.post("/v1/consumers", json=a_consumer("audited")).json()
    while seal_audit_trail():
        pass
    query = {"resource_id": made["id"]}
    (event,) = allocation.get("/v1/audit-events", params=query).json()["items"]
    assert (event["action"], event["subject"]) == ("create", "admin")
    assert event["details"]["after"]["code"] == "audited"
    assert event["sealed_hash"]
    with in_transaction() as session:
        assert list(verification.verify(session)) == []


def test_a_changed_event_breaks_the_chain(allocation: ServiceUnderTest) -> None:
    import os

    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import DBAPIError

    from shared.audit import verification
    from shared.database import in_transaction
    from shared.jobs.worker import seal_audit_trail

    allocation.post("/v1/consumers", json=a_consumer("tampered"))
    while seal_audit_trail():
        pass
    change = text(
        "update audit_event set subject = 'mallory' where details::text like '%tampered%'"
    )
    url = make_url(os.environ["BTIM_TEST_SUPERUSER_URL"]).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with pytest.raises(DBAPIError, match="only grows"), engine.begin() as connection:
        connection.execute(change)
    with engine.begin() as connection:
        connection.execute(text("set session_replication_role = replica"))
        connection.execute(change)
    with in_transaction() as session:
        assert any("was changed" in finding for finding in list(verification.verify(session)))
    engine.dispose()


def test_an_event_is_taken_in_once(allocation: ServiceUnderTest) -> None:
    body = {
        "id": str(uuid4()),
        "type": "cost_lines.changed",
        "source": "ingest",
        "resource_id": "x",
        "payload": {},
    }
    assert allocation.post("/v1/events", json=body).status_code == 204
    assert allocation.post("/v1/events", json=body).status_code == 204
