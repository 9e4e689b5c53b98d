"""The API for a site's own server: who may write, what is answered, and that sending twice counts once."""

import gzip
import json
import runpy
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse, create_environ, run_wsgi_app

from footfall import site_changes
from footfall.events.rejects import RejectRecord, read_reject_record
from footfall.events.repair import Changes, repair
from footfall.events.server_event import LAST_SEQ
from footfall.settings import REPOSITORY
from footfall.sites import collector as module
from footfall.sites import site_keys
from footfall.sites.spool import SpoolFull, Topic
from tests.support.collector_process import fall_behind, running_collector
from tests.support.events import ABSENT, example_event
from tests.support.server_events import server_event
from tests.unit.sites.test_collector import now_ms
from tests.unit.sites.test_collector_app import OURS, SITES, Site, assert_refused, site

__all__ = ["site"]
API = "/v1/events"


def key_of(site: Site, app_id: str = "blog") -> str:
    return site_keys.make(site.settings, app_id).read_text()


def send(site: Site, body: object, app_id: str = "blog", key: str | None = None, **headers: str) -> TestResponse:
    """Posts bytes unchanged, anything else as JSON, as a server does that has the key."""
    given = {"User-Agent": "curl/7.88.1", "Authorization": f"Bearer {key_of(site) if key is None else key}", **headers}
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return site.client.post(f"{API}?site={app_id}", data=data, headers=given)


def paid(**overrides: Any) -> dict[str, Any]:
    return server_event(now_ms(), **overrides)


def events(site: Site) -> list[dict[str, Any]]:
    return [orjson.loads(record.value) for record in site.stored() if record.topic is Topic.EVENTS]


def rejects(site: Site) -> list[RejectRecord]:
    return [read_reject_record(record.value) for record in site.stored() if record.topic is Topic.REJECTED]


def test_an_event_is_stored_as_a_servers(site: Site) -> None:
    answer = send(site, paid())
    assert (answer.status_code, answer.json) == (202, {"accepted": 1, "rejected": []})
    (event,) = events(site)
    assert (event["app_id"], event["via"], event["is_bot"], event["seq"]) == ("blog", "server", False, LAST_SEQ)
    # The server's address and agent are nobody's.
    assert not {"ip_prefix", "country", "bot_reason", "page_path", "page_view_id"} & event.keys()
    (record,) = site.stored()
    assert record.key.decode() == event["session_id"]
    assert site.collectors.health()["sites"]["blog"]["since_start"] == {"accepted": 1, "rejected": 0}


def test_an_event_that_is_sent_again_has_the_same_identity(site: Site) -> None:
    event = paid()
    assert send(site, event).status_code == send(site, [event, event]).status_code == 202
    key = site.settings.secrets_dir / "site-key-blog"
    key.unlink()
    assert send(site, event).status_code == 202
    found = events(site)
    assert len(found) == 4
    assert len({(event["session_id"], event["event_id"], event["event_time"]) for event in found}) == 1


# Who may write


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {key}", "{key}", "Bearer {key}x", "Bearer é", "Bearer {wiki}"],
)
def test_another_key_or_none_is_refused(site: Site, authorization: str) -> None:
    given = authorization.format(key=key_of(site), wiki=key_of(site, "wiki"))
    answer = send(site, paid(), Authorization=given)
    assert_refused(answer, 401, "wrong_key")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert site.stored() == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "  Bearer  "])
def test_the_scheme_has_any_case(site: Site, scheme: str) -> None:
    assert send(site, paid(), Authorization=f"{scheme} {key_of(site)}").status_code == 202


def test_a_refusal_tells_nothing_about_sites(site: Site) -> None:
    """A site without a key, with one, with a server of its own, and none at all are refused in the same words."""
    key_of(site)
    answers = [
        send(site, paid(), app_id, key="x" * 64)
        for app_id in ("blog", "wiki", "own", "shop", "zine", "", "../secrets", "blog%00")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    # Not even a key that an unregistered site has left.
    site_changes.add(site.settings, "zine", ["https://zine.example"], None, None)
    fall_behind(site.settings, "zine")
    key = key_of(site, "zine")
    assert send(site, paid(), "zine", key=key).status_code == 202
    site_changes.remove(site.settings, "zine")
    assert send(site, paid(), "zine", key=key).data == answers[0].data


def test_a_site_without_an_origin_has_a_server(site: Site) -> None:
    site_changes.add(site.settings, "bakery", [], None, None)
    fall_behind(site.settings, "bakery")
    answer = send(site, paid(), "bakery", key=key_of(site, "bakery"))
    assert (answer.status_code, answer.json) == (202, {"accepted": 1, "rejected": []})
    assert len(site.stored("bakery")) == 1


@pytest.mark.parametrize(("is_right", "status"), [(True, 202), (False, 401)])
def test_the_key_of_a_request_is_compared_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, is_right: bool, status: int
) -> None:
    compared: list[str] = []

    def matches(_: object, app_id: str, __: str) -> bool:
        compared.append(app_id)
        return is_right

    monkeypatch.setattr(site_keys, "matches", matches)
    headers = {"Authorization": "Bearer x"}
    environ = create_environ(f"{API}?site=blog", method="POST", data=orjson.dumps(paid()), headers=headers)
    # As the server does it: it asks in its loop, and a thread or the loop answers later.
    begun = site.collectors.begin(environ)
    assert (begun is not None) is is_right
    if begun is not None:
        environ[module.BEGUN] = begun
    assert run_wsgi_app(site.client.application, environ)[1].startswith(str(status))
    assert compared == ["blog"]


