"""API keys: shown once, rotated with an overlap, revoked at once, never wider than their maker."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from shared.access.api_keys import create_key, write_all_key_files, write_key_file
from shared.scopes import ADMIN_SCOPES, SCOPES, SERVICE_SCOPES, holds
from tests.running import ServiceUnderTest, a_key

Json = dict[str, Any]
KEYS = "/v1/api-keys"


def make(allocation: ServiceUnderTest, **changes: Any) -> Json:
    body = {"name": "robot", "subject": "robot-7", "scopes": ["allocation:read"]} | changes
    answer = allocation.post(KEYS, json=body)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def works(service: ServiceUnderTest, key: str) -> bool:
    return service.get("/v1/me", headers=service.as_caller(key)).status_code == 200


def rotate(allocation: ServiceUnderTest, key_id: str, seconds: int | None = None) -> Json:
    body = None if seconds is None else {"overlap_seconds": seconds}
    answer = allocation.post(f"{KEYS}/{key_id}/rotate", json=body)
    assert answer.status_code == 200, answer.text
    rotated: Json = answer.json()
    return rotated


def test_a_rotated_key_works_with_both_secrets_until_the_overlap_ends(
    allocation: ServiceUnderTest, session: Session
) -> None:
    made = make(allocation)
    rotated = rotate(allocation, made["id"])
    assert (rotated["id"], rotated["prefix"]) == (made["id"], made["prefix"])
    ends = datetime.fromisoformat(rotated["previous_until"]) - datetime.now(UTC)
    assert timedelta(hours=23) < ends < timedelta(hours=25)
    assert works(allocation, made["key"])
    assert works(allocation, rotated["key"])
    session.execute(
        text("update api_key set previous_until = now() where previous_hash is not null")
    )
    session.commit()
    assert not works(allocation, made["key"])
    assert works(allocation, rotated["key"])


def test_without_an_overlap_the_former_secret_ends_at_once(allocation: ServiceUnderTest) -> None:
    made = make(allocation)
    rotated = rotate(allocation, made["id"], seconds=0)
    assert (works(allocation, made["key"]), works(allocation, rotated["key"])) == (False, True)


def test_never_more_than_two_secrets_work(allocation: ServiceUnderTest) -> None:
    made = make(allocation)
    first, second = (rotate(allocation, made["id"]) for _ in range(2))
    keys = (made["key"], first["key"], second["key"])
    assert [works(allocation, key) for key in keys] == [False, True, True]


def test_revocation_ends_both_secrets_in_all_services_at_once(
    allocation: ServiceUnderTest, ingest: ServiceUnderTest
) -> None:
    made = make(allocation, scopes=["allocation:read", "ingest:read"])
    rotated = rotate(allocation, made["id"])
    assert works(ingest, made["key"])
    assert works(ingest, rotated["key"])
    assert allocation.delete(f"{KEYS}/{made['id']}").status_code == 204
    for service in (allocation, ingest):
        assert not works(service, made["key"])
        assert not works(service, rotated["key"])
    refused = allocation.post(f"{KEYS}/{made['id']}/rotate")
    assert (refused.status_code, refused.json()["code"]) == (409, "key_not_live")


def test_an_expired_key_ends_by_itself_and_is_not_rotated(allocation: ServiceUnderTest) -> None:
    from shared.database import in_transaction

    past = datetime.now(UTC) - timedelta(seconds=1)
    with in_transaction() as session:
        row, key = create_key(
            session, name="old", subject="old", scopes=["allocation:read"], expires_at=past
        )
    assert not works(allocation, key)
    assert allocation.post(f"{KEYS}/{row.id}/rotate").json()["code"] == "key_not_live"


def test_making_rotating_and_revoking_are_audited_without_secrets(
    allocation: ServiceUnderTest,
) -> None:
    made = make(allocation)
    rotated = rotate(allocation, made["id"], seconds=60)
    allocation.delete(f"{KEYS}/{made['id']}")
    answer = allocation.get("/v1/audit-events", params={"resource_id": made["id"]})
    assert [one["action"] for one in answer.json()["items"]] == ["create", "rotate", "revoke"]
    for key in (made["key"], rotated["key"]):
        assert key.split("_", 2)[2] not in answer.text


def test_lists_show_prefix_last_use_and_rotation_but_no_secret(
    allocation: ServiceUnderTest,
) -> None:
    made = make(allocation)
    assert allocation.get(f"{KEYS}/{made['id']}").json()["last_used_at"] is None
    assert works(allocation, made["key"])
    rotated = rotate(allocation, made["id"])
    shown = allocation.get(f"{KEYS}/{made['id']}").json()
    assert shown["prefix"] in made["key"]
    assert shown["last_used_at"] is not None
    assert shown["rotated_at"] is not None
    listed = allocation.get(KEYS, params={"limit": 1000}).text
    for text_ in (made["key"], rotated["key"]):
        assert text_.split("_", 2)[2] not in listed
    assert "hash" not in listed


def test_no_secret_lies_in_the_database(allocation: ServiceUnderTest, session: Session) -> None:
    """Not even in the answer that is kept for a repeated request; that one is sealed."""
    keyed = {"Idempotency-Key": str(uuid4())}
    body = {"name": "sealed", "subject": "sealed", "scopes": ["allocation:read"]}
    first, again = (allocation.post(KEYS, json=body, headers=keyed) for _ in range(2))
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    secret = first.json()["key"].split("_", 2)[2]
    tables = session.execute(
        text("select tablename from pg_tables where schemaname = 'public'")
    ).scalars()
    for table in tables.all():
        found = session.execute(
            text(
                f'select count(*) from "{table}" as one where strpos(one::text, :secret) > 0'
                " or strpos(one::text, encode(convert_to(:secret, 'UTF8'), 'hex')) > 0"
            ),
            {"secret": secret},
        ).scalar_one()
        assert found == 0, table


def test_a_kept_answer_with_a_secret_is_for_the_first_credential_alone(
    allocation: ServiceUnderTest,
) -> None:
    made = make(allocation, scopes=["allocation:admin"])
    body = {"name": "sealed", "subject": "sealed", "scopes": ["allocation:read"]}
    keyed = {"Idempotency-Key": str(uuid4())}
    asked = allocation.as_caller(made["key"]) | keyed
    assert allocation.post(KEYS, json=body, headers=asked).status_code == 201
    rotated = rotate(allocation, made["id"])
    asked = allocation.as_caller(rotated["key"]) | keyed
    refused = allocation.post(KEYS, json=body, headers=asked)
    assert (refused.status_code, refused.json()["code"]) == (409, "answer_is_sealed")


@pytest.mark.parametrize("scope", SCOPES)
def test_nobody_makes_or_rotates_a_key_wider_than_their_own(
    allocation: ServiceUnderTest, scope: str
) -> None:
    held = "allocation:admin"
    headers = allocation.as_caller(a_key([held]))
    body = {"name": "wider", "subject": "wider", "scopes": [scope]}
    allowed = holds([held], scope)
    made = allocation.post(KEYS, json=body, headers=headers)
    assert (made.status_code == 201) is allowed
    other = make(allocation, scopes=[scope])
    rotated = allocation.post(f"{KEYS}/{other['id']}/rotate", headers=headers)
    assert (rotated.status_code == 200) is allowed
    if not allowed:
        assert made.json()["code"] == rotated.json()["code"] == "scope_missing"


def test_who_is_bound_makes_no_keys_at_all(allocation: ServiceUnderTest) -> None:
    headers = allocation.as_caller(a_key(["allocation:admin"], consumers=["EAST"]))
    for consumers in (None, ["EAST"], ["WEST"]):
        body = {"name": "x", "subject": "x", "scopes": ["allocation:read"], "consumers": consumers}
        refused = allocation.post(KEYS, json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "caller_is_bound")


def test_each_services_key_may_do_just_what_the_service_calls(
    allocation: ServiceUnderTest, session: Session, tmp_path: Path
) -> None:
    write_all_key_files(session, tmp_path)
    for service, scopes in SERVICE_SCOPES.items():
        path = tmp_path / f"{service}.key"
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        prefix = path.read_text().split("_")[1]
        found = session.execute(
            text("select scopes, subject from api_key where prefix = :prefix"), {"prefix": prefix}
        ).one()
        assert tuple(found) == (sorted(scopes), f"service:{service}")
        assert not any(scope.endswith((":admin", ":approve")) for scope in scopes)


def test_a_key_file_of_an_older_deployment_is_narrowed(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "ingest.key"
    write_key_file(session, path, subject="service:ingest", scopes=ADMIN_SCOPES)
    former = path.read_text()
    write_all_key_files(session, tmp_path)
    assert path.read_text() == former
    prefix = former.split("_")[1]
    query = text("select scopes from api_key where prefix = :prefix")
    scopes = session.execute(query, {"prefix": prefix}).scalar_one()
    assert scopes == sorted(SERVICE_SCOPES["ingest"])


def test_a_webhooks_secret_is_shown_once(allocation: ServiceUnderTest) -> None:
    body = {"url": "https://robot.example.org/btim", "events": ["run.finished"]}
    made = allocation.post("/v1/webhooks", json=body).json()
    secret = made["secret"]
    path = f"/v1/webhooks/{made['id']}"
    trail = f"/v1/audit-events?resource_id={made['id']}"
    for shown in (path, "/v1/webhooks", f"{path}/deliveries", trail):
        answer = allocation.get(shown)
        assert answer.status_code == 200
        assert secret not in answer.text
        assert '"secret"' not in answer.text
