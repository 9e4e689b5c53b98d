"""Visits over real HTTP to a site in this process: what the tracker would send is valid, and the ledger adds up."""

import threading
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from footfall.sites.visitors import ledger
from footfall.sites.visitors.fixed import run_visits
from footfall.sites.visitors.pending import Parcel
from footfall.sites.visitors.site_visitors import Visitors
from tests.unit.sites.visitors.made_up_site import MadeUpSite, made_up_site

# Dwells of life take no time here: the tests are about what is sent, not about when.
FAST = 1e6


def visits_of(site: MadeUpSite) -> Counter[tuple[tuple[str, str], ...]]:
    """Each visit as the sequence of its events' types and paths, however the visits mingled."""
    by_session: dict[str, list[tuple[int, str, str]]] = {}
    for event in site.stored:
        entry = (event["seq"], event["event_type"], event.get("page_path", ""))
        by_session.setdefault(event["session_id"], []).append(entry)
    return Counter(tuple((kind, path) for _, kind, path in sorted(visit)) for visit in by_session.values())


def test_no_event_of_a_visitor_is_rejected_and_the_ledger_equals_what_the_site_took(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        summary = run_visits(settings, "shop", 60, seed=3, pace=FAST, bots=2)
        entries = list(ledger.read(settings, "shop"))
    assert site.rejected == []
    assert summary["visits"] == 62
    attempted = {entry.event_id: entry for entry in entries if entry.kind == "attempted"}
    accepted = [entry.event_id for entry in entries if entry.kind == "accepted"]
    assert sorted(attempted) == sorted(accepted) == sorted(event["event_id"] for event in site.stored)
    by_type = Counter(event["event_type"] for event in site.stored)
    assert {kind: summary[kind] for kind in by_type} == by_type
    assert by_type["page_view"] == sum("/collect" not in path for path, _ in site.gets)
    assert set(by_type) >= {"session_start", "page_view", "page_ping", "click", "add_to_cart", "search"}
    # The tracker knows no end of a visit.
    assert "session_end" not in by_type
    assert len({event["anonymous_id"] for event in site.stored if event["is_bot"]}) == 2


def test_the_same_seed_makes_the_same_visits_with_new_identities(tmp_path: Path) -> None:
    runs = []
    for home in ("one", "two"):
        with made_up_site(tmp_path / home) as (site, settings):
            run_visits(settings, "shop", 25, seed=9, pace=FAST)
            runs.append((visits_of(site), {event["event_id"] for event in site.stored}))
    with made_up_site(tmp_path / "other") as (site, settings):
        run_visits(settings, "shop", 25, seed=10, pace=FAST)
        other = visits_of(site)
    assert runs[0][0] == runs[1][0] != other
    assert runs[0][1].isdisjoint(runs[1][1])


def test_a_share_of_the_views_says_once_how_fast_it_felt(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        run_visits(settings, "shop", 80, seed=5, pace=FAST, bots=2)
    assert site.rejected == []
    views = {event["page_view_id"]: event for event in site.stored if event["event_type"] == "page_view"}
    felt = [event for event in site.stored if event["event_type"] == "web_vitals"]
    assert len({event["page_view_id"] for event in felt}) == len(felt)
    assert 0.15 < len(felt) / len(views) < 0.35
    assert not any(event["is_bot"] for event in felt)
    for event in felt:
        view = views[event["page_view_id"]]
        assert event["page_path"] == view["page_path"]
        assert view["response_ms"] < event["ttfb_ms"] < event["lcp_ms"]
    # Who leaves by a link has touched the page; who closes it may not have.
    assert {"inp_ms" in event for event in felt} == {True, False}


def test_positions_are_without_gaps_and_tabs_share_them(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        run_visits(settings, "shop", 40, seed=5, pace=FAST)
    by_session: dict[str, list[dict]] = {}
    for event in site.stored:
        by_session.setdefault(event["session_id"], []).append(event)
    interleaved = 0
    for events in by_session.values():
        events.sort(key=lambda event: event["seq"])
        assert [event["seq"] for event in events] == list(range(len(events)))
        views = [event["page_view_id"] for event in events if event["event_type"] == "page_ping"]
        changes = sum(a != b for a, b in pairwise(views))
        interleaved += changes > len(set(views)) - 1
    assert interleaved > 0


def test_engaged_time_comes_in_pings_of_five_seconds_and_a_rest_when_a_page_is_left_or_hidden(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        run_visits(settings, "shop", 30, seed=5, pace=FAST)
    pings = sorted(
        (event["session_id"], event["seq"], event["page_view_id"], event["engaged_ms"])
        for event in site.stored
        if event["event_type"] == "page_ping"
    )
    looks = [[ping[3] for ping in look] for _, look in groupby(pings, key=lambda ping: (ping[0], ping[2]))]
    assert len(looks) > 30
    for *full, last in looks:
        assert set(full) <= {5000}
        assert 0 < last <= 5000


def test_a_failing_page_is_one_view_of_type_error(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        site.broken.add("/")
        run_visits(settings, "shop", 12, seed=1, pace=FAST)
    failures = [event for event in site.stored if event.get("http_status") == 500]
    views = sum(path.partition("?")[0] == "/" for path, _ in site.gets)
    assert len(failures) == views >= 5
    assert {(event["event_type"], event["page_type"]) for event in failures} == {("page_view", "error")}


def test_the_request_carries_the_person(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        run_visits(settings, "shop", 40, seed=2, pace=FAST)
        visitors = {headers["X-Forwarded-For"] for _, headers in site.gets}
        senders = {headers["X-Forwarded-For"] for headers, _ in site.posts}
        gpc = [headers for headers, _ in site.posts if headers.get("Sec-GPC") == "1"]
    assert visitors == senders
    assert len(visitors) > 20
    assert gpc
    assert all(headers["User-Agent"].startswith("Mozilla/5.0") for _, headers in site.gets)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_event_is_sent_again_with_its_identity_until_it_is_answered(tmp_path: Path, status: int) -> None:
    with made_up_site(tmp_path) as (site, settings):
        site.planned = [status, status]
        run_visits(settings, "shop", 2, seed=1, pace=FAST)
    sent = [event for _, events in site.posts for event in events]
    again = [event_id for event_id, n in Counter(event["event_id"] for event in sent).items() if n > 1]
    assert again
    assert len({event["event_id"] for event in sent}) == len(site.stored)
    first, *later = [event["sent_at"] for event in sent if event["event_id"] == again[0]]
    assert all(sent_at > first for sent_at in later)


def test_what_a_killed_process_left_is_sent_first_with_the_same_identity(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        run_visits(settings, "shop", 3, seed=1, pace=FAST)
        taken = [event["event_id"] for event in site.stored]
        # As after kill -9 between the request and the answer's line: the answers of the last events are gone.
        path = ledger.hour_files(settings, "shop")[-1]
        lines = path.read_bytes().splitlines(keepends=True)
        lost = lines.pop()
        path.write_bytes(b"".join(lines) + b'["acc')
        event_id = next(event_id for event_id in taken if event_id.encode() in lost)
        body = next(event for _, events in site.posts for event in events if event["event_id"] == event_id)
        pending = settings.data_dir / "visitors" / "shop" / "pending.jsonl"
        assert pending.read_bytes() == b""
        entry = next(entry for entry in ledger.read(settings, "shop") if entry.event_id == event_id)
        pending.write_bytes(Parcel(body, {"User-Agent": "x"}, 0, entry.ms).line() + b"[1,")
        run_visits(settings, "shop", 1, seed=2, pace=FAST)
        entries = [entry.kind for entry in ledger.read(settings, "shop") if entry.event_id == event_id]
    later = [event["event_id"] for event in site.stored][len(taken) :]
    assert later[0] == event_id
    assert entries == ["attempted", "accepted"]


def test_malformed_events_are_rejected_and_the_ledger_says_so(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        share = {"malformed": 0.5}
        visitors = Visitors(settings, "shop", 4, FAST, threading.Event(), lambda kind: share.get(kind, 0.0))
        for index in range(12):
            visitors.human_visit(index, 0)
        visitors.close()
        entries = list(ledger.read(settings, "shop"))
    attempted = {entry.event_id for entry in entries if entry.kind == "attempted"}
    rejected = {entry.event_id for entry in entries if entry.kind == "rejected"}
    accepted = {entry.event_id for entry in entries if entry.kind == "accepted"}
    assert rejected
    assert accepted
    assert attempted == rejected | accepted
    assert len(rejected) == len(site.rejected)
