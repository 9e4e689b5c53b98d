"""Addresses of visitors: finds them behind proxies, and truncates them so that they identify no person."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

# Number of hops in X-Forwarded-For that are examined, from the nearest one. A longer list is not genuine.
_MAX_HOPS = 32
_MAX_HEADER = 4096
# The addresses of a header such as `for=192.0.2.43;proto=https, for="[2001:db8::1]:4711"`.
_FOR = re.compile(r'(?:^|[;,])\s*for="?([^";,]+)', re.IGNORECASE)
# Of an address in brackets with zone, port and white space around it.
_LONGEST = 100


# Cached, because both the collector and the access log truncate the address of a request.
@lru_cache(maxsize=4096)
def truncate(address: str | None) -> str | None:
    """Truncates an IPv4 address to `203.0.113.0/24` and an IPv6 address to `2001:db8:1::/48`; None if it is neither.

    An IPv6 address that contains the visitor's IPv4 address is truncated as IPv4: mapped (`::ffff:203.0.113.7`), 6to4
    (`2002:cb00:7107::1`, whose first 48 bits hold all of it) or Teredo. Loopback and private addresses are truncated
    too.
    """
    parsed = _visitor(address)
    if parsed is None:
        return None
    if isinstance(parsed, IPv4Address):
        return f"{IPv4Address(int(parsed) >> 8 << 8)}/24"
    return f"{IPv6Address(int(parsed) >> 80 << 80)}/48"


@lru_cache(maxsize=4096)
def one_client(address: str | None) -> str:
    """What counts as one client for a limit: an IPv4 address, or the /64 network of an IPv6 address, which a single
    machine can have. Empty if it is neither. An address inside another one counts, as in `truncate`."""
    parsed = _visitor(address)
    if isinstance(parsed, IPv6Address):
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return "" if parsed is None else str(parsed)


def client_address(
    remote: str | None, x_forwarded_for: str | None, trusted: Sequence[str], forwarded: str | None = None
) -> str | None:
    """Returns the address of the visitor: the nearest hop that is not a trusted proxy.

    remote: the other end of the connection. x_forwarded_for: the header, if any. trusted: networks whose
    X-Forwarded-For is trusted, such as `127.0.0.0/8`; ValueError if one is not a network. forwarded: the header of RFC
    7239, which counts if there is no X-Forwarded-For.
    Each trusted hop vouches for the one before it. The walk stops at the first hop that is not trusted or not an
    address, or at the beginning of the list. Returns None if `remote` is not an address.
    """
    hops = x_forwarded_for or ",".join(_FOR.findall((forwarded or "")[-_MAX_HEADER:]))
    return _client_address(remote, hops[-_MAX_HEADER:], tuple(trusted))


def client_of(environ: Mapping[str, Any], trusted: Sequence[str]) -> str | None:
    """As `client_address`, of a WSGI request."""
    remote, hops = environ.get("REMOTE_ADDR"), environ.get("HTTP_X_FORWARDED_FOR")
    return client_address(remote, hops, trusted, environ.get("HTTP_FORWARDED"))


def is_trusted(remote: str | None, trusted: Sequence[str]) -> bool:
    """Whether the other end of the connection is a trusted proxy. trusted: as in `client_address`."""
    current = _parse(remote) if remote else None
    return current is not None and any(current in network for network in _networks(tuple(trusted)))


def is_secure(scheme: str, remote: str | None, x_forwarded_proto: str | None, trusted: Sequence[str]) -> bool:
    """Whether the visitor speaks TLS, to us or to a trusted proxy. scheme: of the connection, such as `http`.

    remote, trusted: as in `client_address`. Of several values of X-Forwarded-Proto, the nearest proxy's counts.
    """
    if scheme in ("https", "wss"):
        return True
    if not x_forwarded_proto or not is_trusted(remote, trusted):
        return False
    return x_forwarded_proto.rpartition(",")[2].strip().lower() in ("https", "wss")


# At most 4 MB, even if all headers have the maximum length.
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


def _visitor(address: str | None) -> IPv4Address | IPv6Address | None:
    parsed = _parse(address) if address else None
    if isinstance(parsed, IPv6Address):
        # Not in `_parse`: nobody is a trusted proxy because of the address inside a tunnel's.
        return parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else parsed)
    return parsed


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    # What is remembered must be short: the texts come from strangers.
    return None if len(text) > _LONGEST else _parse_short(text)


@lru_cache(maxsize=16_384)
def _parse_short(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip(" \t\"'")
    if text.startswith("["):
        # [2001:db8::1]:443
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1 or 0 < text.rfind(".") < text.rfind(":"):
        # 203.0.113.7:443 and ::ffff:203.0.113.7:443
        text = text.rpartition(":")[0]
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
