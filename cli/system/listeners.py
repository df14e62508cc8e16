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
    """One replica's open socket and the port that was wished for."""

    service: str
    wished_port: int
    opened: socket.socket
    replica: int = 1

    @property
    def name(self) -> str:
        """The process's name; the first replica has the service's own."""
        return self.service if self.replica == 1 else f"{self.service}-{self.replica}"

    @property
    def port(self) -> int:
        """The port it really has."""
        port: int = self.opened.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Where the service answers."""
        return f"http://{HOST}:{self.port}"


def open_listeners(port_base: int, host: str = HOST, replicas: int = 1) -> list[Listener]:
    """Listen on port_base, +1 and +2 in the order of SERVICES, further replicas on what follows.

    Any free port where one is taken.
    """
    wishes = [(service, replica) for replica in range(1, replicas + 1) for service in SERVICES]
    return [
        Listener(service, port_base + place, _listen(host, port_base + place), replica)
        for place, (service, replica) in enumerate(wishes)
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
