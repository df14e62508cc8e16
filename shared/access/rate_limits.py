"""How often a caller may ask: counted in Postgres for all processes, leased to each in blocks.

A process takes a hundredth of a window's requests at a time, so that few of them cost a round
trip. The count never lets more through than the limit; it may refuse a caller early by what other
processes have leased and not used: at most a hundredth of the limit for each of them.
"""

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from sqlalchemy import text
from starlette.requests import HTTPConnection

from shared.database import at_once
from shared.errors import TooManyRequests
from shared.settings import get_settings

BLOCKS = 100
MOST_NAMES = 10_000
IPV6_SITE_BITS = 64

_TAKE = text(
    "insert into rate_window as counted (name, began_at, taken)"
    " values (:name, date_bin(:seconds * interval '1 second', now(), 'epoch'), :block)"
    " on conflict (name) do update set began_at = excluded.began_at, taken = :block + case"
    " when counted.began_at = excluded.began_at then counted.taken else 0 end"
    " returning taken, extract(epoch from began_at + :seconds * interval '1 second' - now())"
)


@dataclass(frozen=True)
class Standing:
    """Where a caller stands in its window, as the headers of its answers say."""

    policy: str
    limit: int
    window_seconds: int
    left: int
    ends_in_seconds: int

    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.ends_in_seconds}',
        }


@dataclass
class _Lease:
    """What this process may still let through for one name in the present window."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    free: int = 0
    left_elsewhere: int = 1
    ends_at: float = 0.0

    def renew(self, name: str, limit: int, seconds: int) -> None:
        """Take another block of the window; nothing is gained once the window is used up."""
        block = max(1, limit // BLOCKS)
        with at_once() as connection:
            values = {"name": name, "seconds": seconds, "block": block}
            taken, lasts = connection.execute(_TAKE, values).one()
        self.ends_at = time.monotonic() + float(lasts)
        self.free = max(0, block - max(0, taken - limit))
        self.left_elsewhere = max(0, limit - taken)


_leases: OrderedDict[str, _Lease] = OrderedDict()
_leases_lock = threading.Lock()


def _lease_of(name: str) -> _Lease:
    with _leases_lock:
        lease = _leases.setdefault(name, _Lease())
        _leases.move_to_end(name)
        if len(_leases) > MOST_NAMES:
            _leases.popitem(last=False)
        return lease


def take(name: str, policy: str, limit: int) -> Standing:
    """Count one request of a name; `left` is -1 when it was one too many."""
    seconds, lease = get_settings().rate_limit_seconds, _lease_of(name)
    with lease.lock:
        if time.monotonic() >= lease.ends_at or (lease.free == 0 and lease.left_elsewhere > 0):
            lease.renew(name, limit, seconds)
        lease.free -= 1
        left = lease.free + lease.left_elsewhere
        lease.free = max(0, lease.free)
        ends_in = max(1, math.ceil(lease.ends_at - time.monotonic()))
    return Standing(policy, limit, seconds, left, ends_in)


def count_caller(connection: HTTPConnection, identity: str, own_limit: int | None) -> None:
    """Count a request of an authenticated caller once; raises TooManyRequests."""
    limit = get_settings().rate_limit_requests if own_limit is None else own_limit
    if limit and not hasattr(connection.state, "standing"):
        _count(connection, identity, "default", limit)


def count_stranger(connection: HTTPConnection) -> None:
    """Count a request of an address that shows no valid key; raises TooManyRequests.

    A valid key is never refused for what others at its address do.
    """
    limit = get_settings().rate_limit_strangers
    if limit:
        _count(connection, f"address:{_address(connection)}", "strangers", limit)


def _count(connection: HTTPConnection, name: str, policy: str, limit: int) -> None:
    standing = take(name, policy, limit)
    if standing.left < 0:
        standing = Standing(policy, limit, standing.window_seconds, 0, standing.ends_in_seconds)
        connection.state.standing = standing
        raise TooManyRequests(
            f"{limit} requests in {standing.window_seconds} seconds are allowed",
            headers={"Retry-After": str(standing.ends_in_seconds)},
        )
    connection.state.standing = standing


def _address(connection: HTTPConnection) -> str:
    """The caller's address; of IPv6 the site, because a site may change the rest at will."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_SITE_BITS), strict=False))
    return str(address)
