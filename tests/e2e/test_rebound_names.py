"""A page that has rebound its own name to this machine reads nothing from the sites, the collector and the dashboard.

The browser then sends the page's name in `Host` and in `Origin`, and treats the answers as the page's own.
"""

import pytest
import urllib3

from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES

_HTTP = urllib3.PoolManager(retries=False, timeout=15.0)


def _ask(platform: Settings, port: str, host: str, path: str, method: str = "GET", body: bytes | None = None) -> int:
    named = f"{host}:{platform.port(port)}"
    address = f"http://127.0.0.1:{platform.port(port)}{path}"
    headers = {"Host": named, "Origin": f"http://{named}"}
    return _HTTP.request(method, address, body=body, headers=headers, redirect=False).status


@pytest.mark.parametrize("port", [*DEMO_SITES, "dashboard"])
def test_a_rebound_name_reads_no_page(platform: Settings, port: str) -> None:
    assert _ask(platform, port, "attacker.example", "/") == 421
    for ours in ("localhost", "127.0.0.1"):
        assert _ask(platform, port, ours, "/") == 200


def test_a_rebound_name_reads_nothing_from_the_collector(platform: Settings) -> None:
    for path in ("/footfall.js", "/healthz"):
        assert _ask(platform, "collector", "attacker.example", path) == 421
        assert _ask(platform, "collector", "localhost", path) == 200


@pytest.mark.parametrize("app", DEMO_SITES)
def test_a_rebound_name_posts_no_events(platform: Settings, app: str) -> None:
    assert _ask(platform, app, "attacker.example", "/collect", "POST", b"[]") == 421
    assert _ask(platform, app, "localhost", "/collect", "POST", b"[]") == 202
