"""No address that a caller names leads a service into the operator's own network."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import KeySet, RSAKey

from shared.access.tokens import read_token
from shared.clients import jwks
from shared.clients.base import ServiceClient
from shared.clients.outside.client import OutsideClient
from shared.database import in_transaction
from shared.errors import Unauthenticated, Unavailable
from shared.events import outbox
from shared.settings import get_settings
from tests.receiving import Receiver
from tests.running import ServiceUnderTest, outside_environment
from tests.security.hostile_addresses import Counting, counting, hostile_urls, names_mean_loopback

KINDS: dict[str, dict[str, Any]] = {
    "rest": {},
    "odata": {"entity_set": "Items"},
    "servicenow": {"table": "incident"},
}


@pytest.fixture
def listener() -> Iterator[Counting]:
    with counting() as made:
        yield made


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings as they are in production, one listed host, and names that an attacker owns."""
    settings = get_settings()
    monkeypatch.setattr(settings, "webhook_allow_private", False)
    monkeypatch.setattr(settings, "source_hosts", ["erp.example.org:443", "*.wild.example.org"])
    monkeypatch.setattr(settings, "source_attempts", 1)
    names_mean_loopback(monkeypatch)
    return monkeypatch


def deliver(service: str) -> None:
    """Try everything that is due once; what fails is due again after seconds."""
    outbox.route_events(service)
    outbox.deliver_due(service)


def test_no_webhook_leads_into_our_own_network(
    ingest: ServiceUnderTest, listener: Counting, guarded: pytest.MonkeyPatch
) -> None:
    urls = hostile_urls(listener.port)
    assert len(set(urls)) >= 90
    stored = []
    for url in urls:
        answer = ingest.post("/v1/webhooks", json={"url": url, "events": ["import.finished"]})
        assert answer.status_code in {201, 422}, (url, answer.text)
        if answer.status_code == 201:
            stored.append(answer.json()["id"])
        else:
            assert answer.json()["code"] in {"invalid", "bad_webhook_url", "private_address"}
    with in_transaction() as session:
        outbox.publish(session, "ingest", "import.finished", "1", {})
    deliver("ingest")
    assert listener.connections == 0
    assert len(stored) < 20, "only names are left to be looked up when they are called"
    for webhook in stored:
        (sent,) = ingest.get(f"/v1/webhooks/{webhook}/deliveries").json()["items"]
        assert (sent["delivered_at"], sent["attempts"]) == (None, 1)
        assert sent["last_error"] == "webhooks may not call private addresses"
        ingest.delete(f"/v1/webhooks/{webhook}")


def a_key() -> KeySet:
    return KeySet([RSAKey.generate_key(2048)])


