"""Addresses of visitors: whose it is behind proxies, and cut so that it names a neighbourhood and no person."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

# Hops of X-Forwarded-For that are looked at, from the nearest; a longer list is somebody's joke.
_MAX_HOPS = 32
_MAX_HEADER = 4096


# A request's address is asked for by the collector and by the logs.
@lru_cache(maxsize=4096)
def truncate(address: str | None) -> str | None:
    """`203.0.113.0/24` of an IPv4 address, `2001:db8:1::/48` of an IPv6 one, None of anything else.

    An IPv4 address inside IPv6 (`::ffff:203.0.113.7`) is cut as IPv4. Loopback and private addresses are cut like
    all others: what is left of them names nobody.
    """
    parsed = _parse(address) if address else None
    if parsed is None:
        return None
    if isinstance(parsed, IPv4Address):
        return f"{IPv4Address(int(parsed) >> 8 << 8)}/24"
    return f"{IPv6Address(int(parsed) >> 80 << 80)}/48"


def client_address(remote: str | None, x_forwarded_for: str | None, trusted: Sequence[str]) -> str | None:
    """The visitor's address: the nearest hop that is no trusted proxy.

    remote: the other end of the connection. x_forwarded_for: the header, if any. trusted: networks whose
    X-Forwarded-For is believed, such as `127.0.0.0/8`; ValueError if one is no network.
    Each trusted hop vouches for the one before it; the walk stops at the first that is not trusted, that is no
    address, or at the list's beginning. None when `remote` is no address.
    """
    return _client_address(remote, x_forwarded_for and x_forwarded_for[-_MAX_HEADER:], tuple(trusted))


# At most 4 MB of headers as long as they may be.
@lru_cache(maxsize=1024)
def _client_address(remote: str | None, x_forwarded_for: str | None, trusted: tuple[str, ...]) -> str | None:
    current = _parse(remote) if remote else None
    if current is None:
        return None
    if x_forwarded_for:
        networks = _networks(trusted)
        hops = x_forwarded_for.split(",")[-_MAX_HOPS:]
        for hop in reversed(hops):
            if not any(current in network for network in networks):
                break
            before = _parse(hop)
            if before is None:
                break
            current = before
    return str(current)


@lru_cache(maxsize=16)
def _networks(trusted: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(network, strict=False) for network in trusted)


@lru_cache(maxsize=16_384)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        # [2001:db8::1]:443
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        # 203.0.113.7:443
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
