"""The collector for sites of any origin: who may post and read, what it serves, how it follows the list of sites."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from footfall import site_changes, site_registry
from footfall.host_names import SENTENCE
from footfall.settings import Demo, Ports, Settings
from footfall.sites import assets, site_keys
from footfall.sites.collector_app import create_app
from footfall.sites.collectors import Collectors
from footfall.sites.spool import Record, Spool, Topic
from footfall.verification.spools import look_at
from tests.support.collector_process import fall_behind, running_collector
from tests.support.events import example_event
from tests.unit.sites.test_collector import now_ms, spooled

OURS = "https://blog.example.org"
SITES = f"""
[shop]
title = "Tea"

[blog]
title = "Field notes"
origins = ["{OURS}", "http://localhost:8000"]

[wiki]
title = "Wiki"
origins = ["https://wiki.example.org"]

[own]
title = "A site with a server of its own"
port = 6001
"""


class Site:
    """The collector in this process, with a client for the blog."""

    def __init__(self, settings: Settings, collectors: Collectors) -> None:
        self.settings = settings
        self.collectors = collectors
        self.client: FlaskClient = create_app(settings, collectors).test_client()

    def post(self, site: str = "blog", origin: str | None = OURS, **headers: str) -> TestResponse:
        """Posts a page view as a browser does: without a preflight, as text."""
        given = {"Content-Type": "text/plain;charset=UTF-8", **headers, **({"Origin": origin} if origin else {})}
        event = example_event(now_ms(), app_id=site)
        return self.client.post(f"/collect?site={site}", data=orjson.dumps([event]), headers=given)

    def stored(self, app_id: str = "blog") -> list[Record]:
        """The site's records, without the one of `fall_behind`."""
        scratch = self.settings.home / "copy"
        return [record for record in spooled(self.settings, app_id, scratch) if record.received_ms]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(site_registry, "_LOOK_EVERY_S", 0.0)
    # Records in the producer's queue are in the spool, too.
    monkeypatch.setattr("footfall.sites.collectors._CLOSE_PATIENCE_S", 0.1)
    (tmp_path / "sites.toml").write_text(SITES)
    settings = Settings(home=tmp_path, install=tmp_path / "install", ports=Ports(kafka=1))
    for app_id in ("blog", "wiki"):
        fall_behind(settings, app_id)
    collectors = Collectors(settings)
    collectors.start()
    try:
        yield Site(settings, collectors)
    finally:
        collectors.close()


def assert_refused(answer: TestResponse, status: int, error: str) -> None:
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_of_a_registered_origin_may_post_and_read_the_answer(site: Site) -> None:
    answer = site.post()
    assert (answer.status_code, answer.json) == (202, {"accepted": 1, "rejected": []})
    assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Vary"]) == (OURS, "Origin")
    # Otherwise a browser would report a beacon as blocked.
    assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
    assert answer.headers["X-Request-Id"]
    assert site.post(origin="http://localhost:8000").status_code == 202
    assert [orjson.loads(record.value)["app_id"] for record in site.stored()] == ["blog", "blog"]


@pytest.mark.parametrize(
    "origin", ["https://wiki.example.org", "https://evil.example", "null", "http://blog.example.org"]
)
def test_a_page_of_another_origin_may_not(site: Site, origin: str) -> None:
    assert_refused(site.post(origin=origin), 403, "foreign_origin")
    assert_refused(_preflight(site, "blog", origin), 403, "foreign_origin")
    assert site.stored() == []


def test_no_answer_is_for_everybody(site: Site) -> None:
    paths = ("/footfall.js", "/healthz", "/", "/collect?site=blog")
    for origin in (None, OURS, "https://evil.example"):
        headers = {"Origin": origin} if origin else {}
        for answer in (*(site.client.get(path, headers=headers) for path in paths), site.post(origin=origin)):
            assert answer.headers.get("Access-Control-Allow-Origin") in (None, OURS)
            assert "Access-Control-Allow-Credentials" not in answer.headers


def _preflight(site: Site, app_id: str, origin: str) -> TestResponse:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return site.client.options(f"/collect?site={app_id}", headers=headers)


def test_a_preflight_is_answered(site: Site) -> None:
    answer = _preflight(site, "blog", OURS)
    assert answer.status_code == 204
    assert {name: answer.headers[name] for name in dict(answer.headers) if name.startswith("Access-Control")} == {
        "Access-Control-Allow-Origin": OURS,
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "7200",
    }
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("name", ["", "zine", "Blog", "shop", "own", "blog&site=wiki&x=" + "&y=" * 99])
def test_only_sites_without_a_server_of_their_own_are_known(site: Site, name: str) -> None:
    assert_refused(site.post(name), 404, "unknown_site")
    assert_refused(_preflight(site, name, OURS), 404, "unknown_site")


