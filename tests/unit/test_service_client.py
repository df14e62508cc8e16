"""Calls between services: problems come back as they were, only idempotent calls are repeated."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.clients import base
from shared.clients.base import ServiceClient
from shared.errors import Conflict, Unavailable


class Target:
    """A real HTTP server that answers what it is told, in order."""

    def __init__(self) -> None:
        target = self
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                size = int(self.headers.get("content-length", "0"))
                self.rfile.read(size)
                headers = {name.lower(): value for name, value in self.headers.items()}
                target.asked.append((self.command, self.path, headers))
                status, body = target.answers.pop(0)
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = _answer  # noqa: N815 - the names of the base class

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    monkeypatch.setattr(base, "FIRST_PAUSE_SECONDS", 0.001)
    running = Target()
    yield running
    running.close()


BUSY = (503, {"code": "database_busy", "detail": "busy", "errors": []})


def test_a_get_is_repeated_until_the_service_answers(target: Target) -> None:
    target.answers = [BUSY, BUSY, (200, {"ok": True})]
    with ServiceClient(target.url, "key") as client:
        assert client.request("GET", "/x").json() == {"ok": True}
    assert len(target.asked) == 3
    assert target.asked[0][2]["authorization"] == "Bearer key"


def test_a_plain_post_is_never_repeated(target: Target) -> None:
    target.answers = [BUSY, (200, {})]
    with ServiceClient(target.url, "key") as client, pytest.raises(Unavailable):
        client.request("POST", "/x", body={})
    assert len(target.asked) == 1


def test_a_post_with_an_idempotency_key_is_repeated(target: Target) -> None:
    target.answers = [BUSY, (200, {})]
    with ServiceClient(target.url, "key") as client:
        client.request("POST", "/x", body={}, headers={"Idempotency-Key": "k"})
    assert len(target.asked) == 2


def test_a_problem_comes_back_as_the_class_it_was(target: Target) -> None:
    errors = [{"pointer": "/a", "code": "b", "message": "c"}]
    target.answers = [(409, {"code": "frozen", "detail": "it is published", "errors": errors})]
    with ServiceClient(target.url, "key") as client, pytest.raises(Conflict) as caught:
        client.request("GET", "/x")
    assert (caught.value.code, caught.value.detail) == ("frozen", "it is published")
    assert caught.value.errors[0].pointer == "/a"


def test_after_five_failures_calls_are_held_back(target: Target) -> None:
    target.answers = [BUSY] * 20
    with ServiceClient(target.url, "key") as client:
        for _ in range(2):
            with pytest.raises(Unavailable):
                client.request("GET", "/x")
        asked = len(target.asked)
        with pytest.raises(Unavailable, match="held back"):
            client.request("GET", "/x")
    assert asked == 5
    assert len(target.asked) == asked
