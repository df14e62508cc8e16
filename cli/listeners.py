"""The listening sockets of the three services, opened before any of them starts.

The supervisor keeps them open, so a port cannot be lost between two starts of a service and
callers of a service that is being restarted wait in the queue instead of being refused.
"""

import socket
from dataclasses import dataclass

SERVICES = ("ingest", "allocation", "valuation")
HOST = "127.0.0.1"
_BACKLOG = 2048


@dataclass(frozen=True)
class Listener:
    """One service's open socket and the port that was wished for."""

    service: str
    wished_port: int
    opened: socket.socket

    @property
    def port(self) -> int:
        """The port it really has."""
        port: int = self.opened.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Where the service answers."""
        return f"http://{HOST}:{self.port}"


def open_listeners(port_base: int, host: str = HOST) -> list[Listener]:
    """Listen on port_base, +1 and +2 in the order of SERVICES; any free port where one is taken."""
    return [
        Listener(service, port_base + place, _listen(host, port_base + place))
        for place, service in enumerate(SERVICES)
    ]


def _listen(host: str, port: int) -> socket.socket:
    try:
        return _bound(host, port)
    except OSError:
        return _bound(host, 0)


def _bound(host: str, port: int) -> socket.socket:
    opened = socket.socket()
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened
