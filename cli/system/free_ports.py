"""Ports that nobody listens on, below the range from which outgoing connections take theirs."""

import secrets
import socket

FIRST, LAST = 15_432, 25_431


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1 and this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A random free port between FIRST and LAST; OSError when two hundred tries find none."""
    for _ in range(200):
        port = FIRST + secrets.randbelow(LAST - FIRST + 1)
        if is_free(port):
            return port
    raise OSError(f"no free port between {FIRST} and {LAST}")
