"""Visitors' addresses as log lines hold them: cut to a network, so that they identify no person."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

# Of an address in brackets with zone, port and white space around it. What is remembered must be short.
_LONGEST: Final = 100


def network_of(address: str | None) -> str | None:
    """`203.0.113.0/24` or `2001:db8:1::/48`, as the collector cuts addresses of events; None if it is no address.

    An IPv6 address that contains the visitor's IPv4 address, such as one of a tunnel, is cut as IPv4.
    """
    return None if not address or len(address) > _LONGEST else _network_of(address)


@lru_cache(maxsize=4096)
def _network_of(text: str) -> str | None:
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
    if isinstance(parsed, IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is None:
            return f"{IPv6Address(int(parsed) >> 80 << 80)}/48"
        parsed = inner
    return f"{IPv4Address(int(parsed) >> 8 << 8)}/24"
