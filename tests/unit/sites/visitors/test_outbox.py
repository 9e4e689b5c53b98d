"""Events that cannot be sent at once: they are kept up to a limit, or dropped with a reason in the ledger."""

import threading
import time
from pathlib import Path

import pytest
import urllib3

from footfall.events.identity import new_uuid7
from footfall.settings import Settings
from footfall.sites.visitors import ledger
from footfall.sites.visitors.outbox import Leftovers, Outbox, Queue, wall_ms
from footfall.sites.visitors.pending import Parcel, Pending
from footfall.sites.visitors.site_visitors import Visitors
from footfall.sites.visitors.world import cached_share
from tests.unit.sites.visitors.made_up_site import MadeUpSite, made_up_site


def parcels(count: int, attempted_ms: int | None = None) -> list[Parcel]:
    now_ms = wall_ms() if attempted_ms is None else attempted_ms
    return [
        Parcel({"event_id": new_uuid7(), "session_id": "s", "seq": n, "event_type": "click"}, {}, 0, now_ms)
        for n in range(count)
    ]


def outbox_to(url: str, settings: Settings) -> Outbox:
    return Outbox(url, urllib3.PoolManager(), ledger.Ledger(settings, "shop"), Pending(settings, "shop"))


def reasons(settings: Settings, kind: str) -> list[str | None]:
    return [entry.reason for entry in ledger.read(settings, "shop") if entry.kind == kind]


def test_a_queue_without_a_site_keeps_the_newest_thousand_and_says_what_it_dropped(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with made_up_site(tmp_path / "site") as (site, _):
        url = site.url
    queue = Queue(outbox_to(url, settings))  # nobody listens there any more
    sent = parcels(1_003)
    queue.send(sent[:600])
    queue.send(sent[600:])
    assert len(queue) == 1_000
    dropped = [entry.event_id for entry in ledger.read(settings, "shop") if entry.kind == "dropped"]
    assert dropped == [parcel.event_id for parcel in sent[:3]]
    assert set(reasons(settings, "dropped")) == {"queue_full"}


def test_what_is_too_old_for_the_collector_is_dropped_before_it_is_sent(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        queue = Queue(outbox_to(site.url, settings), parcels(2, wall_ms() - 72 * ledger.HOUR_MS))
        assert queue.flush()
    assert site.posts == []
    assert reasons(settings, "dropped") == ["too_old", "too_old"]


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [(400, "rejected", "not_json"), (403, "dropped", "http_403"), (413, "dropped", "http_413")],
)
def test_a_final_answer_ends_the_attempts(tmp_path: Path, status: int, kind: str, reason: str) -> None:
    with made_up_site(tmp_path) as (site, settings):
        site.planned = [status]
        queue = Queue(outbox_to(site.url, settings))
        queue.send(parcels(2))
        assert len(queue) == 0
    assert reasons(settings, kind) == [reason, reason]


def test_twenty_answers_of_too_many_drop_the_events(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        site.planned = [429] * 20
        outbox, sent = outbox_to(site.url, settings), parcels(1)
        assert [outbox.post(sent) for _ in range(20)] == [0.0] * 19 + [None]
    assert reasons(settings, "dropped") == ["too_many"]


def test_a_site_that_asks_to_wait_is_left_alone_so_long(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        site.planned = [503]
        leftovers = Leftovers()
        leftovers.add(Queue(outbox_to(site.url, settings), parcels(1)))
        assert not leftovers.flush()
        assert not leftovers.flush()
        assert len(site.posts) == 1
        deadline = time.monotonic() + 10
        while not leftovers.flush() and time.monotonic() < deadline:
            pass
        assert len(site.posts) == 2


def test_bodies_on_disk_are_those_without_an_answer(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    pending, sent = Pending(settings, "shop"), parcels(5)
    pending.add(sent)
    pending.done([sent[0].event_id, sent[3].event_id])
    pending.close()
    # A replay under the same id is not an answer.
    ledger.Ledger(settings, "shop").write(
        [ledger.Entry("replayed", wall_ms(), sent[1].event_id, "s", seq=sent[1].event["seq"])]
    )
    recovered, unannounced = Pending(settings, "shop").recover(settings, "shop")
    assert recovered == [sent[1], sent[2], sent[4]]
    assert unannounced == {parcel.event_id for parcel in recovered}


def test_nothing_is_written_into_the_file_that_got_the_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    pending, sent = Pending(settings, "shop"), parcels(2)
    pending.add(sent[:1])

    def full(_: object) -> int:
        raise OSError("no more files")

    with monkeypatch.context() as broken:
        broken.setattr("footfall.sites.visitors.pending.open_for_appending", full)
        with pytest.raises(OSError, match="no more files"):
            pending.recover(settings, "shop")
    # The lowest free number: that of the file that could not be opened again.
    with (tmp_path / "other").open("wb+") as other:
        with pytest.raises(OSError, match="Bad file descriptor"):
            pending.add(sent[1:])
        assert other.read() == b""
        pending.add(sent[1:])
        pending.close()
        other.write(b"It is open.")
    assert Pending(settings, "shop").recover(settings, "shop")[0] == sent


def test_bodies_that_wait_are_not_written_again_with_each_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("footfall.sites.visitors.pending._REWRITE_BYTES", 1_000)
    settings = Settings(home=tmp_path)
    pending = Pending(settings, "shop")
    path, sizes, lines = tmp_path / "data/visitors/shop/pending.new", [], parcels(200)
    real_replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda draft, to: (sizes.append(path.stat().st_size), real_replace(draft, to)))
    for parcel in lines:
        pending.add([parcel])
    assert sum(sizes) < 3 * sum(len(parcel.line()) for parcel in lines)
    pending.done([parcel.event_id for parcel in lines[1:]])
    pending.close()
    assert Pending(settings, "shop").recover(settings, "shop")[0] == lines[:1]


def visited(site: MadeUpSite, settings: Settings, silent_after: int) -> int:
    """The number of pages that a visit loads if an incident silences it after this many checks."""
    asked = 0

    def silenced() -> bool:
        nonlocal asked
        asked += 1
        return asked > silent_after

    visitors = Visitors(settings, "shop", 4, 1e6, threading.Event(), lambda kind: 0.0)
    before = len(site.gets)
    visitors.human_visit(1, 0, silenced)
    visitors.close()
    return len(site.gets) - before


def test_a_visitor_silenced_by_an_incident_sends_nothing_more(tmp_path: Path) -> None:
    with made_up_site(tmp_path) as (site, settings):
        assert visited(site, settings, silent_after=0) == 0
        assert site.stored == []
        assert visited(site, settings, silent_after=2) == 1
        assert {event["event_type"] for event in site.stored} <= {"session_start", "page_view", "search"}


def test_an_incident_is_looked_up_once_a_second_at_most() -> None:
    asked: list[str] = []

    def look(kind: str) -> float:
        asked.append(kind)
        return 0.5

    share = cached_share(look, seconds=60)
    assert [share("drop"), share("drop"), share("bots"), share("drop")] == [0.5] * 4
    assert asked == ["drop", "bots"]
