"""Carries out a visit: loads the pages that it chooses, and emits what the tracker of each page would emit."""

import random
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from footfall.sites.visitors import gestures
from footfall.sites.visitors.actions import Action, Close, Dwell, Open, Page, Submit
from footfall.sites.visitors.behaviour import Behaviour
from footfall.sites.visitors.felt import MEASURED_SHARE, SCHEMA_VERSION, vitals
from footfall.sites.visitors.gestures import Document
from footfall.sites.visitors.markup import LaterList, with_list
from footfall.sites.visitors.population import Person
from footfall.sites.visitors.tracker import PING_MS, Tracker, View, page_fields
from footfall.sites.visitors.transport import Profile, Unreachable
from footfall.sites.visitors.visit import Visit
from footfall.sites.visitors.world import Stopped

# A person whose page does not load retries for this long, in seconds of real time, and then ends the visit.
_PATIENCE_S: Final = 60.0
_RETRY_S: Final = 2.0
_UTM: Final = frozenset(f"utm_{part}" for part in ("source", "medium", "campaign", "term", "content"))


class _Silenced(Exception):
    """An incident keeps this visitor away; not even a last ping is sent."""


class Surroundings(Protocol):
    """The environment of a visit: the clock, incidents, and the site's behaviour. See `world.World`."""

    @property
    def behaviour(self) -> Behaviour:
        """The behaviour of people on this site."""

    def now_ms(self) -> int:
        """Now, in epoch milliseconds."""

    def live(self, seconds: float) -> None:
        """Lets `seconds` of simulated life pass. Raises Stopped."""

    def wait(self, seconds: float) -> None:
        """Lets `seconds` of real time pass. Raises Stopped."""

    def count(self, what: str) -> None:
        """Adds one to a figure of the summary."""


class Loaded(Protocol):
    """A loaded document. See `transport.Answer`."""

    @property
    def path(self) -> str:
        """The path at which redirects ended, with the query."""

    @property
    def response_ms(self) -> int:
        """The duration of the last request."""

    def read(self, behaviour: Behaviour) -> Document:
        """Parses the document."""


class Connection(Protocol):
    """One person's connection to the site. See `transport.Transport`."""

    def load(self, path: str, referrer: str | None, form: Mapping[str, str] | None = None) -> Loaded:
        """Loads a document, or sends a form. Raises Unreachable."""

    def fetch_list(self, address: str, asked: Mapping[str, str], referrer: str) -> str | None:
        """Asks for the list of a loaded page; returns its markup, None if there is none."""

    def absolute(self, path: str) -> str:
        """The address of a page of the site."""

    def is_own(self, address: str) -> bool:
        """Whether a complete address belongs to the site."""


