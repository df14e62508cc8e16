"""Sources as a noun: checked, changed, listed, deleted; and started by their schedule."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.ingest.sources.planning import forget_old_pages, start_due_syncs
from services.ingest.sources.repository import get_source
from shared.clock import utc_now
from shared.database import in_transaction
from shared.tables.ingest.sources import SourcePage, SourceSync
from tests.api.sources import changed_settings
from tests.running import ServiceUnderTest, a_key

REST = {"url": "https://erp.example.com/api", "auth": {"type": "bearer"}}
ALWAYS = {"If-Match": "*"}


@pytest.fixture(scope="module", autouse=True)
def _settings() -> Iterator[None]:
    with changed_settings():
        yield


def body(code: str, **more: Any) -> dict[str, Any]:
    """A rest source."""
    source = {"code": code, "kind": "rest", "config": REST, "maps_to": "ledger"}
    return {**source, "secret_ref": "env:BTIM_SOURCE_X", **more}


def test_a_source_is_kept_changed_and_deleted(ingest: ServiceUnderTest) -> None:
    schedule = {"cron": "30 2 * * 1-5", "timezone": "Europe/London"}
    names = {"en": "ERP", "zh-CN": "企业资源计划"}
    made = ingest.post("/v1/sources", json=body("kept", schedule=schedule, names=names))
    assert made.status_code == 201
    path = f"/v1/sources/{made.json()['id']}"
    read = ingest.get(path, headers={"Accept-Language": "zh-CN"})
    assert (read.json()["name"], read.json()["schedule"]) == ("企业资源计划", schedule)
    assert read.json()["next_at"] is not None
    patch = {"active": False, "config": {"page_size": 10}, "names": {"zh-CN": None}}
    changed = ingest.patch(path, json=patch, headers={"If-Match": read.headers["etag"]}).json()
    assert (changed["config"], changed["next_at"]) == ({**REST, "page_size": 10}, None)
    assert (changed["names"], changed["version"]) == ({"en": "ERP"}, 2)
    assert (
        ingest.patch(path, json={}, headers={"If-Match": read.headers["etag"]}).status_code == 412
    )
    assert ingest.put(path, json=body("kept"), headers=ALWAYS).json()["schedule"] is None
    assert ingest.get("/v1/sources", params={"code": "kept"}).json()["items"][0]["code"] == "kept"
    assert ingest.delete(path, headers=ALWAYS).status_code == 204
    assert ingest.get(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"config": {**REST, "colour": "red"}}, "/config/colour", "unknown_field"),
        ({"config": {**REST, "url": "ftp://erp.example.com"}}, "/config/url", ""),
        ({"config": {**REST, "url": "https://me:secret@erp.example.com"}}, "/config/url", ""),
        ({"config": {**REST, "headers": {"Authorization": "x"}}}, "/config/headers", ""),
        ({"config": {**REST, "pagination": {"type": "cursor"}}}, "/config/pagination", ""),
        ({"schedule": {"cron": "61 * * * *", "timezone": "UTC"}}, "/schedule/cron", "bad_cron"),
        ({"schedule": {"cron": "0 0 30 2 *"}}, "/schedule/cron", "bad_cron"),
        ({"schedule": {"cron": "* * * * * *"}}, "/schedule/cron", "bad_cron"),
        ({"schedule": {"cron": "0 2 * * *", "timezone": "London"}}, "/schedule/timezone",
         "unknown_timezone"),
        ({"secret_ref": "env:BTIM_DATABASE_URL"}, "/secret_ref", "secret_not_allowed"),
        ({"secret_ref": "file:../admin.key"}, "/secret_ref", ""),
        ({"secret_ref": "my password"}, "/secret_ref", ""),
        ({"secret_ref": None}, "/secret_ref", "missing"),
        ({"profile": "none such"}, "/profile", "unknown_code"),
        ({"maps_to": "wishes"}, "/maps_to", ""),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_is_refused(
    ingest: ServiceUnderTest, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = ingest.post("/v1/sources", json=body("refused", **change))
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["pointer"]) == (422, pointer), answer.text
    assert code in error["code"]


def test_many_sources_at_once(ingest: ServiceUnderTest) -> None:
    items = [body("many-1"), body("many-2", config={}), body("many-3", secret_ref="env:BTIM_X")]
    results = ingest.post("/v1/sources/bulk", json={"items": items}).json()["results"]
    assert [result["status"] for result in results] == ["created", "error", "error"]
    assert results[1]["error"]["errors"][0]["pointer"] == "/items/1/config/url"
    again = ingest.post("/v1/sources/bulk", json={"items": items[:1]}).json()["results"]
    assert again[0]["status"] == "unchanged"


def test_another_config_starts_afresh_and_a_harmless_one_does_not(ingest: ServiceUnderTest) -> None:
    path = f"/v1/sources/{ingest.post('/v1/sources', json=body('afresh')).json()['id']}"

    def watermark_after(change: dict[str, Any]) -> str | None:
        with in_transaction() as session:
            row = get_source(session, UUID(path[-36:]))
            row.watermark = "2026-01-05T08:00:00Z"
            session.add(row)
        answer = ingest.patch(path, json={"config": change}, headers=ALWAYS)
        return str(answer.json()["watermark"])

    assert watermark_after({"page_size": 7}) == "2026-01-05T08:00:00Z"
    assert watermark_after({"items": "data"}) == "None"


def test_bound_and_reading_callers_may_not(ingest: ServiceUnderTest) -> None:
    bound = a_key(["ingest:read", "ingest:write"], ["hr"])
    assert ingest.get("/v1/sources", headers=ingest.as_caller(bound)).status_code == 403
    reading = ingest.as_caller(a_key(["ingest:read"]))
    path = f"/v1/sources/{ingest.post('/v1/sources', json=body('rights')).json()['id']}"
    assert ingest.post(f"{path}/syncs", json={}, headers=reading).status_code == 403
    assert ingest.post(f"{path}/test", headers=reading).status_code == 403


def test_a_due_source_is_started_once_however_many_times_were_missed(
    ingest: ServiceUnderTest,
) -> None:
    schedule = {"cron": "*/5 * * * *", "timezone": "UTC"}
    made = ingest.post("/v1/sources", json=body("due", schedule=schedule)).json()
    now = datetime.now(UTC) + timedelta(hours=3)
    assert [start_due_syncs(now), start_due_syncs(now)] == [1, 0]
    path = f"/v1/sources/{made['id']}"
    assert datetime.fromisoformat(ingest.get(path).json()["next_at"]) > now
    ingest.run_jobs()
    found = ingest.get(f"{path}/syncs").json()["items"]
    assert [(sync["trigger"], sync["problem"]["code"]) for sync in found] == [
        ("schedule", "secret_missing")
    ]
    with in_transaction() as session:
        row = get_source(session, UUID(made["id"]))
        row.not_before = now + timedelta(hours=1)
        session.add(row)
    assert start_due_syncs(now + timedelta(minutes=30)) == 0
    assert start_due_syncs(now + timedelta(hours=2)) == 1
    ingest.patch(path, json={"active": False}, headers=ALWAYS)


def test_raw_pages_are_dropped_after_their_time(ingest: ServiceUnderTest) -> None:
    made = ingest.post("/v1/sources", json=body("forgetful")).json()
    long_ago = utc_now() - timedelta(days=4000)
    with in_transaction() as session:
        sync = SourceSync(
            source_id=UUID(made["id"]), status="succeeded", subject="x", created_at=long_ago
        )
        session.add(sync)
        session.flush()
        page = SourcePage(sync_id=sync.id, number=1, raw=b"", raw_sha256="", fetched_at=long_ago)
        session.add(page)
    assert forget_old_pages() == 1
