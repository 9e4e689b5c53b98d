"""The history page: one published day, of one site or of all. The address names both."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Final

import streamlit as st

from footfall.dashboard import HERE, site_colours, wording
from footfall.dashboard.components import world_map
from footfall.dashboard.components.history.content import pages_panel, sections_panel, slow_pages_panel
from footfall.dashboard.components.history.errors import errors_panel
from footfall.dashboard.components.history.felt import felt_panel
from footfall.dashboard.components.history.head import head
from footfall.dashboard.components.history.paths import paths_panel, transitions_panel
from footfall.dashboard.components.history.people import places_panel, profiles_panel
from footfall.dashboard.components.history.quality import quality_panel
from footfall.dashboard.components.history.states import nothing_panel, unpublished_panel
from footfall.dashboard.components.history.summary import summary_panel
from footfall.dashboard.components.parts import pair, unknown_site
from footfall.dashboard.data.past_days import PastDay
from footfall.dashboard.data.readings import Readings
from footfall.dashboard.figures import app_ids
from footfall.dashboard.pages._parts import choose_site, draw, to_address
from footfall.events.times import utc_day
from footfall.warehouse.published import Published

# While answers are missing, the page looks for them this often. Later it only notices that a day was published.
_WAITING_S: Final = 1.0
_SETTLED_S: Final = 30.0
# The key of the last day whose answers have all arrived.
_SETTLED: Final = "history-settled"
# Nothing longer is a day, and the sentence about it repeats it.
_LONGEST: Final = 40
_DAY: Final = "history-day"
_SITE: Final = "history-site"

# The day in the address or the newest one, the site or None for all, and the published days.
_Key = tuple[date | None, str | None, Mapping[date, Published]]


def show(readings: Readings) -> None:
    """Draws the page."""
    st.set_page_config(page_title="Footfall · History", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.html(HERE / "page.css")
    st.html(HERE / "history.css")
    st.html(site_colours.style_sheet(readings.sites()).text)
    st.html(world_map.land().text)
    published = readings.published().value or {}
    asked = st.query_params.get("date")
    day = max(published, default=None) if asked is None else _parsed(asked)
    past = PastDay(readings, published, day) if day is not None and day in published else None
    title, sites, days = st.columns([12, 7, 5], gap="medium", vertical_alignment="center")
    with sites:
        app = _choose_site(readings, past)
    with days:
        _choose_day(published, day)
    with title:
        draw(lambda: head(day, published, app))
    key = day, app, published
    # A fragment keeps its interval until the whole page is drawn again.
    wait_s = _SETTLED_S if st.session_state.get(_SETTLED) == key else _WAITING_S
    st.fragment(_body, run_every=wait_s)(readings, key, asked)


def _parsed(text: str) -> date | None:
    try:
        return utc_day(text)
    except ValueError:
        return None


def _choose_site(readings: Readings, past: PastDay | None) -> str | None:
    """Offers the sites, and returns the one in the address; None for all."""
    rows = [] if past is None else past.of_day()
    apps = app_ids([site.app_id for site in readings.sites()], rows)
    app = choose_site(_SITE, apps)
    # While the day's figures are missing, it may be a removed site.
    if past is None or rows:
        draw(lambda: unknown_site(st.query_params.get("app"), apps))
    return app


def _choose_day(published: Mapping[date, Published], day: date | None) -> None:
    """Offers the published days, the newest first."""
    if not published:
        return
    st.session_state[_DAY] = day if day in published else None
    st.selectbox(
        "Day",
        sorted(published, reverse=True),
        key=_DAY,
        placeholder="Choose a day",
        format_func=wording.day_and_year,
        on_change=to_address,
        args=("date", _DAY),
        label_visibility="collapsed",
    )


def _body(readings: Readings, key: _Key, asked: str | None) -> None:
    """Everything below the head. It is drawn again by itself."""
    day, app, published = key
    reading = readings.published()
    if reading.value is not None and reading.value != published:
        st.rerun()
    if day is not None and day in published:
        past = PastDay(readings, published, day, app)
        _day(past)
        if past.is_settled and st.session_state.get(_SETTLED) != key:
            st.session_state[_SETTLED] = key
            st.rerun()
    elif asked is not None and published:
        draw(lambda: unpublished_panel(readings.past("", "daily-summary", date=asked[:_LONGEST])))
    else:
        draw(lambda: nothing_panel(reading, datetime.now(timezone.utc).date() - timedelta(days=1)))


def _day(past: PastDay) -> None:
    summary = past.summary()
    draw(lambda: quality_panel(past.quality()) if summary.value is not None else None)
    draw(lambda: summary_panel(past))
    # Without this answer, each of the others would only wait for the same engine and repeat the same sentence.
    if summary.value is None:
        return
    draw(lambda: pages_panel(past.pages()))
    draw(lambda: pair(sections_panel(past.sections()), profiles_panel(past.profiles())))
    draw(lambda: pair(paths_panel(past.paths()), transitions_panel(past.transitions())))
    draw(lambda: places_panel(past.countries(), past.cities()))
    draw(lambda: pair(errors_panel(past.errors()), slow_pages_panel(past.slow_pages())))
    draw(lambda: felt_panel(past.felt_by_page(), past.felt_by_device()))
