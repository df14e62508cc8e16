"""Which IP addresses lie in the public internet, whatever they are wrapped in."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# The first 96 bits under which translators reach the IPv4 address in the last 32.
_TRANSLATED = tuple(map(IPv6Network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
_OURS = (IPv6Network("64:ff9b:1::/48"), IPv6Network("fec0::/10"), IPv4Network("192.0.0.0/24"))
"""Local translators, site-local addresses of old, protocols of a network: all within one only."""


def is_public(address: str) -> bool:
    """Whether an address is a public unicast one; an IPv4 address inside an IPv6 one counts."""
    found = ip_address(address.partition("%")[0])
    if any(found in network for network in _OURS):
        return False
    if isinstance(found, IPv6Address):
        inner = _inside(found)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def _inside(address: IPv6Address) -> IPv4Address | None:
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
