"""Where a visit comes from, by its first event."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

CAMPAIGN: Final = "campaign"
SEARCH: Final = "search"
SOCIAL: Final = "social"
REFERRAL: Final = "referral"
DIRECT: Final = "direct"

# A name stands for all domains with this label (google.com, google.co.uk); a name with a dot for one domain.
SEARCH_ENGINES: Final = frozenset({"google", "bing", "duckduckgo", "yahoo", "ecosia", "baidu", "yandex"})
SOCIAL_SITES: Final = frozenset(
    {
        "facebook", "instagram", "x.com", "twitter", "t.co", "linkedin", "reddit", "youtube", "tiktok", "pinterest",
        "mastodon", "bsky",
    }
)  # fmt: skip
_OWN_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# Labels below a country under which names are registered, as in google.co.uk.
_SECOND_LEVELS: Final = frozenset({"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"})


def source(utm_source: str | None, referrer: str | None, own_hosts: Collection[str] = ()) -> str:
    """The source of a visit: campaign, search, social, referral or direct.

    utm_source, referrer: of the visit's first event; empty means none. own_hosts: hosts of the site, in lower case. Its
    own pages, and those of this machine, are no referrers.
    """
    if utm_source:
        return CAMPAIGN
    host = _host(referrer)
    if host is None or host in _OWN_HOSTS or host in own_hosts:
        return DIRECT
    domain = registered_domain(host)
    names = {domain, domain.partition(".")[0]}
    if names & SEARCH_ENGINES:
        return SEARCH
    return SOCIAL if names & SOCIAL_SITES else REFERRAL


def registered_domain(host: str) -> str:
    """The part of a host name that its owner registered: `google.co.uk` of `www.google.co.uk`."""
    labels = host.rstrip(".").split(".")
    below_country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    return ".".join(labels[-3 if below_country else -2 :])


def _host(referrer: str | None) -> str | None:
    try:
        return urlsplit(referrer).hostname if referrer else None
    except ValueError:  # a sender may write anything, such as an unclosed bracket
        return None
