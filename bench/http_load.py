"""A load generator over raw keep-alive sockets: cheap enough not to measure itself."""

import selectors
import socket
import time
from dataclasses import dataclass, field

CONNECTIONS = 8


@dataclass
class _Connection:
    """One client that sends its next request as soon as the answer is whole."""

    request: bytes
    peer: socket.socket
    buffer: bytearray = field(default_factory=bytearray)
    sent_at: float = 0.0

    def send(self) -> None:
        self.buffer.clear()
        self.sent_at = time.perf_counter()
        self.peer.sendall(self.request)

    def receive(self) -> bool:
        """Take in what is there; True when the answer is whole."""
        chunk = self.peer.recv(262_144)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self.buffer += chunk
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return False
        head = bytes(self.buffer[:head_end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise AssertionError(bytes(self.buffer[:400]).decode(errors="replace"))
        start = head.index(b"content-length:") + 15
        length = int(head[start : head.find(b"\r\n", start) if b"\r\n" in head[start:] else None])
        return len(self.buffer) >= head_end + 4 + length


@dataclass(frozen=True)
class Load:
    """What a server stood: requests a second, the 99th percentile of its answers, and how many
    there were, with those of warming up."""

    per_second: float
    p99_ms: float
    requests: int


def request_bytes(port: int, path: str, key: str | None = None) -> bytes:
    """A GET request as it goes over the wire."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: application/json"]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def measure(port: int, requests: list[bytes], seconds: float) -> Load:
    """Keep CONNECTIONS requests under way for a while, after a short warming up."""
    warming, _ = _drive(port, requests, seconds / 4)
    latencies, elapsed = _drive(port, requests, seconds)
    latencies.sort()
    return Load(
        len(latencies) / elapsed,
        latencies[int(len(latencies) * 0.99)] * 1000,
        len(warming) + len(latencies),
    )


def _drive(port: int, requests: list[bytes], seconds: float) -> tuple[list[float], float]:
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        for place in range(CONNECTIONS):
            peer = socket.create_connection(("127.0.0.1", port))
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(requests[place % len(requests)], peer)
            selector.register(peer, selectors.EVENT_READ, connection)
            connection.send()
        started = time.perf_counter()
        turn = 0
        while (now := time.perf_counter()) - started < seconds:
            for ready, _ in selector.select(1.0):
                connection = ready.data
                if connection.receive():
                    latencies.append(time.perf_counter() - connection.sent_at)
                    turn += 1
                    connection.request = requests[turn % len(requests)]
                    connection.send()
        for ready in list(selector.get_map().values()):
            ready.data.peer.close()
    return latencies, now - started
