"""Secrets that are planted come out nowhere: no log, error, figure, document, audit or job."""

import base64
import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from shared.clients.outside.auth import Secret
from shared.database import at_once, in_transaction
from shared.events import outbox
from shared.logs import get_logger, set_up_logs
from shared.settings import Settings, get_settings
from shared.tables.platform import Webhook
from tests.receiving import Receiver
from tests.running import ServiceUnderTest

CARD = "4111111111111111"
WEBHOOK_KEY = base64.b64encode(b"canary-of-the-webhook-0123456789").decode()
SOURCE_SECRET = "canary-of-the-source-7f3a"
BAD_KEY = "btim_canaryofthekey_7f3a9c"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.Y2FuYXJ5LW9mLXRoZS1zaWduYXR1cmU"
DATABASE_PASSWORD = "canary-of-the-database-7f3a"
SIGNATURE = JWT.rpartition(".")[2]
CANARIES = (CARD, WEBHOOK_KEY, SOURCE_SECRET, BAD_KEY, SIGNATURE, DATABASE_PASSWORD)
Answers = list[tuple[str, str]]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that any library logs, however talkative it is told to be."""
    caught = io.StringIO()
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", caught)
    set_up_logs("ingest", "DEBUG")
    yield caught
    root.handlers[:], level = kept
    root.setLevel(level)


def failing_requests(ingest: ServiceUnderTest) -> Answers:
    """Every kind of refusal, each with a canary in what was sent."""
    ask = ingest.request
    form = {"Content-Type": "application/json"}
    source = {"code": "canary", "kind": "rest", "maps_to": "ledger", "secret_ref": "file:canary",
              "config": {"url": "http://127.0.0.1:1/x", "auth": {"type": "bearer"}}}  # fmt: skip
    hook = {"url": "http://127.0.0.1:1/", "events": ["import.finished"], "secret": WEBHOOK_KEY[:9]}
    line = {"amount": CARD, "currency": CARD, "period": CARD, "description": {"x": CARD}}
    answers = [
        ask("GET", "/v1/cost-lines", headers={"Authorization": f"Bearer {BAD_KEY}"}),
        ask("GET", "/v1/cost-lines", headers={"Authorization": f"Bearer {JWT}"}),
        ask("GET", "/v1/cost-lines", headers={"Authorization": f"Basic {BAD_KEY}"}),
        ask("POST", "/v1/cost-lines/bulk", json={"items": [line]}),
        ask("POST", "/v1/cost-lines/bulk", content=f'{{"items": [{CARD}', headers=form),
        ask("POST", "/v1/cost-lines/bulk", json={"items": [CARD], "card": CARD}),
        ask("POST", "/v1/webhooks", json=hook),
        ask("POST", "/v1/webhooks", json=hook | {"secret": SOURCE_SECRET}),
        ask("POST", "/v1/sources", json=source | {"secret_ref": SOURCE_SECRET}),
        ask("POST", "/v1/sources", json=source | {"config": {"password": SOURCE_SECRET}}),
        ask("GET", "/v1/none", headers={"Authorization": f"Bearer {BAD_KEY}"}),
        ask("DELETE", "/v1/cost-lines", headers={"X-Api-Key": BAD_KEY}),
    ]
    for answer in answers:
        assert answer.status_code >= 400 or answer.json()["results"][0]["error"], answer.text
    return [(str(answer.request.url), answer.text) for answer in answers]


def failing_work(ingest: ServiceUnderTest, receiver: Receiver) -> Answers:
    """A source whose secret is refused, a webhook whose receiver fails, and what is told of it."""
    port = receiver.url.rsplit(":", 1)[1].partition("/")[0]
    source: dict[str, Any] = {"code": "canary", "kind": "rest", "maps_to": "ledger"}
    source["secret_ref"] = "file:canary"
    source["config"] = {"url": f"http://127.0.0.1:{port}/x", "auth": {"type": "bearer"}}
    made = ingest.post("/v1/sources", json=source).json()
    path = f"/v1/sources/{made['id']}"
    receiver.status = 500
    hook = {"url": receiver.url, "events": ["import.finished"], "secret": f"whsec_{WEBHOOK_KEY}"}
    webhook = ingest.post("/v1/webhooks", json=hook).json()
    with in_transaction() as session:
        outbox.publish(session, "ingest", "import.finished", "canary", {})
    outbox.route_events("ingest")
    outbox.deliver_due("ingest")
    asked = [ingest.post(f"{path}/test"), ingest.post(f"{path}/syncs")]
    ingest.run_jobs()
    assert receiver.got, "the webhook was called"
    paths = (path, f"{path}/syncs", "/v1/sources", "/v1/webhooks", f"/v1/webhooks/{webhook['id']}",
             f"/v1/webhooks/{webhook['id']}/deliveries", "/v1/audit-events?limit=1000", "/v1/jobs",
             "/metrics", "/openapi.json", "/healthz", "/readyz")  # fmt: skip
    return [(str(one.request.url), one.text) for one in [*asked, *map(ingest.get, paths)]]


def failing_statement() -> None:
    """A rule of the database broken by a row that holds a secret, as a fault of ours would."""
    log = get_logger("canary")
    try:
        with in_transaction() as session:
            session.add(Webhook(service="ingest", url=None, events=[], secret=WEBHOOK_KEY))  # type: ignore[arg-type]
    except Exception:
        log.exception("failed")
    try:
        create_engine(f"postgresql+psycopg://btim:{DATABASE_PASSWORD}@127.0.0.1:1/x").connect()
    except Exception:
        log.exception("failed")


def stored_rows() -> Answers:
    """Every row of every table, but for the one column where webhooks keep what they sign with."""
    with at_once() as connection:
        names = connection.execute(
            text("select tablename from pg_tables where schemaname = 'public'")
        ).scalars()
        return [
            (name, json.dumps(list(connection.execute(
                text(f"select to_jsonb(t) - 'secret' as row from \"{name}\" t")).scalars()
            ), default=str))
            for name in list(names)
        ]  # fmt: skip


def test_planted_secrets_come_out_nowhere(
    ingest: ServiceUnderTest,
    logged: io.StringIO,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "canary").write_text(SOURCE_SECRET)
    settings = get_settings()
    monkeypatch.setattr(settings, "source_secrets_dir", tmp_path)
    monkeypatch.setattr(settings, "source_hosts", ["127.0.0.1"])
    monkeypatch.setattr(settings, "source_attempts", 1)
    monkeypatch.setattr(settings, "job_max_attempts", 1)
    receiver = Receiver()
    try:
        told = failing_requests(ingest) + failing_work(ingest, receiver)
    finally:
        receiver.close()
    failing_statement()
    rows = stored_rows()
    assert len(rows) > 30
    assert "failed" in logged.getvalue()
    assert "left out" in logged.getvalue()
    found = [
        (where, canary)
        for where, said in [*told, *rows, ("log", logged.getvalue())]
        for canary in (*CANARIES, make_admin_key_text())
        if canary in said
    ]
    assert found == []


def make_admin_key_text() -> str:
    return (get_settings().secrets_dir / "admin.key").read_text().strip()


def test_what_holds_a_secret_does_not_show_it() -> None:
    settings = Settings(database_url=f"postgresql+psycopg://btim:{DATABASE_PASSWORD}@x/y")
    shown = [repr(settings), str(settings), repr(Secret(text=SOURCE_SECRET)),
             repr(make_url(settings.database_url))]  # fmt: skip
    assert not [one for one in shown for canary in CANARIES if canary in one]


def every_log(folder: Path) -> str:
    """What the processes of a running system have written."""
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*.log"))


@pytest.mark.slow
def test_a_running_system_tells_no_secret_when_it_is_most_talkative(tmp_path: Path) -> None:
    import httpx2

    from cli.system.free_ports import free_port
    from tests.crash.running_system import RunningSystem

    system = RunningSystem(tmp_path / "data", free_port(), settings={"BTIM_LOG_LEVEL": "DEBUG"})
    (tmp_path / "data").mkdir()
    system.start()
    try:
        system.await_ready()
        told: list[Any] = []
        for url in system.urls.values():
            for key in (system.key, BAD_KEY, JWT):
                head = {"Authorization": f"Bearer {key}"}
                with httpx2.Client(base_url=url, headers=head, timeout=60) as client:
                    paths = ("/v1/audit-events", "/v1/jobs", "/metrics", "/openapi.json", "/v1/x")
                    told += [client.get(path).text for path in paths]
                    body = {"url": "ftp://x", "events": [CARD], "secret": WEBHOOK_KEY}
                    told.append(client.post("/v1/webhooks", json=body).text)
        secrets = {
            path.read_text().strip()
            for path in (tmp_path / "data").rglob("*")
            if path.is_file() and path.parent.name == "secrets"
        }
    finally:
        system.stop()
    assert len(secrets) >= 4
    said = "\n".join([*told, every_log(tmp_path)])
    assert not [one for one in {*CANARIES, *secrets} if one and one in said]