def refused_source(ingest: ServiceUnderTest, code: str, kind: str, config: dict[str, Any]) -> str:
    """The code with which a source is refused: when it is made, or when it is looked at."""
    body = {"code": code, "kind": kind, "maps_to": "ledger", "config": config}
    made = ingest.post("/v1/sources", json=body)
    if made.status_code == 422:
        return "not stored"
    assert made.status_code == 201, made.text
    answer = ingest.post(f"/v1/sources/{made.json()['id']}/test")
    assert answer.status_code == 422, (config, answer.text)
    return str(answer.json()["code"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_no_source_leads_into_our_own_network(
    ingest: ServiceUnderTest, listener: Counting, guarded: pytest.MonkeyPatch, kind: str, every: int
) -> None:
    urls = hostile_urls(listener.port)[list(KINDS).index(kind) :: every]
    urls.append(f"http://inside.wild.example.org:{listener.port}/")  # listed by a wildcard
    said = {
        refused_source(ingest, f"{kind}-{every}-{place}", kind, {**KINDS[kind], "url": url})
        for place, url in enumerate(urls)
    }
    assert said == {"not stored", "host_not_allowed"}
    assert listener.connections == 0


@pytest.mark.parametrize("driver", ["postgresql", "mysql", "mssql", "oracle"])
def test_no_database_source_leads_into_our_own_network(
    ingest: ServiceUnderTest, listener: Counting, guarded: pytest.MonkeyPatch, driver: str
) -> None:
    hosts = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0", "::1", "::", "localhost",
             "localhost.", "169.254.169.254", "10.0.0.1", "/var/run/postgresql", "a,127.0.0.1",
             "inside.wild.example.org"]  # fmt: skip
    config = {"driver": driver, "port": listener.port, "database": "x", "user": "x",
              "query": "select id from t", "key": ["id"]}  # fmt: skip
    said = {
        refused_source(ingest, f"{driver}-{place}", "sql", config | {"host": host})
        for place, host in enumerate(hosts)
    }
    assert said == {"not stored", "host_not_allowed"}
    assert listener.connections == 0


def test_a_receiver_that_redirects_leads_nowhere(
    ingest: ServiceUnderTest, listener: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Receiver()
    receiver.status, receiver.location = 307, f"http://127.0.0.1:{listener.port}/"
    try:
        body = {"url": receiver.url, "events": ["import.finished"]}
        made = ingest.post("/v1/webhooks", json=body).json()
        with in_transaction() as session:
            outbox.publish(session, "ingest", "import.finished", "2", {})
        deliver("ingest")
        (sent,) = ingest.get(f"/v1/webhooks/{made['id']}/deliveries").json()["items"]
    finally:
        receiver.close()
    assert (len(receiver.got), listener.connections) == (1, 0)
    assert sent["last_error"] == "attempt 1: answered 307"


def test_proxies_of_the_environment_see_no_call(
    listener: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
        monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{listener.port}")
    monkeypatch.setattr(get_settings(), "source_hosts", ["127.0.0.1"])
    monkeypatch.setattr(get_settings(), "source_attempts", 1)
    nobody = "http://127.0.0.1:1"
    with pytest.raises(Unavailable), ServiceClient(nobody, "key", attempts=1) as ours:
        ours.request("GET", "/healthz")
    with pytest.raises(Unavailable), OutsideClient(nobody) as outside:
        outside.get("/")
    with pytest.raises(Unavailable):
        jwks.fetch_keys(f"{nobody}/jwks")
    assert listener.connections == 0


def test_a_token_cannot_say_where_its_keys_are(
    listener: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64

    settings = get_settings()
    monkeypatch.setattr(settings, "jwt_issuer", "https://login.example.org")
    monkeypatch.setattr(settings, "jwt_jwks_url", "https://login.example.org/keys")
    monkeypatch.setitem(jwks._known, "https://login.example.org/keys", jwks.Known(a_key(), 10**12))
    url = f"http://127.0.0.1:{listener.port}/"
    header = {"alg": "RS256", "kid": url, "jku": url, "x5u": url, "iss": url}
    parts = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode()
        for each in (header, {"iss": url, "sub": "x"})
    ]
    with pytest.raises(Unauthenticated):
        read_token(".".join([*parts, "c2ln"]), settings)
    assert listener.connections == 0


@pytest.mark.parametrize("scheme", ["file", "gopher", "ftp", "data"])
def test_keys_of_tokens_are_fetched_over_http_only(scheme: str) -> None:
    with pytest.raises(Unavailable):
        jwks.fetch_keys(f"{scheme}:///etc/hostname")


IN_A_NETWORK_OF_ITS_OWN = ["unshare", "--net", "--mount"]


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.call([*IN_A_NETWORK_OF_ITS_OWN, "true"], stderr=subprocess.DEVNULL) != 0,
    reason="a network of its own needs rights that this user does not have",
)
def test_a_name_that_changes_its_address_after_the_check_leads_nowhere() -> None:
    found = subprocess.run(
        [*IN_A_NETWORK_OF_ITS_OWN, sys.executable, "-m", "tests.security.rebinding"],
        capture_output=True, text=True, timeout=120, check=False,
        env=outside_environment(BTIM_SOURCE_HOSTS="*.rebind.example.org"),
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    said = json.loads(found.stdout.splitlines()[-1])
    assert said == {"looked up by hand": 1, "webhook": 0, "source": 0}
