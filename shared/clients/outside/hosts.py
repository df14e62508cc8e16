"""Which systems outside may be called, and calls to the very address that was checked."""

import re
import socket
from collections.abc import Mapping, Sequence

import httpx

from shared.clients.outside.problems import HostNotAllowed, SourceUnreachable
from shared.clients.public_addresses import is_public

DEFAULT_PORTS = {"http": 80, "https": 443}
_END_OF_HOST = re.compile("[/?#]")


def read_url(text: str) -> httpx.URL:
    """An address, taken apart by the parser that the connection uses too, or HostNotAllowed."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise HostNotAllowed("the address cannot be read") from None
    if url.scheme not in DEFAULT_PORTS or not url.raw_host:
        raise HostNotAllowed("an http or https address with a host is needed")
    if "@" in _END_OF_HOST.split(text.partition("//")[2])[0]:
        raise HostNotAllowed("no user or password may stand in an address")
    return url


def port_of(url: httpx.URL) -> int:
    """The port that is meant, said or not."""
    return url.port or DEFAULT_PORTS[url.scheme]


def allowed_addresses(url: str, allowed: Sequence[str]) -> list[str]:
    """The IP addresses to connect to for a URL, best first, or HostNotAllowed.

    Entries are `host`, `host:port` or `*.domain`. A host that is listed by its full name may
    stand in a private network; what only a wildcard allows must have a public address, so that
    whoever owns a name under that domain cannot point it into ours.
    """
    parts = read_url(url)
    return resolve(parts.raw_host.decode(), port_of(parts), allowed)


def resolve(host: str, port: int, allowed: Sequence[str]) -> list[str]:
    """The IP addresses of a listed host and port."""
    by_name = is_listed(host, port, allowed)
    if by_name is None:
        raise HostNotAllowed(
            f"{host}:{port} is not in BTIM_SOURCE_HOSTS, the list of hosts that sources may call"
        )
    addresses = addresses_of(host, port)
    if not by_name and not all(is_public(address) for address in addresses):
        raise HostNotAllowed(
            f"{host} has a private address; list it in BTIM_SOURCE_HOSTS by its full name"
        )
    return addresses


def addresses_of(host: str, port: int, flags: int = 0) -> list[str]:
    """The IP addresses of a name, best first, or SourceUnreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError) as error:
        raise SourceUnreachable(f"the name {host} does not resolve") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def send_pinned(
    client: httpx.Client,
    method: str,
    url: httpx.URL,
    addresses: Sequence[str],
    headers: Mapping[str, str],
    content: bytes | None,
) -> httpx.Response:
    """One request over the first of the checked addresses that takes a connection.

    No name is looked up again. The certificate has to be for the name. The body is not read yet.
    """
    for address in addresses:
        request = client.build_request(
            method,
            url.copy_with(host=address),
            headers={**headers, "Host": url.netloc.decode()},
            content=content,
            extensions={"sni_hostname": url.raw_host.decode()},
        )
        try:
            return client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if address == addresses[-1]:
                raise
    raise httpx.ConnectError(f"{url.host} has no address")


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