@pytest.mark.parametrize("name", ["footfall.js", "footfall-vitals.js"])
def test_the_scripts_may_be_loaded_by_any_page(site: Site, name: str) -> None:
    answer = site.client.get(f"/{name}")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.data == assets.served(name)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Vary"] == "Origin"
    again = site.client.get(f"/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    checked = site.client.get(f"/{name}", headers={"Origin": "https://wiki.example.org"})
    assert checked.headers["Access-Control-Allow-Origin"] == "https://wiki.example.org"


def test_nothing_else_is_served(site: Site) -> None:
    for path in ("/", "/static/footfall.js", "/favicon.ico", "/footfall.js/", "/collect", "/login"):
        answer = site.client.get(path)
        assert answer.status_code == (405 if path == "/collect" else 404)
        assert set(answer.json) == {"error", "detail"}
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert site.client.get("/collect").headers["Allow"] == "OPTIONS, POST"


def test_names_that_are_not_ours_get_nothing(site: Site) -> None:
    for path in ("/footfall.js", "/healthz"):
        answer = site.client.get(path, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.json["detail"]) == (421, SENTENCE)
    # A proxy of the blog may lead to the collector under the blog's own name.
    assert site.client.get("/footfall.js", headers={"Host": "blog.example.org"}).status_code == 200
    assert site.post(Host="blog.example.org").status_code == 202
    # The name of another site is none of the blog's.
    assert site.post(Host="wiki.example.org").status_code == 421


def test_a_site_is_taken_from_the_moment_it_is_added_and_no_longer(site: Site) -> None:
    assert_refused(site.post("zine", origin="https://zine.example"), 404, "unknown_site")
    fall_behind(site.settings, "zine")
    site_changes.add(site.settings, "zine", ["https://zine.example"], None, None)
    assert site.post("zine", origin="https://zine.example").status_code == 202
    site_changes.remove(site.settings, "zine")
    assert_refused(site.post("zine", origin="https://zine.example"), 404, "unknown_site")
    # What it had is still on its way.
    assert len(site.stored("zine")) == 1
    assert set(site.client.get("/healthz").json["sites"]) == {"blog", "wiki", "zine"}


@pytest.mark.parametrize("origin", [None, OURS, "http://localhost", "null"])
def test_no_page_may_post_to_a_site_without_an_origin(site: Site, origin: str | None) -> None:
    site_changes.add(site.settings, "bakery", [], None, None)
    fall_behind(site.settings, "bakery")
    answer = site.post("bakery", origin=origin)
    assert_refused(answer, 403, "foreign_origin")
    assert answer.json["detail"] == (
        "This site has no origin, so no page may send it events; its own server sends them to /v1/events."
    )
    assert _preflight(site, "bakery", origin or OURS).json == answer.json
    # Not even what passes on the events of its visitors.
    key = site_keys.make(site.settings, "bakery").read_text()
    assert site.post("bakery", origin=origin, **{"X-Footfall-Key": key}).status_code == 403
    assert site.stored("bakery") == []
    assert site.client.get("/healthz").json["sites"]["bakery"]["since_start"] == {"refused_403": 2}


def test_an_event_of_another_site_is_rejected(site: Site) -> None:
    event = example_event(now_ms(), app_id="wiki")
    answer = site.client.post("/collect?site=blog", data=orjson.dumps(event), headers={"Origin": OURS})
    assert [one["reason"] for one in answer.json["rejected"]] == ["foreign_app"]
    (record,) = site.stored()
    assert record.topic is Topic.REJECTED
    assert site.stored("wiki") == []


def test_a_spool_that_another_process_has_is_answered_500_and_others_go_on(site: Site) -> None:
    site_changes.add(site.settings, "zine", ["https://zine.example"], None, None)
    taken = Spool(site.settings.spool_dir / "zine", 2**20)
    try:
        assert_refused(site.post("zine", origin="https://zine.example"), 500, "internal_server_error")
        assert site.post().status_code == 202
    finally:
        taken.close()


def test_without_the_demo_the_spools_of_the_demo_sites_are_sent(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, install=tmp_path / "install", ports=Ports(kafka=1), demo=Demo(enabled=False))
    fall_behind(settings, "shop")
    collectors = Collectors(settings)
    collectors.start()
    try:
        assert collectors.health()["sites"]["shop"]["spool_records"] == 1
    finally:
        collectors.close()


# Through the real server


def request(url: str, data: bytes | None = None, **headers: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def test_the_process_serves_all_sites_and_the_proof_finds_their_spools(tmp_path: Path) -> None:
    (tmp_path / "sites.toml").write_text(SITES)
    with running_collector(tmp_path, "blog") as collector:
        body = orjson.dumps([example_event(now_ms(), app_id="blog") for _ in range(3)])
        answer = request(f"{collector.url}/collect?site=blog", body, Origin=OURS)
        assert answer == (202, {"accepted": 3, "rejected": []})
        assert len(collector.events("blog")) == 3
        status, refused = request(f"{collector.url}/collect?site=zine", body)
        assert (status, refused["error"]) == (404, "unknown_site")
        # A body that threads handle.
        large = orjson.dumps([example_event(now_ms(), app_id="blog")]) + b" " * 70_000
        assert request(f"{collector.url}/collect?site=blog", large, Origin=OURS)[0] == 202
        assert len(collector.events("blog")) == 4
        found = look_at(collector.settings, "blog")
        assert (found.port, found.answers, found.oldest_ms, found.service) == (collector.port, True, 0, "collector")
        assert look_at(collector.settings, "wiki").oldest_ms is None
        sentence = found.lag(now_ms(), True)
        assert sentence == (
            "The spool of collector (site blog) still holds events received at 1970-01-01T00:00:00.000Z or later."
        )
