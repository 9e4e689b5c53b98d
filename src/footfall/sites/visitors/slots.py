"""Keeps a site visited with one thread per slot: when a visit ends, the next person takes the slot at once.

Crawlers come in addition now and then, and in large numbers while the incident `bots` lasts.
"""

import random
import threading
import time
from collections.abc import Callable
from typing import Final

import orjson

from footfall.settings import Settings
from footfall.sites.visitors.outbox import wall_ms
from footfall.sites.visitors.pending import state_path
from footfall.sites.visitors.schedule import Schedule
from footfall.sites.visitors.site_visitors import LOG, Visitors
from footfall.sites.visitors.world import Stopped

_SAVE_EVERY_S: Final = 60.0
_REPORT_EVERY_S: Final = 300.0


def keep_visited(settings: Settings, app: str, stop: threading.Event, share: Callable[[str], float]) -> None:
    """Keeps the site visited until `stop` is set, or until a visitor fails unexpectedly.

    share: returns the extent of an incident of a kind now, 0.0 if there is none.
    """
    visitors = Visitors(settings, app, settings.seed, settings.pace, stop, share)
    visitors.resend()
    path = state_path(settings, app)
    remembered = orjson.loads(path.read_bytes()) if path.exists() else None
    schedule = Schedule(visitors.population, visitors.world.behaviour, settings.pace, remembered)
    lock = threading.Lock()
    slots = settings.visitors_per_site
    threads = [
        threading.Thread(target=_guarded, args=(stop, _keep_slot, visitors, schedule, lock, slot), name=f"slot-{slot}")
        for slot in range(slots)
    ]
    # Without visitors, every event of a platform is known in advance, so no crawler may come by chance.
    if slots > 0:
        threads.append(threading.Thread(target=_guarded, args=(stop, _keep_bots, visitors), name="bots"))
    for thread in threads:
        thread.start()
    saved = reported = time.monotonic()
    while not stop.wait(1.0):
        visitors.leftovers.flush(stop)
        now = time.monotonic()
        if now - saved >= _SAVE_EVERY_S:
            _save(settings, app, schedule, lock)
            saved = now
        if now - reported >= _REPORT_EVERY_S:
            LOG.info("so far: %s; without an answer: %d", dict(visitors.world.counts), len(visitors.pending))
            reported = now
    for thread in threads:
        thread.join()
    _save(settings, app, schedule, lock)
    visitors.close()


def _keep_slot(visitors: Visitors, schedule: Schedule, lock: threading.Lock, slot: int) -> None:
    world, slots = visitors.world, visitors.settings.visitors_per_site
    while not world.stop.is_set():
        while world.paused() or world.silent(slot, slots):
            world.wait(0.5)
        with lock:
            turn = schedule.begin(wall_ms())
        visitors.human_visit(turn.index, turn.number, lambda: world.silent(slot, slots))
        with lock:
            schedule.end(turn, visitors.population.person(turn.index), wall_ms())


def _keep_bots(visitors: Visitors) -> None:
    """Starts a crawler now and then; during the incident `bots`, keeps a share of the number of slots busy."""
    world = visitors.world
    number = wall_ms() // 1000  # differs from the numbers of earlier processes
    every_s = world.behaviour.bots.every_minutes * 60 / world.pace
    next_at = time.monotonic() + every_s * random.random()
    crawlers: list[threading.Thread] = []
    try:
        while True:
            world.wait(0.5)
            crawlers = [thread for thread in crawlers if thread.is_alive()]
            share = world.share("bots")
            wanted = max(1, round(share * visitors.settings.visitors_per_site)) if share > 0 else 0
            if time.monotonic() >= next_at:
                next_at = time.monotonic() + every_s
                wanted = max(wanted, len(crawlers) + 1)
            while len(crawlers) < wanted and not world.paused():
                number += 1
                crawlers.append(threading.Thread(target=_guarded, args=(world.stop, visitors.bot_visit, number)))
                crawlers[-1].start()
    finally:  # on Stopped the crawlers end by themselves; the files must stay open until then
        for crawler in crawlers:
            crawler.join()


def _guarded(stop: threading.Event, work: Callable[..., None], *arguments: object) -> None:
    """The outermost call of a thread: an unexpected error ends the whole process, so that its manager restarts it."""
    try:
        work(*arguments)
    except Stopped:
        return
    except Exception:
        LOG.exception("A visitor failed unexpectedly; the process ends and will be restarted.")
        stop.set()


def _save(settings: Settings, app: str, schedule: Schedule, lock: threading.Lock) -> None:
    with lock:
        content = orjson.dumps(schedule.remembered())
    path = state_path(settings, app)
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    draft.replace(path)
