"""Addresses that mean ours: every way of writing loopback, private ranges and foreign schemes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.0.0.1",
    "0x7f.1", "0177.0.0.1", "017700000001", "0177.0x0.1", "00000127.0.0.1", "127.0.0.1.",
    "0.0.0.0", "0", "0x0",  # noqa: S104 - an address that is called, not bound
    "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[fe80::1%lo]", "[fd00::1]", "[fec0::1]",
    "[fd00:ec2::254]", "[ff02::1]", "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "192.168.1", "169.254.169.254", "0xa9fea9fe", "2852039166",
    "0251.0376.0251.0376",
    "[::ffff:a9fe:a9fe]", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1",
    "224.0.0.1", "255.255.255.255", "localhost", "localhost.", "LOCALHOST", "ⓛocalhost",
    "127。0。0。1", "①②⑦.⓪.⓪.①", "metadata", "metadata.google.internal", "instance-data",
    "localtest.me", "127.0.0.1.nip.io", "www.example.com", "xn--exmple-cua.com", "exämple.com",
]  # fmt: skip
"""What names resolve to is said by whoever owns them: in these tests, loopback."""

ODD = [
    "http://user@127.0.0.1:{port}/", "http://user:pass@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/", "http://@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/", "http://127.0.0.1:{port}?@example.com/",
    "http://example.com\\@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@example.com/",
    "http://example.com%00@127.0.0.1:{port}/", "http://127.0.0.1%2e:{port}/",
    "http://127.0.0.1%09:{port}/", "http://[::1%25x]:{port}/", "http://[127.0.0.1]:{port}/",
    "HTTP://127.0.0.1:{port}/", "http:127.0.0.1:{port}/", "http:///127.0.0.1:{port}/",
    "http:/127.0.0.1:{port}/", "//127.0.0.1:{port}/", "127.0.0.1:{port}",
    "file:///etc/passwd", "file://127.0.0.1:{port}/etc/passwd", "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/", "dict://127.0.0.1:{port}/info", "ldap://127.0.0.1:{port}/",
    "jar:http://127.0.0.1:{port}!/", "data:text/plain,x", "javascript:alert(1)",
    "unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
]  # fmt: skip


def hostile_urls(port: int) -> list[str]:
    """Every hostile host at this port, then what hides a host."""
    return [f"http://{host}:{port}/" for host in HOSTS] + [one.format(port=port) for one in ODD]


class Counting:
    """Listens on every address of this machine and counts the connections that are made."""

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                taken, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            taken.close()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@contextmanager
def counting() -> Iterator[Counting]:
    """A listener for as long as the block lasts."""
    made = Counting()
    try:
        yield made
    finally:
        made.close()


def names_mean_loopback(patch: pytest.MonkeyPatch) -> None:
    """Every name resolves to loopback; numbers in any notation mean what they mean."""
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        try:
            more_flags = more.get("flags", 0) | socket.AI_NUMERICHOST
            return real(host, port, *args, **{**more, "flags": more_flags})
        except OSError:
            if more.get("flags", 0) & socket.AI_NUMERICHOST:
                raise
            return real("127.0.0.1", port, type=socket.SOCK_STREAM)

    patch.setattr(socket, "getaddrinfo", resolve)
