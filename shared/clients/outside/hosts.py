"""Which systems outside may be called: only hosts that the operator has listed."""

import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from shared.clients.outside.problems import HostNotAllowed, SourceUnreachable
from shared.clients.public_addresses import is_public

DEFAULT_PORTS = {"http": 80, "https": 443}


def allowed_addresses(url: str, allowed: Sequence[str]) -> list[str]:
    """The IP addresses to connect to for a URL, best first, or HostNotAllowed.

    Entries are `host`, `host:port` or `*.domain`. A host that is listed by its full name may
    stand in a private network; what only a wildcard allows must have a public address, so that
    whoever owns a name under that domain cannot point it into ours.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        raise HostNotAllowed("the address cannot be read") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port is None:
        raise HostNotAllowed("an http or https address with a host is needed")
    if parts.username is not None or parts.password is not None:
        raise HostNotAllowed("no user or password in an address; use secret_ref")
    return resolve(parts.hostname, port, allowed)


def resolve(host: str, port: int, allowed: Sequence[str]) -> list[str]:
    """The IP addresses of a listed host and port."""
    by_name = is_listed(host, port, allowed)
    if by_name is None:
        raise HostNotAllowed(
            f"{host}:{port} is not in BTIM_SOURCE_HOSTS, the list of hosts that sources may call"
        )
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnreachable(f"the name {host} does not resolve") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not by_name and not all(is_public(address) for address in addresses):
        raise HostNotAllowed(
            f"{host} has a private address; list it in BTIM_SOURCE_HOSTS by its full name"
        )
    return addresses


def is_listed(host: str, port: int, allowed: Sequence[str]) -> bool | None:
    """True: listed by its full name; False: by a wildcard; None: not at all."""
    name = host.rstrip(".").lower()
    by_wildcard = False
    for entry in allowed:
        listed, listed_port = split_entry(entry)
        if listed_port not in (None, port):
            continue
        if listed == name:
            return True
        if listed.startswith("*.") and name.endswith(listed[1:]):
            by_wildcard = True
    return False if by_wildcard else None


def split_entry(entry: str) -> tuple[str, int | None]:
    """`host`, `host:8443`, `[::1]:8443` or `*.domain` in two parts."""
    text = entry.strip().lower()
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:]) if rest[1:].isdigit() else None
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and ":" not in host:
        return host.rstrip("."), int(port)
    return text.rstrip("."), None
