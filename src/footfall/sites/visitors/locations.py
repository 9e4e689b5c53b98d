"""The places of the simulated people: countries, their time zones and languages, and address blocks of their providers.

The addresses occur only in `X-Forwarded-For` of requests to our own sites, so that the offline city database finds a
country; nothing is ever sent to them. Each block was checked in that database at 3,000 addresses, and all were in its
country.
"""

import random
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

# The share of people with an IPv6 address.
_IPV6_SHARE: Final = 0.25
# How active people are in each local hour, from midnight on; only the proportions matter.
_ACTIVITY: Final = (2, 1, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 9, 8, 8, 8, 8, 9, 10, 12, 13, 12, 8, 4)


@dataclass(frozen=True, slots=True)
class Country:
    """One country: ISO 3166 code, weight among all people, IANA time zone, language tag, address blocks."""

    code: str
    weight: float
    timezone: str
    language: str
    v4: tuple[IPv4Network, ...]
    v6: tuple[IPv6Network, ...]

    def accept_language(self) -> str:
        """The Accept-Language header of a browser with this language."""
        base = self.language.split("-")[0]
        return f"{self.language},{base};q=0.9" + ("" if base == "en" else ",en;q=0.8")

    def choose_address(self, rng: random.Random) -> str:
        """Draws the address of one person: a host address in one of the blocks, as text."""
        if rng.random() < _IPV6_SHARE:
            block = rng.choice(self.v6)
            # A provider assigns /56 networks; the rest identifies the machine.
            return str(IPv6Address(int(block.network_address) | rng.getrandbits(24) << 72 | rng.getrandbits(64)))
        v4 = rng.choice(self.v4)
        return str(v4[rng.randrange(1, v4.num_addresses - 1)])


def _country(code: str, weight: float, timezone: str, language: str, *blocks: str) -> Country:
    v4 = tuple(IPv4Network(block) for block in blocks if ":" not in block)
    v6 = tuple(IPv6Network(block) for block in blocks if ":" in block)
    return Country(code, weight, timezone, language, v4, v6)


