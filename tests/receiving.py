"""A webhook's receiver: a real HTTP server on loopback that keeps what it gets."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


class Receiver:
    """Keeps (headers by lower-case name, body) of each POST; can be told to fail.

    With `silent_seconds` it says nothing for so long and hangs up then. With a `secret` each is
    verified when it comes; what is wrong with those that are not right is kept too.
    """

    def __init__(self) -> None:
        receiver = self
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.location = ""
        self.silent_seconds: float | None = None
        self.secret: str | None = None
        self.wrong: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(size)
                receiver.got.append((headers, body))
                receiver.verify(headers, body)
                if receiver.silent_seconds is not None:
                    time.sleep(receiver.silent_seconds)
                    self.close_connection = True
                    return
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self._handler = Handler
        self._port = 0
        self.listen()
        self.url = f"http://127.0.0.1:{self._port}/hook"

    def verify(self, headers: dict[str, str], body: bytes) -> None:
        """Note what a receiver that follows Standard Webhooks would find wrong."""
        if self.secret is None:
            return
        try:
            Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError as error:
            self.wrong.append(f"{error}: {headers}")

    def listen(self) -> None:
        """Take connections, on the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler)
        self._port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def wait_for(self, count: int, seconds: float = 120) -> list[tuple[dict[str, str], bytes]]:
        """What has come once there is so much of it; fails when it does not come in time."""
        until = time.monotonic() + seconds
        while len(self.got) < count:
            assert time.monotonic() < until, f"{len(self.got)} of {count} deliveries came"
            time.sleep(0.05)
        return self.got

    def close(self) -> None:
        """Stop listening: connections are refused."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