def test_no_page_may_hold_the_key(site: Site) -> None:
    """No browser sends `Authorization` to another origin unless a preflight's answer allows it."""
    preflight = {
        "Origin": OURS,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answers = [
        site.client.options(f"{API}?site=blog", headers=preflight),
        send(site, paid(), Origin=OURS),
        send(site, b"{", Origin=OURS),
        send(site, paid(), key="x", Origin=OURS),
        site.client.get(API, headers={"Origin": OURS}),
    ]
    assert [answer.status_code for answer in answers] == [405, 202, 400, 401, 405]
    for answer in answers:
        assert [name for name, _ in answer.headers if name.startswith("Access-Control")] == []
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answers[0].headers["Allow"] == "POST"


def test_only_the_collector_has_it_and_a_rebound_name_does_not(site: Site) -> None:
    for host in ("evil.example", "wiki.example.org"):
        assert_refused(send(site, paid(), Host=host), 421, "unknown_host")
    assert send(site, paid(), Host="blog.example.org").status_code == 202
    # What a tracker sends is no event of a server, and the other way round.
    assert send(site, example_event(now_ms(), app_id="blog")).json["accepted"] == 0
    answer = site.client.post("/collect?site=blog", data=orjson.dumps(paid()), headers={"Origin": OURS})
    assert answer.json["accepted"] == 0


def test_a_browser_cannot_pass_for_a_server(site: Site) -> None:
    forged = example_event(now_ms(), app_id="blog", via="server", page_path=ABSENT)
    answer = site.client.post("/collect?site=blog", data=orjson.dumps(forged), headers={"Origin": OURS})
    assert [one["reason"] for one in answer.json["rejected"]] == ["missing_field"]
    whole = forged | {"page_path": "/"}
    assert site.client.post("/collect?site=blog", data=orjson.dumps(whole), headers={"Origin": OURS}).status_code == 202
    assert [event.get("via") for event in events(site)] == [None]


# Bodies


def test_good_and_bad_events_in_one_body(site: Site) -> None:
    bad = paid(id="b", currency="eur")
    answer = send(site, [paid(id="a"), bad, 7, paid(id="c", type="page_view"), paid(id="d", name="\x07")])
    assert answer.status_code == 202
    assert answer.json["accepted"] == 1
    sentence = "The field currency must be three upper-case letters (ISO 4217)."
    assert answer.json["rejected"][0] == {"index": 1, "id": "b", "reason": "bad_format", "detail": sentence}
    assert [(one["index"], one["id"], one["reason"]) for one in answer.json["rejected"]] == [
        *((1, "b", "bad_format"), (2, None, "not_an_object"), (3, "c", "not_allowed"), (4, "d", "control_character"))
    ]
    first = rejects(site)[0]
    assert (first.event_id, first.reason, first.stage, first.via) == ("b", "bad_format", "schema", "server")
    assert orjson.loads(first.original) == bad


def test_an_element_that_is_no_json_leaves_its_neighbours(site: Site) -> None:
    body = orjson.dumps([paid(id="a"), paid(id="b", name="half")]).replace(b"half", b"\\ud83d")
    answer = send(site, body)
    assert (answer.json["accepted"], [one["reason"] for one in answer.json["rejected"]]) == (1, ["not_json"])


@pytest.mark.parametrize("body", [b"", b"{", b"[", b"\xff", b"NaN", b"[1,", orjson.dumps(paid())[:-1]])
def test_a_body_that_is_no_json_is_refused_as_a_whole(site: Site, body: bytes) -> None:
    answer = send(site, body)
    assert (answer.status_code, answer.json["error"], answer.json["detail"][-1]) == (400, "not_json", ".")
    # It may hold an address anywhere, so its bytes are not kept.
    assert [(one.reason, one.original) for one in rejects(site)] == [("not_json", b"")]


def test_bodies_are_bounded_and_may_be_compressed(site: Site) -> None:
    assert send(site, gzip.compress(orjson.dumps([paid()])), **{"Content-Encoding": "gzip"}).json["accepted"] == 1
    assert send(site, [paid(id=str(number)) for number in range(1, 101)]).json["accepted"] == 100
    assert_refused(send(site, [paid()] * 101), 413, "too_large")
    assert_refused(send(site, b" " * (256 * 1024 + 1)), 413, "too_large")
    assert_refused(send(site, gzip.compress(b" " * 2**20), **{"Content-Encoding": "gzip"}), 413, "too_large")
    assert_refused(send(site, b"", **{"Content-Encoding": "br"}), 415, "unknown_encoding")
    large = paid(properties={str(number): "é" * 1000 for number in range(32)})
    assert [(one["id"], one["reason"]) for one in send(site, large).json["rejected"]] == [(large["id"], "too_long")]


def test_no_address_is_stored(site: Site) -> None:
    send(
        site,
        [paid(ip="203.0.113.77"), paid(ip="203.0.113.78", currency="e"), paid(ip="203.0.113.79", consent="denied")],
    )
    send(site, orjson.dumps(paid(ip="203.0.113.80"))[:-1])
    assert events(site)[0]["ip_prefix"] == "203.0.113.0/24"
    kept = b"".join(record.value for record in site.stored()) + b"".join(one.original for one in rejects(site))
    assert [number for number in range(77, 81) if b"203.0.113.%d" % number in kept] == []


def test_a_reject_is_mended_and_replayed_in_the_servers_own_words(site: Site) -> None:
    event = paid(currency="eur")
    send(site, event)
    (record,) = rejects(site)
    repaired = repair(record, 7, Changes(set={"currency": "EUR"}), now_ms())
    assert not hasattr(repaired, "reason")
    stored = repaired.stored  # type: ignore[union-attr]
    # Whoever sends it again, mended, sends the same event.
    assert send(site, event | {"currency": "EUR"}).json["accepted"] == 1
    (sent,) = events(site)
    assert {**stored, "received_at": "", "sent_at": ""} == {**sent, "received_at": "", "sent_at": ""}
    # Without a time it is still none.
    assert repair(record, 7, Changes(unset=frozenset({"time"})), now_ms()).reason == "missing_field"  # type: ignore[union-attr]


def test_a_reject_without_consent_can_be_replayed(site: Site) -> None:
    send(site, paid(currency="eur", consent="denied"))
    (record,) = rejects(site)
    assert (record.event_id, record.denied, b"anna" in record.original) == (None, True, False)
    first, second = (repair(record, 7, Changes(set={"currency": "EUR"}), now_ms()).stored for _ in range(2))  # type: ignore[union-attr]
    assert first == second
    assert (first["consent"], first["value_cents"]) == ("denied", 2499)


# Limits


def test_only_the_sites_limit_applies(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = site.settings.client_events_per_minute
    gate = module.FloodGate(limit + 150, 1)
    collector = site.collectors._opened("blog")
    monkeypatch.setattr(collector, "_limits", collector._limits._replace(site=gate))
    assert gate.admits("blog", limit)
    # A visitor's address would have used its limit up; a server speaks for many.
    assert send(site, [paid(id=str(number)) for number in range(1, 101)]).status_code == 202
    answer = send(site, [paid(id=str(number)) for number in range(1, 101)])
    assert_refused(answer, 429, "too_many")
    assert answer.headers["Retry-After"] == "5"


def test_a_spool_that_is_full_is_answered_503(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise SpoolFull("full")

    monkeypatch.setattr(site.collectors._opened("blog")._spool, "append", full)
    answer = send(site, paid())
    assert_refused(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_a_failure_is_answered_500_without_a_word_about_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.sites.outcome.parse_body", lambda _: 1 / 0)
    answer = send(site, paid())
    assert_refused(answer, 500, "internal_server_error")
    assert "division" not in answer.text


# Through the real server, as the documentation says


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "sites.toml").write_text(SITES)
    with running_collector(tmp_path, "blog") as collector:
        yield collector


def test_the_process_takes_small_large_and_compressed_bodies(server: Any) -> None:
    key = site_keys.make(server.settings, "blog").read_text()

    def post(body: bytes, **headers: str) -> tuple[int, Any]:
        asked = urllib.request.Request(
            f"{server.url}{API}?site=blog", body, {"Authorization": f"Bearer {key}", **headers}
        )
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)

    done = (202, {"accepted": 1, "rejected": []})
    assert post(orjson.dumps(paid(id="a"))) == done
    # Bodies that threads handle.
    assert post(orjson.dumps([paid(id="b")]) + b" " * 70_000) == done
    assert post(gzip.compress(orjson.dumps(paid(id="c"))), **{"Content-Encoding": "gzip"}) == done
    assert len({event["event_id"] for event in server.events("blog")}) == 3
    assert post(b"{}", Authorization="Bearer no")[0] == 401
    assert post(b"{")[0] == 400


def test_the_example_sends_an_order_and_says_what_is_wrong(
    server: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["order_paid.py", *arguments])
        runpy.run_path(str(REPOSITORY / "examples" / "server" / "order_paid.py"), run_name="__main__")

    monkeypatch.setenv("FOOTFALL_COLLECTOR", server.url)
    monkeypatch.setenv("FOOTFALL_KEY", site_keys.make(server.settings, "blog").read_text())
    for _ in range(2):
        run("blog", "1001", "anna", "2499", paid()["time"][:16] + ":00+00:00")
        assert json.loads(capsys.readouterr().out) == {"accepted": 1, "rejected": []}
    first, second = server.events("blog")
    assert (first["event_type"], first["order_id"], first["value_cents"]) == ("purchase", "1001", 2499)
    assert (first["session_id"], first["event_id"]) == (second["session_id"], second["event_id"])
    with pytest.raises(SystemExit, match="401"):
        run("wiki", "1001", "anna", "2499", paid()["time"])