COUNTRIES: Final = (
    _country("US", 22, "America/New_York", "en-US", "73.158.0.0/16", "71.192.0.0/16", "2600:1700::/32"),
    _country("DE", 12, "Europe/Berlin", "de-DE", "84.128.0.0/16", "93.192.0.0/16", "87.128.0.0/16", "2003:e0::/32"),
    _country("GB", 8, "Europe/London", "en-GB", "86.128.0.0/16", "81.128.0.0/16", "90.192.0.0/16", "2a00:23c5::/32"),
    _country("FR", 7, "Europe/Paris", "fr-FR", "90.0.0.0/16", "82.64.0.0/16", "86.192.0.0/16", "2a01:e0a::/32"),
    _country("IN", 7, "Asia/Kolkata", "en-IN", "117.192.0.0/16", "122.160.0.0/16", "59.88.0.0/16", "2405:201::/32"),
    _country("BR", 5, "America/Sao_Paulo", "pt-BR", "189.0.0.0/16", "201.0.0.0/16", "2804:14c::/32"),
    _country("JP", 4, "Asia/Tokyo", "ja-JP", "126.0.0.0/16", "219.96.0.0/16", "118.0.0.0/16", "2400:4050::/32"),
    _country("ES", 3.5, "Europe/Madrid", "es-ES", "80.24.0.0/16", "83.32.0.0/16", "2a0c:5a80::/32"),
    _country("IT", 3.5, "Europe/Rome", "it-IT", "87.0.0.0/16", "79.0.0.0/16", "151.16.0.0/16", "2001:b07::/32"),
    _country("NL", 3, "Europe/Amsterdam", "nl-NL", "84.80.0.0/16", "77.160.0.0/16", "2a02:a440::/32"),
    _country("CA", 3, "America/Toronto", "en-CA", "70.48.0.0/16", "99.224.0.0/16", "24.64.0.0/16", "2607:fea8::/32"),
    _country("PL", 2.5, "Europe/Warsaw", "pl-PL", "83.0.0.0/16", "79.184.0.0/16", "2a02:a310::/32"),
    _country("AU", 2.5, "Australia/Sydney", "en-AU", "101.160.0.0/16", "120.144.0.0/16", "2001:8003::/32"),
    _country("MX", 2, "America/Mexico_City", "es-MX", "189.128.0.0/16", "201.96.0.0/16", "2806:2f0::/32"),
    _country("SE", 1.5, "Europe/Stockholm", "sv-SE", "90.224.0.0/16", "81.224.0.0/16", "2a02:1400::/32"),
    _country("CH", 1.5, "Europe/Zurich", "de-CH", "178.192.0.0/16", "83.76.0.0/16", "2a02:1210::/32"),
    _country("AT", 1.5, "Europe/Vienna", "de-AT", "80.108.0.0/16", "62.46.0.0/16", "2a02:8388::/32"),
    _country("TR", 1.5, "Europe/Istanbul", "tr-TR", "78.160.0.0/16", "88.224.0.0/16", "2a02:e0::/32"),
    _country("KR", 1.5, "Asia/Seoul", "ko-KR", "121.128.0.0/16", "118.32.0.0/16", "2001:e60::/32"),
    _country("ID", 1.5, "Asia/Jakarta", "id-ID", "114.120.0.0/16", "125.160.0.0/16", "2001:448a::/32"),
    _country("AR", 1.2, "America/Argentina/Buenos_Aires", "es-AR", "181.0.0.0/16", "200.117.0.0/16", "2800:810::/32"),
    _country("ZA", 1, "Africa/Johannesburg", "en-ZA", "41.0.0.0/16", "105.0.0.0/16", "2c0f:f4c0::/32"),
    _country("PT", 1, "Europe/Lisbon", "pt-PT", "85.240.0.0/16", "188.80.0.0/16", "2001:8a0::/32"),
    _country("IE", 0.8, "Europe/Dublin", "en-IE", "86.40.0.0/16", "109.76.0.0/16", "2001:bb6::/32"),
    _country("DK", 0.8, "Europe/Copenhagen", "da-DK", "80.160.0.0/16", "87.48.0.0/16", "2a05:f6c7::/32"),
    _country("NO", 0.8, "Europe/Oslo", "nb-NO", "84.208.0.0/16", "2a01:799::/32"),
    _country("FI", 0.8, "Europe/Helsinki", "fi-FI", "91.152.0.0/16", "88.112.0.0/16", "2001:14ba::/32"),
    _country("SG", 0.8, "Asia/Singapore", "en-SG", "116.14.0.0/16", "121.6.0.0/16", "2406:3003::/32"),
    _country("NG", 0.6, "Africa/Lagos", "en-NG", "105.112.0.0/16", "197.210.0.0/16", "2c0f:2a80::/32"),
    _country("EG", 0.6, "Africa/Cairo", "ar-EG", "197.32.0.0/16", "156.192.0.0/16", "2c0f:fc88::/32"),
)
COUNTRY_CUMULATED: Final = tuple(accumulate(country.weight for country in COUNTRIES))


# Python itself caches eight zones and reads all others again.
_zone: Final = lru_cache(maxsize=len(COUNTRIES))(ZoneInfo)


@lru_cache(maxsize=8192)
def local_hour(timezone: str, epoch_hour: int) -> int:
    """The hour of the day in a time zone (IANA name) in one hour (epoch milliseconds // 3,600,000)."""
    return datetime.fromtimestamp(epoch_hour * 3600, _zone(timezone)).hour


@lru_cache(maxsize=64)
def activity_cumulated(epoch_hour: int) -> tuple[float, ...]:
    """Cumulative weights of the countries in one hour (epoch milliseconds // 3,600,000): people × activity."""
    return tuple(
        accumulate(country.weight * _ACTIVITY[local_hour(country.timezone, epoch_hour)] for country in COUNTRIES)
    )
