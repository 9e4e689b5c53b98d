"""A real site in this process with visitors for whom time passes at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import urllib3

from footfall.recommendations.reads import Reads
from footfall.sites.for_you import PATH
from footfall.sites.stock import Stock
from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.ledger import Ledger
from footfall.sites.visitors.outbox import Outbox
from footfall.sites.visitors.pending import Pending
from footfall.sites.visitors.population import Person, Population
from footfall.sites.visitors.site_visitors import over_http
from footfall.sites.visitors.transport import Profile
from footfall.sites.visitors.visit import Visit
from footfall.sites.visitors.world import World, site_url
from tests.support.sites import Remembering, make_site
from tests.support.wsgi_pool import Asked, WsgiPool


class QuickWorld(World):
    """Simulated life takes no time here; its duration is added up."""

    lived_s = 0.0

    def live(self, seconds: float) -> None:
        self.lived_s += seconds


@dataclass
class RealSite:
    """One site, the parts that its visitors share, and the results of their visits."""

    app: str
    world: QuickWorld
    pool: WsgiPool
    collector: Remembering
    population: Population

    def visit(self, visit: Visit, person: Person, profile: Profile) -> None:
        """Plays one visit; all its events are sent when it is over."""
        browser, queue = over_http(self.world, person, profile)
        browser.run(visit)
        assert len(queue) == 0

    def pages(self) -> list[Asked]:
        """All requests for pages, in order."""
        return [asked for asked in self.pool.asked if asked.path != PATH]

    def lists(self) -> dict[int, Asked]:
        """The requests for lists, each by the number of its page in `pages`."""
        found: dict[int, Asked] = {}
        page = -1
        for asked in self.pool.asked:
            if asked.path == PATH:
                found[page] = asked
            else:
                page += 1
        return found

    def events(self, event_type: str | None = None) -> list[dict[str, Any]]:
        """The events that were sent."""
        return self.collector.events(event_type)


@contextmanager
def real_site(app_id: str, home: Path, lists: Reads | None = None) -> Iterator[RealSite]:
    """A site of its own; lists: see `create_app`."""
    collector = Remembering()
    site, settings = make_site(home, app_id, collector, lists)
    pool = WsgiPool(site, collector)
    connections = cast(urllib3.PoolManager, pool)
    ledger, pending = Ledger(settings, app_id), Pending(settings, app_id)
    world = QuickWorld(
        settings=settings,
        app=app_id,
        behaviour=load_behaviour(app_id),
        pool=connections,
        outbox=Outbox(site_url(settings, app_id), connections, ledger, pending),
        pace=1.0,
        stop=threading.Event(),
        share=lambda kind: 0.0,
    )
    # The stock refills in the time of ten concurrent visitors; the bank answers immediately.
    site.config["STOCK"] = Stock(lambda: world.lived_s / max(1, settings.visitors_per_site))
    site.config["WAIT"] = lambda seconds: None
    yield RealSite(app_id, world, pool, collector, Population(7, app_id, 2_000))
    pending.close()
    ledger.close()
