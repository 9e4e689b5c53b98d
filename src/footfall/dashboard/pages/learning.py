"""The page about what was learned: segments, and items for one person or for everybody. The address names both."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from footfall.dashboard import HERE, site_colours
from footfall.dashboard.components.learning.head import head
from footfall.dashboard.components.learning.items import recommendations_panel, similar_panel
from footfall.dashboard.components.learning.segments import segments_panel
from footfall.dashboard.components.learning.states import nothing_panel
from footfall.dashboard.components.parts import broken_panel, unknown_site
from footfall.dashboard.data.readings import Readings
from footfall.dashboard.figures import ALL
from footfall.dashboard.markup import Html
from footfall.learning.questions.recommendations import FALLBACK
from footfall.learning.tables import RECOMMENDATIONS_POINTER, SEGMENTS_POINTER
from footfall.warehouse.published import Published

log = logging.getLogger(__name__)

# Until all answers have arrived, and later to notice that something was published.
_LOOK_S: Final = 3.0
_SITE: Final = "learning-site"
_USER: Final = "learning-user"
_LONGEST: Final = 128


def show(readings: Readings) -> None:
    """Draws the page."""
    st.set_page_config(page_title="Footfall · Learning", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.html(HERE / "page.css")
    st.html(HERE / "history.css")
    st.html(site_colours.style_sheet(readings.sites()).text)
    learned = readings.learned().value or {}
    title, sites, search = st.columns([12, 7, 5], gap="medium", vertical_alignment="center")
    with sites:
        app = _choose_site(readings)
    with search:
        user = _choose_user()
    with title:
        _draw(lambda: head(learned, app))
    st.fragment(_body, run_every=_LOOK_S)(readings, learned, app, user, st.query_params.get("item"))


def _choose_site(readings: Readings) -> str | None:
    """Offers the sites, and returns the one in the address; None for all."""
    apps = [site.app_id for site in readings.sites()]
    linked = st.query_params.get("app")
    app = linked if linked in apps else None
    # The address alone decides, as on the history page.
    st.session_state[_SITE] = app or ALL
    st.segmented_control(
        "Site",
        [ALL, *apps],
        key=_SITE,
        required=True,
        format_func=lambda name: "All sites" if name == ALL else name,
        on_change=_to_address,
        args=("app", _SITE),
        label_visibility="collapsed",
        wrap=True,
    )
    _draw(lambda: unknown_site(linked, apps))
    return app


def _choose_user() -> str | None:
    """Offers a field for a person, and returns the one in the address; None for nobody."""
    user = st.query_params.get("user", "")[:_LONGEST]
    st.session_state[_USER] = user
    st.text_input(
        "Whom to recommend to",
        key=_USER,
        max_chars=_LONGEST,
        placeholder="User or browser id",
        on_change=_to_address,
        args=("user", _USER),
        label_visibility="collapsed",
    )
    return user or None


def _to_address(parameter: str, widget: str) -> None:
    """Puts the choice into the address, from where the page reads it."""
    chosen = str(st.session_state[widget]).strip()
    if chosen in ("", ALL):
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = chosen


def _body(
    readings: Readings, learned: Mapping[str, Published], app: str | None, user: str | None, item: str | None
) -> None:
    """Everything below the head. It is drawn again by itself."""
    reading = readings.learned()
    if reading.value is not None and reading.value != learned:
        st.rerun()
    if not learned:
        _draw(lambda: nothing_panel(reading))
        return
    segments, items = learned.get(SEGMENTS_POINTER), learned.get(RECOMMENDATIONS_POINTER)
    if segments is not None:
        rows = readings.past(segments.run, "segments")
        _draw(lambda: segments_panel(rows, segments))
    if items is not None:
        listed = readings.past(items.run, "recommendations", user=user or FALLBACK, app=app or ALL)
        _draw(lambda: recommendations_panel(listed, items, user, app))
        if item:
            similar = readings.past(items.run, "similar-items", item=item[:_LONGEST])
            _draw(lambda: similar_panel(similar, item[:_LONGEST]))


def _draw(component: Callable[[], Html | None]) -> None:
    # A failing component must not take the rest of the page with it.
    try:
        drawn = component()
    except Exception:
        log.exception("A panel of the learning page could not be drawn")
        drawn = broken_panel()
    if drawn is not None:
        st.html(drawn.text)
