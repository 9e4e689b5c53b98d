"""All visitors of one site in one process: the parts that they share, and how a visit is made from start to end."""

import logging
import random
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import orjson
import urllib3

from footfall.events.identity import new_uuid7
from footfall.settings import Settings
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.browser import Browser
from footfall.sites.visitors.ledger import Ledger
from footfall.sites.visitors.outbox import Leftovers, Outbox, Queue
from footfall.sites.visitors.pending import Parcel, Pending
from footfall.sites.visitors.population import Person, Population
from footfall.sites.visitors.reporter import Reporter
from footfall.sites.visitors.transport import Profile, Transport
from footfall.sites.visitors.visit import Visit, bot_visits, person_visits, visit_random
from footfall.sites.visitors.world import World, site_url

LOG: Final = logging.getLogger("footfall.visitors")
# Browsers whose cookies are kept. The person who was away longest is logged out, as when a cookie expires.
_PROFILES: Final = 5_000


class Visitors:
    """All visitors of one site in one process. share: returns the extent of an incident of a kind now, 0.0 if none."""

    def __init__(
        self, settings: Settings, app: str, seed: int, pace: float, stop: threading.Event, share: Callable[[str], float]
    ) -> None:
        self.settings = settings
        self.app = app
        self.stop = stop
        self.population = Population(seed, app, settings.population, settings.taste_strength, settings.planted_groups)
        slots = settings.visitors_per_site
        pool = urllib3.PoolManager(num_pools=2, maxsize=2 * slots + 4)
        self.ledger = Ledger(settings, app)
        self.pending = Pending(settings, app)
        self.outbox = Outbox(site_url(settings, app), pool, self.ledger, self.pending)
        self.leftovers = Leftovers()
        self.world = World(
            settings=settings,
            app=app,
            behaviour=load_behaviour(app),
            pool=pool,
            outbox=self.outbox,
            pace=pace,
            stop=stop,
            share=share,
        )
        self._profiles: OrderedDict[int, Profile] = OrderedDict()
        self._lock = threading.Lock()

    def resend(self) -> None:
        """Resends the events of an earlier process without an answer, before any new ones; ends early when stopped."""
        parcels, unannounced = self.pending.recover(self.settings, self.app)
        self.outbox.announce(parcel for parcel in parcels if parcel.event_id in unannounced)
        by_client: dict[bytes, list[Parcel]] = {}
        for parcel in parcels:
            by_client.setdefault(orjson.dumps(parcel.headers), []).append(parcel)
        for group in by_client.values():
            self.leftovers.add(Queue(self.outbox, group))
        if parcels:
            LOG.info("%d events of an earlier run have no answer yet; they are sent again first", len(parcels))
        while not self.leftovers.flush(self.stop) and not self.stop.wait(0.2):
            pass

    def human_visit(self, index: int, number: int, silenced: Callable[[], bool] | None = None) -> None:
        """Plays one visit of one person, from the first page to the last ping."""
        person = self.population.person(index)
        profile = self._profile(index)
        rng = visit_random(self.population.seed, self.app, index, number)
        visit = person_visits(person, self.world.behaviour, rng, logged_in=profile.user_id is not None)
        feeling = random.Random(f"{self.population.seed}/{self.app}/{index}/{number}/felt")
        self._run(visit, person, profile, silenced, feeling)

    def bot_visit(self, number: int) -> None:
        """Plays one visit of one crawler."""
        person = self.population.bot(number, self.world.behaviour.bots.agents)
        rng = random.Random(f"{self.population.seed}/{self.app}/bot/{number}/visit")
        self._run(bot_visits(self.world.behaviour, rng), person, Profile())

    def close(self) -> None:
        """Closes the files; events that are still queued stay on disk for the next process."""
        self.pending.close()
        self.ledger.close()

    def _run(
        self,
        visit: Visit,
        person: Person,
        profile: Profile,
        silenced: Callable[[], bool] | None = None,
        feeling: random.Random | None = None,
    ) -> None:
        browser, queue = over_http(self.world, person, profile, feeling)
        browser.run(visit, silenced)
        if len(queue):
            self.leftovers.add(queue)

    def _profile(self, index: int) -> Profile:
        with self._lock:
            profile = self._profiles.pop(index, None) or Profile()
            self._profiles[index] = profile
            if len(self._profiles) > _PROFILES:
                self._profiles.popitem(last=False)
            return profile


def over_http(
    world: World, person: Person, profile: Profile, feeling: random.Random | None = None
) -> tuple[Browser, Queue]:
    """Returns a browser for one visit to the running site, and the queue of the events that it could not send yet.

    feeling: as `Browser` has it.
    """
    queue = Queue(world.outbox)
    transport = Transport(world.url, world.pool, person, profile)
    reporter = Reporter(person, new_uuid7, world, transport.tracker_headers, queue)
    return Browser(world, person, profile, transport, reporter, new_uuid7, feeling), queue
