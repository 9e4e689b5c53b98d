"""The visitor's address behind proxies, and its truncation."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events import address
from footfall.events.address import client_address, is_secure, one_client, truncate

LOOPBACK = ("127.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        # 6to4 and Teredo: the visitor is at 203.0.113.77.
        ("2002:cb00:714d::1", "203.0.113.0/24"),
        ("[2002:cb00:714d:1:2:3:4:5]:443", "203.0.113.0/24"),
        ("2001:0:c633:6401:0:ffff:34ff:8eb2", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("127.0.0.1", "127.0.0.0/24"),
        ("10.1.2.3", "10.1.2.0/24"),
        ("::1", "::/48"),
        (" 203.0.113.77 ", "203.0.113.0/24"),
        ("203.0.113.77:4711", "203.0.113.0/24"),
        ("[2001:db8:1::9]:443", "2001:db8:1::/48"),
        ("203.0.113.256", None),
        ("shop.example", None),
        ("0x7f.1", None),
        ("", None),
        (None, None),
    ],
)
def test_truncate(address: str | None, prefix: str | None) -> None:
    assert truncate(address) == prefix


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.77", "203.0.113.77"),
        ("::ffff:203.0.113.77", "203.0.113.77"),
        # A single machine can use every address of its /64, and every address of its 6to4 prefix.
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("2002:cb00:714d:9::1", "203.0.113.77"),
        ("::1", "::/64"),
        ("shop.example", ""),
        (None, ""),
    ],
)
def test_one_client(address: str | None, client: str) -> None:
    assert one_client(address) == client


@given(st.ip_addresses() | st.ip_addresses(network="2002::/16") | st.ip_addresses(network="2001::/32"))
def test_the_address_lies_in_its_prefix_and_nothing_finer_is_left(address: object) -> None:
    prefix = truncate(str(address))
    assert prefix is not None
    network = ip_network(prefix)
    parsed = ip_address(str(address))
    inner = [parsed.ipv4_mapped, parsed.sixtofour, *(parsed.teredo or ())[1:]] if parsed.version == 6 else []
    if found := [address for address in inner if address is not None]:
        assert found[0] in network
    else:
        assert parsed in network
    assert network.prefixlen == (24 if network.version == 4 else 48)


def test_no_tunnel_makes_a_trusted_proxy() -> None:
    assert client_address("2002:7f00:1::", "203.0.113.9", LOOPBACK) == "2002:7f00:1::"


@pytest.mark.parametrize(
    ("scheme", "remote", "proto", "secure"),
    [
        ("https", "203.0.113.9", None, True),
        ("http", "127.0.0.1", "https", True),
        ("http", "127.0.0.1", "http, HTTPS", True),
        ("http", "127.0.0.1", "https, http", False),
        ("http", "127.0.0.1", None, False),
        ("http", "203.0.113.9", "https", False),
        ("http", None, "https", False),
    ],
)
def test_tls_is_believed_from_trusted_proxies(scheme: str, remote: str | None, proto: str | None, secure: bool) -> None:
    assert is_secure(scheme, remote, proto, LOOPBACK) is secure


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("for=203.0.113.7", "203.0.113.7"),
        ('For="[2001:db8::7]:4711";proto=https', "2001:db8::7"),
        ("for=198.51.100.9, for=203.0.113.7;by=127.0.0.1;host=shop.example", "203.0.113.7"),
        ("proto=https;for=203.0.113.7:8080, for=127.0.0.2", "203.0.113.7"),
        ("for=unknown", "127.0.0.1"),
        ("for=_hidden, for=_secret", "127.0.0.1"),
        ("host=shop.example", "127.0.0.1"),
        ("x-for=203.0.113.7", "127.0.0.1"),
    ],
)
def test_the_standard_header_of_proxies(header: str, expected: str) -> None:
    assert client_address("127.0.0.1", None, LOOPBACK, header) == expected
    assert client_address("198.51.100.1", None, LOOPBACK, header) == "198.51.100.1"
    assert client_address("127.0.0.1", "192.0.2.1", LOOPBACK, header) == "192.0.2.1"


@given(st.text(max_size=100))
def test_truncate_never_raises(text: str) -> None:
    prefix = truncate(text)
    assert prefix is None or ip_network(prefix)


@pytest.mark.parametrize(
    ("remote", "header", "expected"),
    [
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("198.51.100.1", "203.0.113.7", "198.51.100.1"),  # not a trusted proxy, so its header is ignored
        ("127.0.0.1", "203.0.113.7, 198.51.100.1", "198.51.100.1"),  # the left part may be forged
        ("127.0.0.1", "203.0.113.7, 127.0.0.2", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7, nonsense", "127.0.0.1"),
        ("127.0.0.1", "nonsense, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", ",,,", "127.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
        # The forms in which proxies write addresses.
        ("127.0.0.1", "::ffff:203.0.113.7:443", "203.0.113.7"),
        ("127.0.0.1", "0:0:0:0:0:ffff:203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "[::ffff:203.0.113.7]:443", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7:443", "203.0.113.7"),
        ("127.0.0.1", '"[2001:db8::7]:443"', "2001:db8::7"),
        ("127.0.0.1", "2001:db8::7%eth0", "2001:db8::7"),
        ("", "203.0.113.7", None),
        (None, "203.0.113.7", None),
    ],
)
def test_client_address(remote: str | None, header: str | None, expected: str | None) -> None:
    assert client_address(remote, header, LOOPBACK) == expected


@given(st.text(max_size=5000))
def test_no_header_makes_it_raise(header: str) -> None:
    found = client_address("127.0.0.1", header, LOOPBACK)
    assert found is not None
    assert ip_address(found)


def test_a_wrong_network_in_the_settings_is_an_error() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        client_address("127.0.0.1", "203.0.113.7", ("nonsense",))


def test_long_texts_are_not_remembered() -> None:
    truncate("203.0.113.99")
    before = address._parse_short.cache_info().currsize
    for number in range(50):
        assert truncate(f"{number}" * 200) is None
        assert client_address("127.0.0.1", "x" * 4000 + f"{number}", LOOPBACK) == "127.0.0.1"
    # The other end of the connection is one.
    assert address._parse_short.cache_info().currsize <= before + 1
