"""Calls to systems outside: only listed hosts, patient, bounded, exact, and no secret leaks."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime

import pytest

from shared.clients.outside import hosts as outside_hosts
from shared.clients.outside.answer import OutsideAnswer, read_json, seconds_to_wait
from shared.clients.outside.auth import ClientCredentials, Secret, bearer_auth
from shared.clients.outside.client import OutsideClient
from shared.clients.outside.hosts import allowed_addresses, is_listed
from shared.clients.outside.problems import (
    HostNotAllowed,
    SourceAnsweredBadly,
    SourceBusy,
    SourceRefused,
    SourceSaysNo,
    SourceUnreachable,
)
from shared.clients.outside.request import with_params
from shared.errors import Problem
from shared.settings import get_settings
from tests.simulators.faults import FaultName
from tests.simulators.server import Answer, Request, SimulatedServer, as_json

Respond = Callable[[Request], Answer]


class Server(SimulatedServer):
    """Answers from a function."""

    def __init__(self, respond: Respond | None = None) -> None:
        super().__init__()
        self.respond = respond or (lambda _: as_json(200, {"rows": []}))

    def answer(self, request: Request, fault: FaultName | None) -> Answer:
        return self.respond(request)


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = get_settings()
    monkeypatch.setattr(settings, "source_hosts", ["127.0.0.1", "localhost"])
    monkeypatch.setattr(settings, "source_first_pause_seconds", 0.001)
    monkeypatch.setattr(settings, "source_attempts", 3)


def test_numbers_are_exact() -> None:
    def respond(_: Request) -> Answer:
        body = b'{"amount": 12345678901234567.89, "count": 3}'
        return Answer(200, body, {"Content-Type": "application/json"})

    with Server(respond) as server, OutsideClient(server.url) as client:
        _, found = client.get_json("/rows")
    assert found == {"amount": Decimal("12345678901234567.89"), "count": 3}


@pytest.mark.parametrize(
    "text", ["1e1000000000", "NaN", "Infinity", '{"a": 1', "<html>", "[" * 100_000, "9" * 5000]
)
def test_what_is_no_usable_json_is_named(text: str) -> None:
    with pytest.raises(SourceAnsweredBadly):
        read_json(text.encode(), "application/json")


def test_faults_in_passing_are_tried_again() -> None:
    with Server() as server, OutsideClient(server.url) as client:
        for fault in ("reset", "error", "unavailable", "html", "half_json"):
            server.faults.plan(fault, 1, times=2)  # type: ignore[arg-type]
            assert client.get_json("/rows")[1] == {"rows": []}
            assert len(server.faults.happened) == 2


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("reset", SourceUnreachable),
        ("error", SourceUnreachable),
        ("html", SourceAnsweredBadly),
        ("half_json", SourceAnsweredBadly),
        ("unavailable", SourceBusy),
    ],
)
def test_faults_that_stay_are_told_apart(fault: FaultName, expected: type[Problem]) -> None:
    with Server() as server, OutsideClient(server.url) as client:
        server.faults.plan(fault, 1, times=3)
        with pytest.raises(expected):
            client.get_json("/rows")


@pytest.mark.parametrize(
    ("status", "expected"), [(401, SourceRefused), (403, SourceRefused), (404, SourceSaysNo)]
)
def test_refusals_are_not_tried_again(status: int, expected: type[Problem]) -> None:
    with Server(lambda _: as_json(status, {})) as server, OutsideClient(server.url) as client:
        with pytest.raises(expected):
            client.get("/rows")
        assert len(server.requests) == 1


def test_the_time_that_is_asked_for_is_waited() -> None:
    waits: list[float] = []
    with Server() as server, OutsideClient(server.url, pause=waits.append) as client:
        server.faults.retry_after = "7"
        server.faults.plan("busy", 1)
        client.get("/rows")
    assert waits == [7.0]


def test_longer_waits_are_left_to_the_next_sync() -> None:
    with Server() as server, OutsideClient(server.url) as client:
        server.faults.retry_after = "3600"
        server.faults.plan("busy", 1)
        with pytest.raises(SourceBusy) as busy:
            client.get("/rows")
    assert (busy.value.wait_seconds, busy.value.headers["Retry-After"]) == (3600, "3600")


def test_a_date_may_stand_in_retry_after() -> None:
    now = datetime(2026, 1, 5, 8, 0, 0, tzinfo=UTC)
    later = format_datetime(now.replace(minute=2), usegmt=True)
    assert seconds_to_wait({"retry-after": later}, now) == 120
    assert seconds_to_wait({"retry-after": "soon"}, now) is None


def test_pages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "source_page_bytes", 1000)
    with (
        Server(lambda _: Answer(200, b"[" + b"1," * 1000)) as server,
        OutsideClient(server.url) as client,
        pytest.raises(SourceAnsweredBadly) as bad,
    ):
        client.get("/rows")
    assert bad.value.code == "source_page_too_large"


def test_redirects_stay_with_their_host() -> None:
    def respond(request: Request) -> Answer:
        if request.path == "/old":
            return Answer(302, b"", {"Location": "/new"})
        if request.path == "/away":
            return Answer(302, b"", {"Location": f"http://localhost:{server.port}/new"})
        if request.path == "/round":
            return Answer(302, b"", {"Location": "/round"})
        return as_json(200, {"path": request.path})

    with Server(respond) as server, OutsideClient(server.url) as client:
        assert client.get_json("/old")[1] == {"path": "/new"}
        with pytest.raises(HostNotAllowed):
            client.get("/away")
        with pytest.raises(SourceAnsweredBadly):
            client.get("/round")


def test_the_secret_is_shown_to_the_host_of_the_source_only() -> None:
    with Server() as server, OutsideClient(server.url, bearer_auth("sesame")) as client:
        client.get("/rows")
        client.get(f"http://localhost:{server.port}/rows")
        shown = [request.headers.get("authorization") for request in server.requests]
    assert shown == ["Bearer sesame", None]


def test_a_token_is_fetched_once_and_again_after_a_401() -> None:
    tokens: list[str] = []

    def respond(request: Request) -> Answer:
        if request.path == "/token":
            assert b"client_secret" not in request.body
            tokens.append(f"t{len(tokens)}")
            return as_json(200, {"access_token": tokens[-1], "expires_in": 3600})
        fresh = request.headers["authorization"] == f"Bearer {tokens[-1]}"
        return as_json(200 if (fresh and len(tokens) != 1) or request.path == "/1" else 401, {})

    with Server(respond) as server:
        auth = ClientCredentials(f"{server.url}/token", "me", "secret", scope="read")
        with OutsideClient(server.url, auth) as client:
            client.get("/1")
            client.get("/1")
            assert tokens == ["t0"]
            client.get("/2")
            assert tokens == ["t0", "t1"]
        assert "secret" not in repr(auth)


def test_a_wrong_client_is_refused() -> None:
    with Server(lambda _: as_json(401, {"error": "invalid_client"})) as server:
        auth = ClientCredentials(f"{server.url}/token", "me", "wrong")
        with OutsideClient(server.url, auth) as client, pytest.raises(SourceRefused):
            client.get("/rows")


def test_secrets_have_no_face() -> None:
    assert "sesame" not in repr(Secret(text="sesame")) + repr(Secret(parts={"user": "sesame"}))


HOSTILE = [
    "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/",
    "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::]/", "http://0.0.0.0/", "http://0/",
    "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://10.0.0.1/",
    "http://172.16.0.1/", "http://192.168.0.1/", "http://100.64.0.1/", "http://metadata/",
    "http://metadata.google.internal/", "file:///etc/passwd", "gopher://erp.example.com/",
    "ftp://erp.example.com/", "dict://erp.example.com/", "jar:http://erp.example.com!/",
    "http://erp.example.com@127.0.0.1/", "http://user:pass@erp.example.com/",
    "http://erp.example.com#@127.0.0.1/x", "http://erp.example.com.evil.net/",
    "http://evil.net/erp.example.com", "http://evil.net?erp.example.com",
    "http://evil.net\\@erp.example.com/", "http://erp.example.com:22/", "http://:80/", "http:///",
    "http://", "//erp.example.com/", "erp.example.com", "javascript:alert(1)",
    "http://erp.example.com:99999/", "http://erp.example.com:-1/", "http://[::1",
    "http://ⓔrp.example.com/", "http://erp。example.com/", "http://example.com/",
    "http://xerp.example.com/", "http://.erp.example.com/", "http://erp.example.com%00.evil.net/",
    "http://erp.example.com%2f@evil.net/", "http://127.0.0.1:80\t/", "http://localhost./",
    "http://LOCALHOST/", "http://localtest.me/", "http://spoofed.burpcollaborator.net/",
    "https://169.254.169.254/", "http://[fd00:ec2::254]/", "http://[2002:7f00:1::]/",
    "http://[64:ff9b::7f00:1]/", "http://127.0.0.1%2e/", "http://1.1.1.1 &@2.2.2.2/",
    "http://evil.net:80#@erp.example.com/", "http://erp.example.com\n.evil.net/",
    "http://sub.wild.example.org/",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_only_listed_hosts_get_a_connection(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def as_loopback(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", ("127.0.0.1", 80))]

    monkeypatch.setattr(outside_hosts.socket, "getaddrinfo", as_loopback)
    listed = ["erp.example.com:443", "erp.example.com:8443", "*.wild.example.org"]
    with pytest.raises(HostNotAllowed):
        allowed_addresses(url, listed)


def test_listed_hosts_are_found_by_name_port_and_wildcard() -> None:
    listed = ["ERP.example.com", "db.example.com:5432", "*.cloud.example.org", "[::1]:8080"]
    assert is_listed("erp.example.com.", 443, listed) is True
    assert is_listed("db.example.com", 5432, listed) is True
    assert is_listed("db.example.com", 22, listed) is None
    assert is_listed("a.b.cloud.example.org", 443, listed) is False
    assert is_listed("cloud.example.org", 443, listed) is None
    assert is_listed("::1", 8080, listed) is True


def test_parameters_are_added_and_replaced() -> None:
    url = with_params(
        "https://x.example/a?limit=5&q=a%20b", {"limit": 10, "at": "2026-01-05T08:00:00+00:00"}
    )
    assert url == "https://x.example/a?q=a%20b&limit=10&at=2026-01-05T08:00:00%2B00:00"


def test_links_are_read_as_rfc_8288_says() -> None:
    header = '<https://x.example/a?b=1,2>; rel="first", </next?c=3>; title="a, b"; rel="prev next"'
    answer = OutsideAnswer(200, {"link": header}, b"", "https://x.example/rows")
    assert answer.link("next") == "https://x.example/next?c=3"
    assert answer.link("first") == "https://x.example/a?b=1,2"
    assert answer.link("last") is None


def test_answers_do_not_show_their_body() -> None:
    assert "secret" not in repr(OutsideAnswer(200, {}, json.dumps("secret").encode(), "https://x"))