class Browser:
    """Plays one visit of one person. For use by one thread; `run` returns when the visit is over."""

    def __init__(
        self,
        world: Surroundings,
        person: Person,
        profile: Profile,
        transport: Connection,
        tracker: Tracker,
        new_id: Callable[[int], str],
        feeling: random.Random | None = None,
    ) -> None:
        """new_id: creates an identity from a time in epoch milliseconds.

        feeling: decides how fast pages feel, apart from the visit's own decisions; None: nothing says so.
        """
        self._world = world
        self._person = person
        self._profile = profile
        self._transport = transport
        self._tracker = tracker
        self._new_id = new_id
        self._feeling = feeling
        self._views: dict[int, View] = {}
        self._pages: dict[int, Page] = {}
        # The Referer with which each tab's page was loaded: a reload sends it again.
        self._referrers: dict[int, str | None] = {}
        self._shown: int | None = None
        self._begun = False
        self._silenced: Callable[[], bool] | None = None

    def run(self, visit: Visit, silenced: Callable[[], bool] | None = None) -> None:
        """Plays the visit to its end.

        silenced: returns whether an incident keeps this visitor away from now on; nothing more is sent then.
        """
        self._silenced = silenced
        page: Page | None = None
        try:
            while True:
                page = self._do(visit.send(page))
        except (StopIteration, Stopped):
            pass
        except _Silenced:
            self._views.clear()
        finally:
            visit.close()
        for tab in list(self._views):
            self._leave(tab)
        self._world.count("visits")

    def _do(self, action: Action) -> Page | None:
        self._check_silenced()
        if isinstance(action, Dwell):
            self._dwell(action)
        elif isinstance(action, Close):
            self._leave(action.tab)
        elif isinstance(action, Submit):
            return self._submit(action)
        else:
            return self._open(action)
        return None

    def _open(self, action: Open) -> Page | None:
        origin = action.tab if action.opener is None else action.opener
        referrer = action.source.referrer if action.source is not None else None
        if action.reload:
            referrer = self._referrers.get(action.tab)
        elif action.link is not None and origin in self._pages:
            referrer = self._transport.absolute(self._pages[origin].path)
            if origin in self._views:
                self._record(self._views[origin], gestures.click(action.link))
        # The tab in the background is hidden and the page that is replaced is left: both send their remaining ping.
        self._hide(origin)
        self._leave(action.tab)
        answer = self._load_with_retries(lambda: self._transport.load(action.path, referrer))
        return self._loaded(action.tab, answer, referrer, again=action.reload)

    def _submit(self, action: Submit) -> Page | None:
        form = action.form
        if action.tab in self._views:
            for made in gestures.submitted(form, action.values):
                self._record(self._views[action.tab], made)
        referrer = self._transport.absolute(self._pages[action.tab].path)
        self._leave(action.tab)
        if form.method == "get":
            path = form.action.partition("?")[0] + "?" + urlencode(action.values)
            answer = self._load_with_retries(lambda: self._transport.load(path, referrer))
        else:
            answer = self._load_with_retries(lambda: self._transport.load(form.action, referrer, action.values))
        return self._loaded(action.tab, answer, referrer)

    def _loaded(self, tab: int, answer: Loaded | None, referrer: str | None, again: bool = False) -> Page | None:
        if answer is None:
            return None
        path, _, query = answer.path.partition("?")
        document = answer.read(self._world.behaviour)
        page = document.page
        self._pages[tab] = page
        self._referrers[tab] = referrer
        self._shown = tab
        self._begun = True
        self._world.count("pages")
        if document.about is None:
            return page  # a page without the tracker
        now_ms = self._now_ms()
        self._profile.user_id = document.user_id
        came_from = urlsplit(referrer) if referrer is not None else None
        inside = referrer is not None and self._transport.is_own(referrer)
        view = View(
            common=page_fields(document.about, self._new_id(now_ms), path, document.user_id),
            utm={name: value for name, value in parse_qsl(query) if name in _UTM} if query else {},
            referrer=f"{came_from.scheme}://{came_from.netloc}{came_from.path}" if came_from and not inside else None,
            response_ms=answer.response_ms,
        )
        self._views[tab] = view
        fields = {
            "page_title": document.title,
            "request_id": document.request_id,
            "http_status": document.status,
            "response_ms": min(answer.response_ms, 600_000),
            "referrer": view.referrer,
            "previous_path": came_from.path if came_from and inside and not again else None,
        }
        self._tracker.record("page_view", now_ms, view, fields)
        for seen in document.shown:
            position, event_type, shown_fields = seen
            if position is None:
                self._tracker.record(event_type, now_ms, view, shown_fields)
            else:
                view.unseen.append((position, event_type, shown_fields))
        self._tracker.send()
        if document.later is not None:
            page = self._pages[tab] = self._with_list(page, view, document.about, document.later)
        return page

    def _with_list(self, page: Page, view: View, about: Mapping[str, Any], later: LaterList) -> Page:
        """Asks for the list of a loaded page as its script does, without consent for nobody in particular."""
        asked = gestures.asked_for(about, None if self._person.gpc else self._person.anonymous_id)
        html = self._transport.fetch_list(later.address, asked, self._transport.absolute(page.path))
        shown = None if html is None else gestures.list_shown(html)
        if html is None or shown is None:
            return page
        view.unseen.append((later.position, *shown))
        return with_list(page, html, self._world.behaviour)

    def _dwell(self, action: Dwell) -> None:
        view = self._views.get(action.tab)
        seconds = action.seconds
        if self._shown is not None and self._shown != action.tab:
            self._hide(self._shown)
        self._shown = action.tab
        if view is None or action.attention <= 0:
            self._world.live(seconds)
            return
        self._scroll(view, action.scroll_pct)
        while seconds > 1e-6:
            step = min(seconds, (PING_MS - view.waiting_ms) / 1000 / action.attention)
            self._world.live(step)
            self._check_silenced()
            seconds -= step
            view.waiting_ms += step * action.attention * 1000
            if view.waiting_ms >= PING_MS - 0.5:
                self._ping(view)

    def _scroll(self, view: View, scroll_pct: int) -> None:
        """Scrolls down to `scroll_pct`; lists that come into sight are recorded."""
        view.scroll_pct = max(view.scroll_pct, scroll_pct)
        for seen in [entry for entry in view.unseen if entry[0] <= view.scroll_pct]:
            view.unseen.remove(seen)
            self._record(view, seen[1:])

    def _hide(self, tab: int) -> None:
        if tab in self._views:
            self._ping(self._views[tab])
            self._measure(self._views[tab])

    def _measure(self, view: View) -> None:
        """Says how fast the view felt when it is first hidden or left, for a share of the views."""
        if self._feeling is None or view.measured:
            return
        view.measured = True
        if self._feeling.random() < MEASURED_SHARE:
            felt = vitals(self._feeling, self._person.device.device_type, view.response_ms, view.touched)
            self._record(view, ("web_vitals", {"schema_version": SCHEMA_VERSION, **felt}))

    def _leave(self, tab: int) -> None:
        self._hide(tab)
        self._views.pop(tab, None)

    def _record(self, view: View, made: gestures.PageEvent) -> None:
        event_type, fields = made
        view.touched = view.touched or event_type != "impression"
        self._tracker.record(event_type, self._now_ms(), view, fields)
        self._tracker.send()

    def _ping(self, view: View) -> None:
        self._tracker.ping(self._now_ms(), view)
        self._tracker.send()

    def _load_with_retries(self, load: Callable[[], Loaded]) -> Loaded | None:
        """Loads a page; retries for a minute while the site does not answer, without limit on a visit's first page."""
        waited = 0.0
        while True:
            try:
                return load()
            except Unreachable:
                if self._begun and waited >= _PATIENCE_S:
                    return None
                self._world.wait(_RETRY_S)
                waited += _RETRY_S

    def _check_silenced(self) -> None:
        if self._silenced is not None and self._silenced():
            raise _Silenced

    def _now_ms(self) -> int:
        return self._world.now_ms() + self._person.clock_offset_ms
