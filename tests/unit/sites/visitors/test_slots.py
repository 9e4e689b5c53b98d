"""The slots: ten visitors at once, a state for the next process, and incidents that affect the visitors."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from footfall.events.bots import agent_reason
from footfall.settings import Settings
from footfall.sites.visitors import ledger
from footfall.sites.visitors.pending import state_path
from footfall.sites.visitors.slots import keep_visited
from tests.unit.sites.visitors.made_up_site import MadeUpSite, made_up_site


@contextmanager
def visited_site(home: Path, share: dict[str, float], **changed: float) -> Iterator[tuple[MadeUpSite, Settings]]:
    with made_up_site(home) as (site, of_site):
        settings = of_site.model_copy(update=changed)
        stop = threading.Event()
        look = lambda kind: share.get(kind, 0.0)  # noqa: E731
        thread = threading.Thread(target=keep_visited, args=(settings, "shop", stop, look))
        thread.start()
        try:
            yield site, settings
        finally:
            stop.set()
            thread.join()


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return condition()


def visitors_of(site: MadeUpSite, is_bot: bool) -> set[str]:
    with site.lock:
        return {event["anonymous_id"] for event in site.stored if event["is_bot"] == is_bot}


def test_ten_are_at_work(tmp_path: Path) -> None:
    # At a pace so slow that nobody leaves a page within half a second.
    with visited_site(tmp_path, {}, pace=0.01) as (site, _):
        assert wait_until(lambda: len(visitors_of(site, is_bot=False)) == 10)
        assert not wait_until_quick(lambda: len(visitors_of(site, is_bot=False)) > 10)


def test_others_follow_and_what_a_stop_leaves_behind_is_complete(tmp_path: Path) -> None:
    with visited_site(tmp_path, {}) as (site, settings):
        assert wait_until(lambda: len(visitors_of(site, is_bot=False)) > 15)
    assert site.rejected == []
    kinds = [entry.kind for entry in ledger.read(settings, "shop")]
    assert kinds.count("attempted") == kinds.count("accepted") == len(site.stored)
    places: dict[str, list[int]] = {}
    for event in site.stored:
        places.setdefault(event["session_id"], []).append(event["seq"])
    assert all(sorted(of_visit) == list(range(len(of_visit))) for of_visit in places.values())
    remembered = orjson.loads(state_path(settings, "shop").read_bytes())
    assert len(remembered["visits"]) >= 15


def test_a_drop_keeps_its_share_of_the_slots_away(tmp_path: Path) -> None:
    share = {"drop": 1.0}
    with visited_site(tmp_path, share) as (site, _):
        # A crawler may come by chance.
        assert not wait_until_quick(
            lambda: any(agent_reason(headers["User-Agent"]) is None for _, headers in list(site.gets))
        )
        share["drop"] = 0.0
        assert wait_until(lambda: len(visitors_of(site, is_bot=False)) >= 10)


def test_a_wave_of_bots_comes_beside_the_ten(tmp_path: Path) -> None:
    with visited_site(tmp_path, {"bots": 0.5}) as (site, _):
        assert wait_until(lambda: len(visitors_of(site, is_bot=True)) >= 5)
        assert wait_until(lambda: len(visitors_of(site, is_bot=False)) >= 10)


def test_without_visitors_not_even_crawlers_come(tmp_path: Path) -> None:
    with visited_site(tmp_path, {"bots": 1.0}, visitors_per_site=0) as (site, _):
        # A crawler may come by chance.
        assert not wait_until_quick(
            lambda: any(agent_reason(headers["User-Agent"]) is None for _, headers in list(site.gets))
        )


def test_everybody_pauses_while_the_disk_is_nearly_full(tmp_path: Path) -> None:
    flag = tmp_path / "run" / "disk-low"
    flag.parent.mkdir(parents=True)
    flag.touch()
    with visited_site(tmp_path, {}) as (site, _):
        # A crawler may come by chance.
        assert not wait_until_quick(
            lambda: any(agent_reason(headers["User-Agent"]) is None for _, headers in list(site.gets))
        )
        flag.unlink()
        assert wait_until(lambda: len(visitors_of(site, is_bot=False)) >= 10)


def wait_until_quick(condition: Callable[[], bool]) -> bool:
    """Whether an event that must not happen occurs within half a second."""
    deadline = time.monotonic() + 0.5
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return condition()
