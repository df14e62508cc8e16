"""A threaded HTTP server on loopback that answers from a function and breaks when it is told to."""

import json
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.simulators.faults import FaultName, FaultPlan


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str


@dataclass
class Answer:
    """One answer as it goes."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def as_json(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of JSON."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return Answer(
        status, body, {"Content-Type": "application/json;charset=UTF-8", **(headers or {})}
    )


class SimulatedServer:
    """Serves `answer(request, fault)` on a free port of loopback; use as a context manager.

    The transport's faults are made here. Those of the pages are handed to `answer`. `is_data`
    tells which requests count for the plan of faults (not those for tokens, say).
    """

    def __init__(self) -> None:
        self.faults = FaultPlan()
        self.requests: list[Request] = []
        self.data_seconds = 0.0
        """How long a request for rows takes."""
        self._http = _Listener(("127.0.0.1", 0), self._handler())
        self.port = int(self._http.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving and close what is open."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)

    def answer(self, request: Request, fault: FaultName | None) -> Answer:
        """What this server says; the subclasses know."""
        raise NotImplementedError

    def is_data(self, request: Request) -> bool:
        """Whether a request is one for rows, which a planned fault may meet."""
        return request.method == "GET"

    def data_requests(self) -> list[Request]:
        """The requests for rows so far."""
        return [request for request in self.requests if self.is_data(request)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        simulated = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._serve()

            def do_POST(self) -> None:
                self._serve()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                request = Request(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=self.rfile.read(length),
                    target=self.path,
                )
                simulated.requests.append(request)
                fault = None
                if simulated.is_data(request):
                    fault = simulated.faults.next_fault()
                    time.sleep(simulated.data_seconds)
                self._break_or_send(request, fault)

            def _break_or_send(self, request: Request, fault: FaultName | None) -> None:
                if fault == "busy":
                    headers = {"Retry-After": simulated.faults.retry_after}
                    self._send(as_json(429, {"error": {"message": "Rate limit exceeded"}}, headers))
                elif fault == "error":
                    self._send(as_json(500, {"error": {"message": "Internal error"}}))
                elif fault == "unavailable":
                    self._send(as_json(503, {"error": {"message": "No process available"}}))
                elif fault == "html":
                    page = b"<!DOCTYPE html><html><body>Please log in</body></html>"
                    self._send(Answer(200, page, {"Content-Type": "text/html"}))
                else:
                    if fault == "slow":
                        time.sleep(simulated.faults.slow_seconds)
                    self._send(simulated.answer(request, fault), fault)

            def _send(self, answer: Answer, fault: FaultName | None = None) -> None:
                body = answer.body[: len(answer.body) // 2] if fault == "half_json" else answer.body
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if fault == "reset":
                        self.wfile.write(body[: len(body) // 2])
                        self._reset()
                        return
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the reader has given up waiting

            def _reset(self) -> None:
                """Close the connection so that the other side sees a reset, not an end."""
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                self.connection.close()

        return Handler


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is what this server is for."""
